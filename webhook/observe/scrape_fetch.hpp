// Asks pods for their metrics through the API server (pods/proxy), from wherever the kubeconfig works. Reads only: GET, no command is run.
// What a pod answers is a stranger's: bounded in bytes, in time and in number, and believed of nobody but itself.
#pragma once
#include <chrono>
#include <cstddef>
#include <functional>
#include <string_view>

#include "kube/cluster.hpp"
#include "observe/metrics/scraped.hpp"
#include "observe/snapshot.hpp"

namespace rightslice::observe {

struct ScrapeOptions {
  std::chrono::seconds again{0};               ///< those that answered are asked once more so long after; 0: once
  std::size_t atOnce = 16;                     ///< requests under way
  std::size_t most = 4U << 20;                 ///< bytes of one answer; of an exporter, which speaks for a node, twice as much
  std::chrono::milliseconds each{5000};        ///< of one answer
  std::chrono::milliseconds all{120'000};      ///< of a round
};

/// Asks every container with GPUs that runs, and the exporters of DCGM. `snapshot` is finished; what could not be asked is in its
/// coverage, and in the result by container. `progress`: once for each of them.
metrics::Scraped scrape(kube::Cluster& cluster, Snapshot& snapshot, const ScrapeOptions& options, const std::function<void(std::string_view what)>& progress);

}  // namespace rightslice::observe
