// What /metrics endpoints said, as files hold it: of one pod, or of exporters and servers with labels that tell whose a series is.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "observe/metrics/exposition.hpp"
#include "observe/metrics/joiner.hpp"

namespace rightslice::observe::metrics {

struct Recorded {
  std::string source, ofPod;     ///< ofPod: "namespace/pod", also with "/container", or empty
  std::string ofNode = {};       ///< only pods of this node are meant; empty: any
  struct Row {
    const MetricRow* row = nullptr;
    Series series;
    std::size_t identity = 0;    ///< hash of the name and all labels: the same series later
  };
  std::vector<Row> rows;
  bool timed = false;            ///< some sample has a time
  bool asked = true;             ///< is a source of its own in the list of those that were asked

  /// Samples of the same series, taken later.
  void append(Recorded&& later);
};

/// Of the table's metrics; samples without a time are of `now` (milliseconds since 1970). Of labels only those that say whose a series is.
Result<Recorded> readRecorded(std::string_view text, std::string source, std::string ofPod, std::int64_t now, const ExpositionLimits& limits = {});

void addTo(Joiner& joiner, std::vector<Recorded> all);

}  // namespace rightslice::observe::metrics
