#include "base/date.hpp"

#include <doctest/doctest.h>

using rightslice::Date;

TEST_CASE("days are counted from 1970-01-01") {
  struct Row {
    const char* text;
    std::int64_t days;
  };
  for (const Row& row : {Row{"1970-01-01", 0}, Row{"1969-12-31", -1}, Row{"2000-03-01", 11017}, Row{"2027-01-31", 20849},
                         Row{"2024-02-29", 19782}, Row{"2000-02-29", 11016}, Row{"0000-01-01", -719528}, Row{"9999-12-31", 2932896}}) {
    CAPTURE(row.text);
    REQUIRE(Date::parse(row.text));
    CHECK(Date::parse(row.text)->days == row.days);
    CHECK(Date{row.days}.text() == row.text);
  }
}

TEST_CASE("a text that is no existing day is refused") {
  for (const char* text : {"", "2027-1-31", "2027-01-32", "2027-00-10", "2027-13-01", "2023-02-29", "1900-02-29", "2027-04-31", "2027-01-00",
                           "27-01-31", "2027/01/31", "2027-01-31 ", " 2027-01-31", "2027-01-31T00:00:00Z", "+027-01-31", "tomorrow"}) {
    CAPTURE(text);
    CHECK(!Date::parse(text));
  }
}

TEST_CASE("a time belongs to its day in UTC") {
  struct Row {
    const char* text;
    const char* day;  ///< Null: refused.
  };
  for (const Row& row : {Row{"2026-01-31T00:00:00Z", "2026-01-31"}, Row{"2026-01-31t23:59:60z", "2026-01-31"},
                         Row{"2026-01-31T12:00:00.123456Z", "2026-01-31"}, Row{"2026-01-31T23:30:00-01:00", "2026-02-01"},
                         Row{"2026-01-31T00:30:00+01:00", "2026-01-30"}, Row{"2026-01-31T01:00:00+01:00", "2026-01-31"},
                         Row{"2026-01-31", nullptr}, Row{"2026-01-31T24:00:00Z", nullptr}, Row{"2026-01-31T12:60:00Z", nullptr},
                         Row{"2026-01-31T12:00:00", nullptr}, Row{"2026-01-31T12:00:00.Z", nullptr}, Row{"2026-01-31T12:00:00+0100", nullptr},
                         Row{"2026-01-31T12:00:00Zx", nullptr}, Row{"2026-02-30T12:00:00Z", nullptr}}) {
    CAPTURE(row.text);
    const auto day = Date::parseTimestamp(row.text);
    CHECK(day.has_value() == (row.day != nullptr));
    if (day && row.day != nullptr) {
      CHECK(day->text() == row.day);
    }
  }
}

TEST_CASE("later days are greater") { CHECK(*Date::parse("2026-12-31") < *Date::parse("2027-01-01")); }
