// Counters that begin anew, and levels that are held.
#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <vector>

#include "observe/metrics/trend.hpp"

using namespace rightslice::observe::metrics;

namespace {

std::vector<Point> pointsOf(const std::vector<double>& values) {
  std::vector<Point> out;
  for (const double each : values) out.push_back({static_cast<std::int64_t>(out.size()) * 60'000, each});
  return out;
}

std::vector<double> small(int most) {
  const auto raw = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, most + 1));
  return {raw.begin(), raw.end()};
}

constexpr Band kBand{80, 90, 3};

}  // namespace

TEST_CASE("a counter's increase is what was counted after the first sample, whatever restarts lie between") {
  CHECK(rc::check([] {
    const auto steps = *rc::gen::container<std::vector<std::pair<bool, int>>>(rc::gen::pair(rc::gen::arbitrary<bool>(), rc::gen::inRange(0, 1000)));
    std::vector<double> shown;
    double counter = 0, counted = 0;
    bool hidden = false;
    for (const auto& [restart, more] : steps) {
      if (restart) counter = 0;
      const double before = shown.empty() ? 0 : shown.back();
      counter += more;
      // A restart that has passed the value before it again is not to be seen; then only what shows can be counted.
      hidden = restart && !shown.empty() && counter >= before;
      if (!shown.empty()) counted += hidden ? counter - before : more;
      shown.push_back(counter);
    }
    RC_ASSERT(increaseOf(pointsOf(shown)) == counted);
    RC_ASSERT(increaseOf(pointsOf(shown)) >= 0);
  }));
}

TEST_CASE("what lies between the thresholds changes no state, wherever it is put in after the start") {
  CHECK(rc::check([] {
    auto values = small(100);
    const bool before = isHeld(pointsOf(values), kBand);
    const int more = *rc::gen::inRange(0, 50);
    for (int i = 0; i < more; ++i) values.push_back(81 + i % 9);
    RC_ASSERT(isHeld(pointsOf(values), kBand) == before);
  }));
}

TEST_CASE("fewer samples in a row than asked for change nothing, however wild") {
  CHECK(rc::check([] {
    auto values = small(100);
    values.push_back(85);   // ends a row that was about to count
    const bool before = isHeld(pointsOf(values), kBand);
    const int more = *rc::gen::inRange(0, 40);
    for (int i = 0; i < more; ++i) values.push_back(i % 3 == 2 ? 85 : before ? 0 : 100);
    RC_ASSERT(isHeld(pointsOf(values), kBand) == before);
  }));
}

TEST_CASE("three samples past a threshold decide") {
  CHECK(rc::check([] {
    auto values = small(100);
    values.insert(values.end(), 4, 95);
    values.insert(values.end(), 3, 95);
    RC_ASSERT(isHeld(pointsOf(values), kBand));
    values.insert(values.end(), 3, 79);
    RC_ASSERT(!isHeld(pointsOf(values), kBand));
  }));
}

TEST_CASE("a quarter of wild samples does not move a slope from a rising line's sign") {
  CHECK(rc::check([] {
    const int size = *rc::gen::inRange(12, 30);
    std::vector<double> values;
    for (int i = 0; i < size; ++i) values.push_back(i);
    const auto wild = static_cast<std::size_t>(*rc::gen::inRange(0, size));
    values[wild] = *rc::gen::inRange(0, 100000);
    const auto slope = slopeOf(pointsOf(values));
    RC_ASSERT(slope.has_value());
    RC_ASSERT(slope->perHour == 60.0);
  }));
}

TEST_CASE("a trend is followed no further ahead than it was seen, and only where it rises for certain") {
  CHECK(rc::check([] {
    const auto values = small(100);
    const auto points = pointsOf(values);
    const auto hours = hoursTo(100, points);
    if (!hours) return;
    RC_ASSERT(*hours >= 0);
    RC_ASSERT(*hours <= static_cast<double>(points.back().at - points.front().at) / 3'600'000);
    RC_ASSERT(slopeOf(points)->leastPerHour > 0);
  }));
}
