#include "base/quantity.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include <fmt/format.h>

#include "base/ascii.hpp"

namespace rightslice {
namespace {

constexpr Int128 kNanosPerUnit = 1'000'000'000;
constexpr Int128 kLargest = Int128{std::numeric_limits<std::int64_t>::max()} * kNanosPerUnit;

struct Scale {
  std::int64_t tens = 0;  ///< Power of ten.
  int twos = 0;           ///< Power of two.
};

struct Suffix {
  std::string_view name;
  Scale scale;
};

// k8s.io/apimachinery/pkg/api/resource/suffix.go
constexpr std::array kSuffixes{
    Suffix{"", {0, 0}},   Suffix{"n", {-9, 0}},  Suffix{"u", {-6, 0}},  Suffix{"m", {-3, 0}},
    Suffix{"k", {3, 0}},  Suffix{"M", {6, 0}},   Suffix{"G", {9, 0}},   Suffix{"T", {12, 0}},
    Suffix{"P", {15, 0}}, Suffix{"E", {18, 0}},  Suffix{"Ki", {0, 10}}, Suffix{"Mi", {0, 20}},
    Suffix{"Gi", {0, 30}}, Suffix{"Ti", {0, 40}}, Suffix{"Pi", {0, 50}}, Suffix{"Ei", {0, 60}},
};

/// "e3", "E-6", "e+3": a power of ten. Exponents beyond the range of any quantity keep only their sign.
std::optional<Scale> exponentScale(std::string_view text) {
  if (text.empty() || (text.front() != 'e' && text.front() != 'E')) {
    return std::nullopt;
  }
  text.remove_prefix(1);
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) {
    text.remove_prefix(1);
  }
  if (text.empty()) {
    return std::nullopt;
  }
  constexpr std::int64_t kBeyondAny = 1'000'000'000;
  std::int64_t value = 0;
  for (const char c : text) {
    if (!isDigitAscii(c)) {
      return std::nullopt;
    }
    value = std::min(value * 10 + (c - '0'), kBeyondAny);
  }
  return Scale{negative ? -value : value, 0};
}

std::optional<Scale> scaleOf(std::string_view suffix) {
  for (const Suffix& known : kSuffixes) {
    if (known.name == suffix) {
      return known.scale;
    }
  }
  return exponentScale(suffix);
}

/// A decimal number: 0.d1d2d3... x 10^point, where the digits are those of `whole` and then of `fraction`.
struct Decimal {
  std::string_view whole, fraction;
  std::int64_t point = 0;
  std::int64_t count() const { return static_cast<std::int64_t>(whole.size() + fraction.size()); }
  int digit(std::int64_t index) const {
    const auto i = static_cast<std::size_t>(index);
    if (index < 0 || index >= count()) {
      return 0;
    }
    return (i < whole.size() ? whole[i] : fraction[i - whole.size()]) - '0';
  }
};

/// The decimal times 2^twos in nanos, rounded up, capped at kLargest.
Int128 toNanos(const Decimal& number, int twos) {
  const Int128 unit = (Int128{1} << twos) * kNanosPerUnit;
  Int128 whole = 0;
  bool zero = true;
  for (std::int64_t i = 0; i < number.count(); ++i) {
    zero = zero && number.digit(i) == 0;
  }
  if (zero) {
    return 0;
  }
  for (std::int64_t i = 0; i < number.point; ++i) {
    whole = whole * 10 + number.digit(i);
    if (whole > kLargest / unit) {
      return kLargest;  // within 20 digits after the first that is not zero
    }
  }
  // The fraction from its last digit to its first; the floor of each step is exact, and what it drops is remembered.
  Int128 part = 0;
  bool dropped = false;
  for (std::int64_t i = number.count() - 1; i >= number.point; --i) {
    if (i < 0 && part == 0) {
      break;  // zeros between the point and the first digit change nothing any more
    }
    const Int128 sum = number.digit(i) * unit + part;
    part = sum / 10;
    dropped = dropped || sum % 10 != 0;
  }
  return std::min(whole * unit + part + (dropped ? 1 : 0), kLargest);
}

std::string_view takeDigits(std::string_view& text) {
  std::size_t count = 0;
  while (count < text.size() && isDigitAscii(text[count])) {
    ++count;
  }
  const std::string_view digits = text.substr(0, count);
  text.remove_prefix(count);
  return digits;
}

}  // namespace

Result<Quantity> Quantity::parse(std::string_view text) {
  std::string_view rest = text;
  const bool negative = rest.starts_with('-');
  if (negative || rest.starts_with('+')) {
    rest.remove_prefix(1);
  }
  Decimal number;
  number.whole = takeDigits(rest);
  if (rest.starts_with('.')) {
    rest.remove_prefix(1);
    number.fraction = takeDigits(rest);
  }
  const auto scale = scaleOf(rest);
  if (number.count() == 0 || !scale) {
    constexpr std::size_t kShown = 64;
    return fail(fmt::format("\"{}{}\" is no quantity; write a number with an optional suffix, such as 1, 500m or 7Gi",
                            text.substr(0, kShown), text.size() > kShown ? "..." : ""));
  }
  number.point = static_cast<std::int64_t>(number.whole.size()) + scale->tens;
  const Int128 nanos = toNanos(number, scale->twos);
  return Quantity(negative ? -nanos : nanos);
}

std::optional<std::int64_t> Quantity::integer() const {
  if (!isInteger()) {
    return std::nullopt;
  }
  const Int128 value = nanos_ / kNanos;
  if (value > std::numeric_limits<std::int64_t>::max() || value < std::numeric_limits<std::int64_t>::min()) {
    return std::nullopt;
  }
  return static_cast<std::int64_t>(value);
}

Bytes Quantity::bytes() const {
  const Int128 units = nanos_ / kNanos + (nanos_ > 0 && nanos_ % kNanos != 0 ? 1 : 0);
  return static_cast<Bytes>(std::max<Int128>(std::min<Int128>(units, kMaxBytes), -Int128{kMaxBytes}));
}

}  // namespace rightslice
