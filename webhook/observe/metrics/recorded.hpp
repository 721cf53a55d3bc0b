// What /metrics endpoints said, as files hold it: of one pod, or of exporters and servers with labels that tell whose a series is.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "observe/metrics/joiner.hpp"

namespace rightslice::observe::metrics {

struct Recorded {
  std::string source, ofPod;     ///< ofPod: "namespace/pod", or empty
  struct Row {
    const MetricRow* row = nullptr;
    Series series;
  };
  std::vector<Row> rows;
  bool timed = false;            ///< some sample has a time
};

/// Of the table's metrics; samples without a time are of `now` (milliseconds since 1970).
Result<Recorded> readRecorded(std::string_view text, std::string source, std::string ofPod, std::int64_t now);

void addTo(Joiner& joiner, std::vector<Recorded> all);

}  // namespace rightslice::observe::metrics
