// Memory sizes. All sizes in this program are whole bytes; MiB and GiB are powers of two.
#pragma once
#include <cstdint>
#include <string>

namespace rightslice {

using Bytes = std::int64_t;
__extension__ using Int128 = __int128;

constexpr Bytes kKiB = 1024;
constexpr Bytes kMiB = 1024 * kKiB;
constexpr Bytes kGiB = 1024 * kMiB;

/// The largest size that this program computes with; larger results saturate here (4 EiB).
constexpr Bytes kMaxBytes = Bytes{1} << 62;

/// a x b and a + b, saturating at kMaxBytes. Arguments must not be negative.
constexpr Bytes timesBytes(Bytes a, Bytes b) {
  const Int128 product = static_cast<Int128>(a) * b;
  return product > kMaxBytes ? kMaxBytes : static_cast<Bytes>(product);
}
constexpr Bytes plusBytes(Bytes a, Bytes b) {
  const Int128 sum = static_cast<Int128>(a) + b;
  return sum > kMaxBytes ? kMaxBytes : static_cast<Bytes>(sum);
}

/// Rounded up to whole units of `divisor` (> 0).
constexpr std::int64_t ceilDiv(std::int64_t value, std::int64_t divisor) {
  return value / divisor + (value % divisor != 0 && value > 0 ? 1 : 0);
}

/// "39.5 GiB", "512 MiB", "17 B": binary units, one decimal from GiB upwards (none if it would be .0).
std::string formatBytes(Bytes bytes);

}  // namespace rightslice
