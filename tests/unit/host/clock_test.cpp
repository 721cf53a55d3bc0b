#include "host/clock.hpp"

#include <doctest/doctest.h>

using namespace rightslice;

namespace {
class Stopped final : public host::Clock {
 public:
  explicit Stopped(std::int64_t seconds) : time_(std::chrono::seconds(seconds)) {}
  Time now() const override { return time_; }

 private:
  Time time_;
};
}  // namespace

TEST_CASE("the day changes at midnight UTC, before 1970 too") {
  CHECK(Stopped(86'399).today().text() == "1970-01-01");
  CHECK(Stopped(86'400).today().text() == "1970-01-02");
  CHECK(Stopped(-1).today().text() == "1969-12-31");
  CHECK(Stopped(1'709'164'800).today().text() == "2024-02-29");
}

TEST_CASE("times are written as RFC 3339 in UTC, to the second") {
  CHECK(host::timestamp(Stopped(1'795'556'545).now()) == "2026-11-24T21:42:25Z");
  CHECK(host::timestamp(Stopped(0).now()) == "1970-01-01T00:00:00Z");
  CHECK(host::unixSeconds(Stopped(12).now()) == 12.0);
}

TEST_CASE("times of events are written to the microsecond, before 1970 too") {
  CHECK(host::microTimestamp(Stopped(0).now() + std::chrono::microseconds(123)) == "1970-01-01T00:00:00.000123Z");
  CHECK(host::microTimestamp(Stopped(0).now() - std::chrono::microseconds(1)) == "1969-12-31T23:59:59.999999Z");
}
