#include "base/bytes.hpp"

#include <array>
#include <string_view>

#include <fmt/format.h>

namespace rightslice {
namespace {

struct Unit {
  Bytes size;
  Bytes steps;  ///< Shown in 1/steps of the unit: 1 is whole units, 10 is one decimal.
  std::string_view name;
};

constexpr std::array kUnits{Unit{1, 1, "B"},           Unit{kKiB, 1, "KiB"},         Unit{kMiB, 1, "MiB"},
                            Unit{kGiB, 10, "GiB"},     Unit{kGiB << 10, 10, "TiB"},  Unit{kGiB << 20, 10, "PiB"},
                            Unit{kGiB << 30, 10, "EiB"}};

Int128 roundedSteps(Int128 magnitude, const Unit& unit) { return (magnitude * unit.steps + unit.size / 2) / unit.size; }

}  // namespace

std::string formatBytes(Bytes bytes) {
  const Int128 magnitude = bytes < 0 ? -static_cast<Int128>(bytes) : static_cast<Int128>(bytes);
  std::size_t index = 0;
  // Rounding decides too: one byte short of a GiB is "1 GiB", not "1024 MiB".
  while (index + 1 < kUnits.size() && roundedSteps(magnitude, kUnits[index]) >= Int128{1024} * kUnits[index].steps) {
    ++index;
  }
  const Unit& unit = kUnits[index];
  const auto steps = static_cast<std::int64_t>(roundedSteps(magnitude, unit));
  const std::string_view sign = bytes < 0 ? "-" : "";
  const std::int64_t whole = steps / unit.steps;
  const std::int64_t tenths = steps % unit.steps;
  return tenths == 0 ? fmt::format("{}{} {}", sign, whole, unit.name)
                     : fmt::format("{}{}.{} {}", sign, whole, tenths, unit.name);
}

}  // namespace rightslice
