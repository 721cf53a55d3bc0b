#include "observe/metrics/measured.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/bytes.hpp"
#include "base/date.hpp"

namespace rightslice::observe::metrics {

const Measured* OfContainer::find(Measure measure) const {
  const auto at = std::find_if(values.begin(), values.end(), [&](const Measured& each) { return each.measure == measure; });
  return at == values.end() ? nullptr : &*at;
}

std::optional<double> OfContainer::value(Measure measure) const {
  const Measured* found = find(measure);
  return found != nullptr ? found->value : std::nullopt;
}

std::span<const OfContainer> measuredOf(const Measurements& measured, std::size_t pod) {
  const auto& all = measured.containers;   // by pod
  const auto begin = std::lower_bound(all.begin(), all.end(), pod, [](const OfContainer& each, std::size_t index) { return each.pod < index; });
  const auto end = std::find_if(begin, all.end(), [&](const OfContainer& each) { return each.pod != pod; });
  return {begin, end};
}

std::string timeText(std::int64_t milliseconds) {
  constexpr std::int64_t kDay = 86'400;
  const std::int64_t seconds = milliseconds / 1000 - (milliseconds % 1000 < 0 ? 1 : 0);
  const std::int64_t days = seconds / kDay - (seconds % kDay < 0 ? 1 : 0), rest = seconds - days * kDay;
  return fmt::format("{}T{:02}:{:02}:{:02}Z", Date{days}.text(), rest / 3600, rest / 60 % 60, rest % 60);
}

std::string valueText(double value, Unit unit) {
  if (unit == Unit::Percent) return fmt::format("{:.1f} %", value);
  if (unit == Unit::Bytes) return formatBytes(static_cast<Bytes>(std::llround(value)));
  return value == std::floor(value) ? fmt::format("{:.0f}", value) : fmt::format("{:.1f}", value);
}

std::string windowText(std::int64_t seconds) {
  if (seconds % 86'400 == 0 && seconds > 86'400) return fmt::format("{} d", seconds / 86'400);
  if (seconds % 60 != 0 && seconds < 600) return fmt::format("{} s", seconds);
  if (seconds % 3600 == 0) return fmt::format("{} h", seconds / 3600);
  return fmt::format("{} min", seconds / 60);
}

}  // namespace rightslice::observe::metrics
