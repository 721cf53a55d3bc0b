// The one place that asks what time it is.
#pragma once
#include <chrono>

#include "base/date.hpp"

namespace rightslice::host {

/// Wall time, for certificates, exceptions and ages. Tests put their own clock in its place. Thread-safe.
class Clock {
 public:
  using Time = std::chrono::system_clock::time_point;
  virtual ~Clock() = default;
  virtual Time now() const = 0;
  /// The day in UTC.
  Date today() const;
};

const Clock& systemClock();

/// Seconds since 1970, as metrics show times.
double unixSeconds(Clock::Time time);
/// "2026-11-24T21:42:25Z".
std::string timestamp(Clock::Time time);
/// "2026-11-24T21:42:25.000123Z", as MicroTime of k8s.io/apimachinery.
std::string microTimestamp(Clock::Time time);

}  // namespace rightslice::host
