// Where a pod publishes what it measures, as far as its object and its engine tell. Pure.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "observe/pod.hpp"

namespace rightslice::observe {

struct Endpoint {
  bool https = false;
  std::int64_t port = 0;
  std::string path = "/metrics";
  std::string container;                   ///< whose measures they are; of an exporter empty
  friend bool operator==(const Endpoint&, const Endpoint&) = default;

  std::string text() const;                ///< "port 8000", "https port 8443, /v1/metrics"
};

/// Of one container: to be asked in this order until one answers with measures.
struct Published {
  std::string container;
  std::vector<Endpoint> endpoints;         ///< at most kMostEndpoints; empty: `why`
  std::string why;
};
constexpr std::size_t kMostEndpoints = 3;

/// Of the containers of a pod with GPUs that do not only initialise it. Its annotations prometheus.io/port, path and scheme say it first
/// (scrape: "false" says that it wants not to be asked), then flags and variables of the engine, a port with such a name, and what the
/// engine does where nobody says otherwise.
std::vector<Published> publishedBy(const Pod& pod);

/// A pod of NVIDIA's DCGM exporter: what it measures is of its node.
struct Exporter {
  std::string ns, name, node;
  Endpoint endpoint;
};
/// Nothing for any other pod, and for one that does not run. It is told by its label and by being a DaemonSet's, as its chart, the GPU
/// operator and GKE deploy it.
std::optional<Exporter> readExporter(json::View pod);

}  // namespace rightslice::observe
