#include "observe/metrics/trend.hpp"

#include <algorithm>
#include <vector>

namespace rightslice::observe::metrics {
namespace {

constexpr double kHour = 3'600'000;   // milliseconds

double at(std::vector<double>& values, double part) {
  const auto index = static_cast<std::ptrdiff_t>(part * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), values.begin() + index, values.end());
  return values[static_cast<std::size_t>(index)];
}

}  // namespace

double increaseOf(std::span<const Point> points) {
  double out = 0;
  for (std::size_t i = 1; i < points.size(); ++i)
    out += points[i].value >= points[i - 1].value ? points[i].value - points[i - 1].value : points[i].value;
  return out;
}

bool isHeld(std::span<const Point> points, const Band& band) {
  bool held = false;
  int inARow = 0;
  for (const Point& each : points) {
    const bool against = held ? each.value <= band.low : each.value >= band.high;
    inARow = against ? inARow + 1 : 0;
    if (inARow < band.patience) continue;
    held = !held;
    inARow = 0;
  }
  return held;
}

std::optional<Slope> slopeOf(std::span<const Point> points) {
  std::vector<double> slopes;
  for (std::size_t i = 0; i < points.size(); ++i)
    for (std::size_t j = i + 1; j < points.size(); ++j)
      if (points[j].at > points[i].at) slopes.push_back((points[j].value - points[i].value) * kHour / static_cast<double>(points[j].at - points[i].at));
  if (slopes.empty()) return std::nullopt;
  return Slope{at(slopes, 0.5), at(slopes, 0.25)};
}

double levelOf(std::span<const Point> points, std::size_t last) {
  std::vector<double> values;
  for (const Point& each : points.last(std::min(last, points.size()))) values.push_back(each.value);
  return values.empty() ? 0 : at(values, 0.5);
}

std::optional<double> hoursTo(double ceiling, std::span<const Point> points) {
  const auto slope = slopeOf(points);
  if (!slope || slope->leastPerHour <= 0) return std::nullopt;
  const double hours = std::max(0.0, (ceiling - levelOf(points)) / slope->perHour);
  const double seen = static_cast<double>(points.back().at - points.front().at) / kHour;
  return hours <= seen ? std::optional(hours) : std::nullopt;
}

}  // namespace rightslice::observe::metrics
