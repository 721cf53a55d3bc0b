#include "host/clock.hpp"

#include <fmt/format.h>

namespace rightslice::host {

Date Clock::today() const {
  return Date{std::chrono::floor<std::chrono::days>(now()).time_since_epoch().count()};
}

const Clock& systemClock() {
  class SystemClock final : public Clock {
    Time now() const override { return std::chrono::system_clock::now(); }
  };
  static const SystemClock clock;
  return clock;
}

double unixSeconds(Clock::Time time) { return std::chrono::duration<double>(time.time_since_epoch()).count(); }

std::string timestamp(Clock::Time time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::seconds>(time - day));
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()), clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

std::string microTimestamp(Clock::Time time) {
  const auto second = std::chrono::floor<std::chrono::seconds>(time);
  std::string out = timestamp(second);
  out.pop_back();
  return fmt::format("{}.{:06}Z", out, std::chrono::duration_cast<std::chrono::microseconds>(time - second).count());
}

}  // namespace rightslice::host
