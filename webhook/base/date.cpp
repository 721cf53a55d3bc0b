#include "base/date.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace rightslice {
namespace {

// Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms": days_from_civil and civil_from_days.
std::int64_t daysFromCivil(std::int64_t year, int month, int day) {
  year -= month <= 2 ? 1 : 0;
  const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
  const std::int64_t yearOfEra = year - era * 400;
  const std::int64_t dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  const std::int64_t dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear;
  return era * 146097 + dayOfEra - 719468;
}

int daysInMonth(int year, int month) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return month == 2 && leap ? 29 : kDays[month - 1];
}

/// Exactly `count` digits from the front of `text`, which is shortened by them.
std::optional<int> takeDigits(std::string_view& text, std::size_t count) {
  if (text.size() < count) {
    return std::nullopt;
  }
  int value = 0;
  for (const char c : text.substr(0, count)) {
    if (c < '0' || c > '9') {
      return std::nullopt;
    }
    value = value * 10 + (c - '0');
  }
  text.remove_prefix(count);
  return value;
}

bool takeChar(std::string_view& text, std::string_view anyOf) {
  if (text.empty() || anyOf.find(text.front()) == std::string_view::npos) {
    return false;
  }
  text.remove_prefix(1);
  return true;
}

std::optional<Date> takeDate(std::string_view& text) {
  const auto year = takeDigits(text, 4);
  if (!year || !takeChar(text, "-")) {
    return std::nullopt;
  }
  const auto month = takeDigits(text, 2);
  if (!month || *month < 1 || *month > 12 || !takeChar(text, "-")) {
    return std::nullopt;
  }
  const auto day = takeDigits(text, 2);
  if (!day || *day < 1 || *day > daysInMonth(*year, *month)) {
    return std::nullopt;
  }
  return Date{daysFromCivil(*year, *month, *day)};
}

/// "Z" or "+hh:mm", in minutes east of UTC; it must end the text.
std::optional<int> zoneMinutes(std::string_view text) {
  if (text == "Z" || text == "z") {
    return 0;
  }
  const int sign = text.starts_with('-') ? -1 : 1;
  if (!takeChar(text, "+-")) {
    return std::nullopt;
  }
  const auto hours = takeDigits(text, 2);
  if (!hours || *hours > 23 || !takeChar(text, ":")) {
    return std::nullopt;
  }
  const auto minutes = takeDigits(text, 2);
  if (!minutes || *minutes > 59 || !text.empty()) {
    return std::nullopt;
  }
  return sign * (*hours * 60 + *minutes);
}

}  // namespace

std::optional<Date> Date::parse(std::string_view text) {
  const auto date = takeDate(text);
  return date && text.empty() ? date : std::nullopt;
}

std::optional<std::int64_t> secondsOfTimestamp(std::string_view text) {
  const auto date = takeDate(text);
  if (!date || !takeChar(text, "Tt")) {
    return std::nullopt;
  }
  const auto hour = takeDigits(text, 2);
  if (!hour || *hour > 23 || !takeChar(text, ":")) {
    return std::nullopt;
  }
  const auto minute = takeDigits(text, 2);
  if (!minute || *minute > 59 || !takeChar(text, ":")) {
    return std::nullopt;
  }
  const auto second = takeDigits(text, 2);
  if (!second || *second > 60) {  // 60 is a leap second, RFC 3339 section 5.6
    return std::nullopt;
  }
  if (takeChar(text, ".")) {
    if (!takeDigits(text, 1)) {
      return std::nullopt;
    }
    while (takeDigits(text, 1)) {
    }
  }
  const auto zone = zoneMinutes(text);
  if (!zone) {
    return std::nullopt;
  }
  // A leap second is the last one of its minute.
  return ((date->days * 24 + *hour) * 60 + *minute - *zone) * 60 + std::min(*second, 59);
}

std::optional<Date> Date::parseTimestamp(std::string_view text) {
  const auto seconds = secondsOfTimestamp(text);
  if (!seconds) {
    return std::nullopt;
  }
  constexpr std::int64_t kDaySeconds = 24 * 60 * 60;
  return Date{*seconds / kDaySeconds - (*seconds % kDaySeconds < 0 ? 1 : 0)};
}

std::string Date::text() const {
  const std::int64_t shifted = days + 719468;
  const std::int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
  const std::int64_t dayOfEra = shifted - era * 146097;
  const std::int64_t yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146096) / 365;
  const std::int64_t dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100);
  const std::int64_t monthFromMarch = (5 * dayOfYear + 2) / 153;
  const std::int64_t day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1;
  const std::int64_t month = monthFromMarch + (monthFromMarch < 10 ? 3 : -9);
  const std::int64_t year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  return fmt::format("{:04}-{:02}-{:02}", year, month, day);
}

}  // namespace rightslice
