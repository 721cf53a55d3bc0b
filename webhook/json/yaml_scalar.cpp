#include "json/yaml_scalar.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <optional>

#include <fmt/format.h>

#include "base/ascii.hpp"

namespace rightslice::json {
namespace {

using Type = YamlScalar::Type;

struct Word {
  std::string_view text;
  YamlScalar meaning;
};

constexpr YamlScalar kNull{.type = Type::Null};
constexpr YamlScalar kTrue{.type = Type::Bool, .boolean = true};
constexpr YamlScalar kFalse{.type = Type::Bool, .boolean = false};
constexpr YamlScalar kInfinity{.type = Type::Float, .number = std::numeric_limits<double>::infinity()};
constexpr YamlScalar kMinusInfinity{.type = Type::Float, .number = -std::numeric_limits<double>::infinity()};
constexpr YamlScalar kNan{.type = Type::Float, .number = std::numeric_limits<double>::quiet_NaN()};

constexpr std::array kWords{
    Word{"", kNull},          Word{"~", kNull},           Word{"null", kNull},           Word{"Null", kNull},
    Word{"NULL", kNull},      Word{"y", kTrue},           Word{"Y", kTrue},              Word{"yes", kTrue},
    Word{"Yes", kTrue},       Word{"YES", kTrue},         Word{"true", kTrue},           Word{"True", kTrue},
    Word{"TRUE", kTrue},      Word{"on", kTrue},          Word{"On", kTrue},             Word{"ON", kTrue},
    Word{"n", kFalse},        Word{"N", kFalse},          Word{"no", kFalse},            Word{"No", kFalse},
    Word{"NO", kFalse},       Word{"false", kFalse},      Word{"False", kFalse},         Word{"FALSE", kFalse},
    Word{"off", kFalse},      Word{"Off", kFalse},        Word{"OFF", kFalse},           Word{".inf", kInfinity},
    Word{".Inf", kInfinity},  Word{".INF", kInfinity},    Word{"+.inf", kInfinity},      Word{"+.Inf", kInfinity},
    Word{"+.INF", kInfinity}, Word{"-.inf", kMinusInfinity}, Word{"-.Inf", kMinusInfinity}, Word{"-.INF", kMinusInfinity},
    Word{".nan", kNan},       Word{".NaN", kNan},         Word{".NAN", kNan},
};

YamlScalar floatScalar(double value) { return {.type = Type::Float, .number = value}; }

/// Go's strconv.ParseInt with base 0: prefix 0x, 0o, 0b or 0 (octal). Beyond 64 bits: the nearest double.
std::optional<YamlScalar> parseInteger(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) {
    text.remove_prefix(1);
  }
  int base = 10;
  if (text.size() > 1 && text.front() == '0') {
    const char kind = lowerAscii(text[1]);
    base = kind == 'x' ? 16 : kind == 'b' ? 2 : 8;
    text.remove_prefix(base == 8 && kind != 'o' ? 1 : 2);
  }
  std::uint64_t magnitude = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), magnitude, base);
  if (text.empty() || text.front() == '-' || end != text.data() + text.size() || error == std::errc::invalid_argument) {
    return std::nullopt;
  }
  constexpr std::uint64_t kLimit = std::uint64_t{1} << 63;
  if (error == std::errc() && magnitude < kLimit + (negative ? 1 : 0)) {
    return YamlScalar{.type = Type::Int, .integer = static_cast<std::int64_t>(negative ? ~magnitude + 1 : magnitude)};
  }
  if (error == std::errc() && !negative) {
    return YamlScalar{.type = Type::Uint, .natural = magnitude};
  }
  if (base == 10) {
    return std::nullopt;  // read as a decimal fraction, which rounds once
  }
  double value = 0;
  for (const char digit : text) {
    const char lower = lowerAscii(digit);
    value = value * base + (isDigitAscii(lower) ? lower - '0' : lower - 'a' + 10);
  }
  return std::isfinite(value) ? std::optional(floatScalar(negative ? -value : value)) : std::nullopt;
}

/// ^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$, and not too large for a double.
std::optional<YamlScalar> parseFloat(std::string_view text) {
  const std::string all(text.starts_with('+') ? text.substr(1) : text);
  const auto skipDigits = [&text] {
    const std::size_t count = std::min(text.find_first_not_of("0123456789"), text.size());
    text.remove_prefix(count);
    return count;
  };
  if (text.starts_with('-') || text.starts_with('+')) {
    text.remove_prefix(1);
  }
  const std::size_t whole = skipDigits();
  std::size_t fraction = 0;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    fraction = skipDigits();
  }
  if (whole + fraction == 0) {
    return std::nullopt;
  }
  if (text.starts_with('e') || text.starts_with('E')) {
    text.remove_prefix(1);
    if (text.starts_with('-') || text.starts_with('+')) {
      text.remove_prefix(1);
    }
    if (skipDigits() == 0) {
      return std::nullopt;
    }
  }
  if (!text.empty()) {
    return std::nullopt;
  }
  double value = 0;
  if (std::from_chars(all.data(), all.data() + all.size(), value).ec == std::errc::result_out_of_range) {
    value = std::strtod(all.c_str(), nullptr);  // tells too large from too small, which from_chars does not
  }
  return std::isfinite(value) ? std::optional(floatScalar(value)) : std::nullopt;
}

}  // namespace

YamlScalar resolveYamlScalar(std::string_view plain) {
  constexpr std::size_t kLongestWord = 5;
  if (plain.size() <= kLongestWord) {
    for (const Word& word : kWords) {
      if (word.text == plain) {
        return word.meaning;
      }
    }
  }
  if (plain.empty()) {
    return {};
  }
  if (plain.front() == '.') {
    return parseFloat(plain).value_or(YamlScalar{});
  }
  if (!isDigitAscii(plain.front()) && plain.front() != '-' && plain.front() != '+') {
    return {};
  }
  std::string digits(plain);
  digits.erase(std::remove(digits.begin(), digits.end(), '_'), digits.end());
  if (const auto integer = parseInteger(digits)) {
    return *integer;
  }
  return parseFloat(digits).value_or(YamlScalar{});
}

std::string yamlKeyText(const YamlScalar& scalar) {
  switch (scalar.type) {
    case Type::Bool:
      return scalar.boolean ? "true" : "false";
    case Type::Int:
      return fmt::format_int(scalar.integer).str();
    case Type::Uint:
      return fmt::format_int(scalar.natural).str();
    case Type::Float: {
      // Go's FormatFloat(x, 'g', -1, 32): with an exponent below 1e-4 and from 1e6 upwards.
      const auto value = static_cast<float>(scalar.number);
      if (!std::isfinite(value)) {
        return std::isnan(value) ? ".nan" : value < 0 ? "-.inf" : ".inf";
      }
      const float magnitude = std::fabs(value);
      const bool fixed = !(magnitude > 0) || (magnitude >= 1e-4F && magnitude < 1e6F);
      std::array<char, 64> buffer;
      const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                     fixed ? std::chars_format::fixed : std::chars_format::scientific);
      return std::string(buffer.data(), end.ptr);
    }
    default:
      return {};
  }
}

}  // namespace rightslice::json
