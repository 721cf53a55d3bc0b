// A Prometheus server, or what answers like one (Thanos, Mimir, VictoriaMetrics): asked by metric, never by pod.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "observe/metrics/joiner.hpp"

namespace rightslice::observe {

/// Where it is, and who we are to it. Files are named, not read, but for the password.
struct PrometheusAddress {
  std::string url;                                ///< "https://prometheus.monitoring:9090/prefix"
  std::string tokenFile, user, password;
  std::string authorities, certificate, key;      ///< PEM files; authorities empty: the system's
};

/// For one thread, but for interrupt().
class PrometheusSource {
 public:
  using Progress = std::function<void(std::string_view what)>;

  static Result<PrometheusSource> open(const PrometheusAddress& address);
  PrometheusSource(PrometheusSource&&) noexcept;
  ~PrometheusSource();

  /// As many queries as there are rows in the table of metrics, whatever the size of the cluster. What fails for one metric alone is
  /// returned by its name; a server that does not answer, or does not know us, is an error.
  Result<std::vector<std::string>> read(metrics::Joiner& to, const metrics::Window& window, const Progress& progress);
  /// Thread-safe, for good: a query in progress fails within moments, and each later one at once.
  void interrupt();

 private:
  struct Parts;
  explicit PrometheusSource(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

/// The query of a row for steps of a window. Public for tests.
std::string queryOf(const metrics::MetricRow& row, const metrics::Window& window);

}  // namespace rightslice::observe
