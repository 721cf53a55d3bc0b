// What /metrics endpoints of pods said when they were asked in a look. Plain values.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "observe/metrics/recorded.hpp"

namespace rightslice::observe::metrics {

struct Scraped {
  std::vector<Recorded> recorded;    ///< of each container and each exporter that told something
  struct Untold {
    std::size_t pod = 0;             ///< index in Snapshot::pods
    std::string container, why;
  };
  std::vector<Untold> untold;        ///< that run, and told nothing
  std::int64_t begin = 0, end = 0;   ///< milliseconds since 1970
  bool again = false;                ///< asked twice: counters say how much they grew

  /// Two steps, one for each time; or only now.
  Window window() const {
    if (!again) return {end, 0, 60};
    const std::int64_t step = (end - begin + 1999) / 2000;
    return {end, 2 * step, step};
  }
};

}  // namespace rightslice::observe::metrics
