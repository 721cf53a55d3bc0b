// Samples with their labels, wherever they come from.
#pragma once
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rightslice::observe::metrics {

using Labels = std::vector<std::pair<std::string, std::string>>;   ///< each name once

/// The value of a label; empty where there is none, which to Prometheus is the same.
inline std::string_view labelOf(const Labels& labels, std::string_view name) {
  const auto at = std::find_if(labels.begin(), labels.end(), [&](const auto& each) { return each.first == name; });
  return at == labels.end() ? std::string_view() : std::string_view(at->second);
}

struct Point {
  std::int64_t at = 0;   ///< milliseconds since 1970
  double value = 0;
  friend bool operator==(const Point&, const Point&) = default;
};

struct Series {
  std::string name;
  Labels labels;
  std::vector<Point> points;   ///< in order of time, each time once
};

/// What is looked back at, in steps.
struct Window {
  std::int64_t end = 0;        ///< milliseconds since 1970: when the look was taken
  std::int64_t seconds = 0;    ///< 0: only now
  std::int64_t step = 60;      ///< seconds
  std::int64_t steps() const { return seconds == 0 ? 1 : seconds / step; }
};
/// At most 30 steps, none shorter than a minute: what is scraped each half minute is in each step.
inline Window windowOf(std::int64_t end, std::int64_t seconds) {
  Window out{end, seconds, std::max<std::int64_t>(60, (seconds + 29) / 30)};
  out.seconds = seconds / out.step * out.step;
  return out;
}

}  // namespace rightslice::observe::metrics
