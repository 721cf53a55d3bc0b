// Metrics of what runs, for one look: of a Prometheus server, of pods that were asked, and of recorded text, joined with the pods of a snapshot.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gpu/catalogue.hpp"
#include "host/interruption.hpp"
#include "observe/metrics/scraped.hpp"
#include "observe/prometheus_source.hpp"
#include "observe/snapshot.hpp"

namespace rightslice::observe {

/// Where metrics are. Files are named, not read.
struct MetricsPlaces {
  PrometheusAddress prometheus;        ///< url empty: none
  std::string passwordFile;            ///< of prometheus.user
  std::vector<std::string> files;      ///< [NAMESPACE/POD=]FILE
  std::int64_t window = 3600;          ///< seconds

  bool given() const { return !prometheus.url.empty() || !files.empty(); }
};

struct MetricsRead {
  bool all = true;                     ///< false: something could not be read; it is in the coverage too
  std::vector<std::string> told;       ///< for people, a sentence each: what failed, and what is odd
};

/// Fills snapshot.measured and its coverage; nothing where no place is given. `snapshot` is finished; `scraped` is what its pods said.
/// `interruption` ends the wait for a server; throws what it throws.
MetricsRead readMetrics(Snapshot& snapshot, const gpu::Catalogue& gpus, const MetricsPlaces& places, std::optional<metrics::Scraped> scraped,
                        const PrometheusSource::Progress& progress, host::Interruption* interruption = nullptr);

}  // namespace rightslice::observe
