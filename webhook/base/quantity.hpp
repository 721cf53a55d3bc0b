// Kubernetes quantities: "1", "1.5", "1000m", "1e3", "7Gi", "1k".
// Grammar: k8s.io/apimachinery/pkg/api/resource/quantity.go (sign, decimal number, suffix:
// n u m "" k M G T P E, Ki Mi Gi Ti Pi Ei, or an exponent e/E with a signed integer).
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/error.hpp"

namespace rightslice {

/// An exact quantity in units of 10^-9. As in Kubernetes, anything finer is rounded up (away from zero)
/// and magnitudes above 2^63-1 are capped there.
class Quantity {
 public:
  static Result<Quantity> parse(std::string_view text);
  constexpr explicit Quantity(Int128 nanos) : nanos_(nanos) {}
  constexpr Int128 nanos() const { return nanos_; }
  constexpr bool isInteger() const { return nanos_ % kNanos == 0; }
  constexpr bool isNegative() const { return nanos_ < 0; }
  constexpr bool isZero() const { return nanos_ == 0; }
  /// The value if it is a whole number that fits, else nothing.
  std::optional<std::int64_t> integer() const;
  /// Whole units, rounded up: what a memory quantity means in bytes. Saturates at kMaxBytes.
  Bytes bytes() const;
  friend constexpr bool operator==(Quantity a, Quantity b) { return a.nanos_ == b.nanos_; }
  friend constexpr bool operator<(Quantity a, Quantity b) { return a.nanos_ < b.nanos_; }

 private:
  static constexpr Int128 kNanos = 1'000'000'000;
  Int128 nanos_;
};

}  // namespace rightslice
