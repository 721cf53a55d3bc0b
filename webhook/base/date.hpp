// Calendar days in UTC.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rightslice {

/// A day of the proleptic Gregorian calendar, as days since 1970-01-01.
struct Date {
  std::int64_t days = 0;
  /// Strictly "YYYY-MM-DD" and an existing day.
  static std::optional<Date> parse(std::string_view text);
  /// The day (UTC) of an RFC 3339 time such as metadata.creationTimestamp.
  static std::optional<Date> parseTimestamp(std::string_view text);
  std::string text() const;
  friend auto operator<=>(const Date&, const Date&) = default;
};

/// Seconds since 1970 (UTC) of an RFC 3339 time, fractions cut off; nothing for anything else.
std::optional<std::int64_t> secondsOfTimestamp(std::string_view text);

}  // namespace rightslice
