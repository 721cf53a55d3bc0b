// What a row of samples says beyond its last: how much a counter grew, whether a level is held, how fast it rises.
#pragma once
#include <cstdint>
#include <optional>
#include <span>

#include "observe/metrics/series.hpp"

namespace rightslice::observe::metrics {

/// By how much a counter grew. A value below the one before is a new beginning at 0: what it then shows is growth. What was counted
/// between the last sample and a restart is lost, so the sum is a lower bound; it is never negative.
double increaseOf(std::span<const Point> points);

/// A level that is reached only when `patience` samples in a row are at `high` or above, and left only when as many are at `low` or
/// below: what lies between changes nothing, so a value that swings around one of the two does not come and go.
struct Band {
  double low = 0, high = 0;
  int patience = 3;
};
bool isHeld(std::span<const Point> points, const Band& band);

/// The slope of Theil and Sen: the median of the slopes between all pairs. As many as 29 % of the samples may be wild without moving it
/// (P. K. Sen, 1968).
struct Slope {
  double perHour = 0;        ///< the median
  double leastPerHour = 0;   ///< three quarters of the pairs rise at least so fast
};
/// Nothing for fewer than two samples at different times.
std::optional<Slope> slopeOf(std::span<const Point> points);

/// The median of the last few samples; 0 of none.
double levelOf(std::span<const Point> points, std::size_t last = 3);

/// Hours until a level that rises steadily is at its ceiling; nothing where it does not rise for certain, or would be there only after
/// more time than it was looked at: a trend is followed no further ahead than it was seen.
std::optional<double> hoursTo(double ceiling, std::span<const Point> points);

}  // namespace rightslice::observe::metrics
