#include <doctest/doctest.h>

#include <vector>

#include "observe/audit/audit_loop.hpp"
#include "observe/audit/schedule.hpp"

namespace rightslice::observe::audit {
namespace {

using namespace std::chrono_literals;
using Time = Schedule::Time;

/// A schedule and what goes on around it, with a clock of its own.
struct Around {
  Schedule schedule;
  Time now{1'000'000};
  std::uint64_t changes = 7;
  bool leads = true;

  /// Goes on until a look is due; how long that took. A look that never comes ends after a day.
  Time untilLook() {
    const Time begun = now;
    while (now - begun < 24h) {
      const auto turn = schedule.turn(now, leads, changes);
      if (turn.look) return now - begun;
      REQUIRE(turn.wait > 0ms);
      now += turn.wait;
    }
    return now - begun;
  }
  void look(Time took = 1s, bool good = true) {
    schedule.begin(now);
    now += took;
    schedule.end(now, good);
  }
};

TEST_CASE("who leads looks at once, and then on the timer") {
  Around around;
  CHECK(around.untilLook() == 0s);
  around.look(2s);
  CHECK(around.untilLook() == 298s);
  around.look(2s);
  CHECK(around.untilLook() == 298s);
}

TEST_CASE("who does not lead never looks, and begins anew when it leads") {
  Around around;
  around.leads = false;
  CHECK(around.untilLook() == 24h);
  around.leads = true;
  CHECK(around.untilLook() == 0s);
  around.look();
  around.leads = false;
  around.schedule.turn(around.now, false, around.changes);
  around.leads = true;
  CHECK(around.untilLook() == 0s);
}

TEST_CASE("a change is looked at when nothing more has changed for a while, and not right after a look") {
  Around around;
  around.untilLook();
  around.look(1s);
  around.now += 100s;
  ++around.changes;
  CHECK(around.untilLook() == 10s);
  around.look(1s);
  ++around.changes;
  CHECK(around.untilLook() == 60s);
}

TEST_CASE("what changes all the time is looked at all the same, and no more than a part of the time") {
  Around around;
  around.untilLook();
  around.look(1s);
  around.now += 100s;
  const auto changing = [&] {
    Time waited{0};
    while (waited < 24h) {
      ++around.changes;
      if (around.schedule.turn(around.now, true, around.changes).look) break;
      around.now += 1s;
      waited += 1s;
    }
    return waited;
  };
  CHECK(changing() == 60s);
  around.look(20s);
  CHECK(changing() == 200s);   // ten times as long as the look took
  around.look(200s);
  CHECK(changing() == 200s);   // the timer: as long again as the look took
}

TEST_CASE("a change while it looks is not lost") {
  Around around;
  around.untilLook();
  around.schedule.begin(around.now);
  around.now += 5s;
  ++around.changes;
  around.schedule.end(around.now, true);
  CHECK(around.untilLook() == 60s);
}

TEST_CASE("after a look that failed it tries again, later and later") {
  Around around;
  around.untilLook();
  std::vector<Time> waits;
  for (int i = 0; i < 7; ++i) {
    around.look(1s, false);
    waits.push_back(around.untilLook());
  }
  CHECK(waits == std::vector<Time>{15s, 30s, 60s, 120s, 240s, 300s, 300s});
  around.look(1s, true);
  CHECK(around.untilLook() == 299s);
}

TEST_CASE("a short interval shortens what hangs on it, a long one leaves it as it is") {
  CHECK(Schedule::paceOf(5s).settle == 500ms);
  CHECK(Schedule::paceOf(5s).least == 1s);
  const auto usual = Schedule::Pace{}, hourly = Schedule::paceOf(1h);
  CHECK(hourly.every == 1h);
  CHECK(hourly.settle == usual.settle);
  CHECK(hourly.least == usual.least);
  CHECK(Schedule::paceOf(usual.every).firstRetry == usual.firstRetry);
}

struct Fake {
  Time now{0};
  bool leads = true, good = true;
  int looks = 0, losses = 0, interrupts = 0;
  AuditLoop loop{[this] {
    AuditLoop::Options out;
    out.leads = [this] { return leads; };
    out.changes = [] { return 0; };
    out.audit = [this] {
      ++looks;
      now += 2s;
      return good;
    };
    out.lost = [this] { ++losses; };
    out.interrupt = [this] { ++interrupts; };
    out.now = [this] { return now; };
    return out;
  }()};

  void goOn(Time time) {
    for (const Time end = now + time; now < end;) now += std::max<Time>(loop.turn(), 1ms);
  }
};

TEST_CASE("the loop looks as the schedule says, and tells once that it leads no longer") {
  Fake fake;
  fake.goOn(10min);
  CHECK(fake.looks == 2);
  CHECK(fake.losses == 0);
  fake.leads = false;
  fake.goOn(10min);
  CHECK(fake.looks == 2);
  CHECK(fake.losses == 1);
  fake.leads = true;
  fake.good = false;
  fake.goOn(30s);
  CHECK(fake.looks == 4);
  CHECK(fake.losses == 1);
}

TEST_CASE("a look in progress is interrupted when the loop stops") {
  std::mutex mutex;
  std::condition_variable changed;
  bool looking = false, interrupted = false;
  AuditLoop::Options options;
  options.leads = [] { return true; };
  options.changes = [] { return 0; };
  options.audit = [&] {
    std::unique_lock lock(mutex);
    looking = true;
    changed.notify_all();
    changed.wait(lock, [&] { return interrupted; });
    return false;
  };
  options.interrupt = [&] {
    const std::lock_guard lock(mutex);
    interrupted = true;
    changed.notify_all();
  };
  AuditLoop loop(std::move(options));
  loop.start();
  {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return looking; });
  }
  loop.stop();
  CHECK(interrupted);
}

}  // namespace
}  // namespace rightslice::observe::audit
