// Answers of Prometheus' HTTP API (v1), as Thanos, Mimir and VictoriaMetrics give them too.
// Source: prometheus/docs, querying/api.md.
#pragma once
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "observe/metrics/series.hpp"

namespace rightslice::observe::metrics {

struct PrometheusAnswer {
  std::vector<std::string> warnings;   ///< the data may not be all there is
  std::size_t series = 0;
};

/// Of query (a vector) and query_range (a matrix): hands over each series, without the labels that `keep` refuses. An answer that is
/// no answer, or that says "error", is an error; its message is the server's. `name`: of series that a function took the name from.
Result<PrometheusAnswer> readAnswer(std::string_view body, std::string_view name, const std::function<bool(std::string_view label)>& keep,
                                    const std::function<void(Series&&)>& sink);

}  // namespace rightslice::observe::metrics
