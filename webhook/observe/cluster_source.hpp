// A look at a cluster: everything that a Snapshot holds, read once and by lists alone. Nothing is written, nothing is followed, no
// command is run in a pod.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "app/cluster_objects.hpp"
#include "base/error.hpp"
#include "kube/cluster.hpp"
#include "observe/metrics/scraped.hpp"
#include "observe/scrape_fetch.hpp"
#include "observe/snapshot.hpp"

namespace rightslice::observe {

struct ClusterLook {
  Snapshot snapshot;
  std::vector<app::PolicyObject> policies;   ///< policies and exceptions, as far as they may be read
  std::optional<metrics::Scraped> scraped;   ///< what pods say of themselves, where they were asked
};

/// For one thread, but for interrupt().
class ClusterSource {
 public:
  using Progress = std::function<void(std::string_view what)>;

  explicit ClusterSource(kube::Config config);
  ~ClusterSource();
  const std::string& name() const;           ///< the kubeconfig and its context, or "in-cluster"

  /// Of these namespaces, or (empty) of all. `takenAt`: now, RFC 3339. A resource that may not be read, or that the server fails to
  /// list, is in the coverage; a server that does not answer, or does not know us, is an error. `scraping`: pods are asked for their metrics
  /// afterwards.
  Result<ClusterLook> look(const std::set<std::string>& namespaces, std::string takenAt, const Progress& progress,
                           const std::optional<ScrapeOptions>& scraping = std::nullopt);
  kube::Cluster& cluster();                  ///< the connection, for what is done with a look
  /// From another thread: what is asked now or later gets no answer, but an error.
  void interrupt();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace rightslice::observe
