#include "app/event_ledger.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

using namespace rightslice;
using namespace rightslice::app;
using std::chrono::milliseconds;

namespace {

using Time = EventLedger::Time;
using Fate = EventLedger::Fate;

const Time kStart{};

/// Gaps of a few milliseconds to a few minutes.
rc::Gen<std::vector<int>> gaps() { return rc::gen::container<std::vector<int>>(rc::gen::oneOf(rc::gen::inRange(0, 20), rc::gen::inRange(0, 200'000))); }

admission::Event event(int ns, int name) {
  admission::Event out;
  out.kind = "Deployment";
  out.ns = "ns-" + std::to_string(ns);
  out.name = "d-" + std::to_string(name);
  out.note = "Oversized";
  return out;
}

struct Happening {
  Time at;
  int ns, name;
};

rc::Gen<std::vector<Happening>> happenings() {
  const auto one = rc::gen::tuple(rc::gen::oneOf(rc::gen::inRange(0, 50), rc::gen::inRange(0, 600'000)), rc::gen::inRange(0, 3), rc::gen::inRange(0, 40));
  return rc::gen::map(rc::gen::container<std::vector<std::tuple<int, int, int>>>(one), [](const auto& all) {
    std::vector<Happening> out;
    Time at = kStart;
    for (const auto& [gap, ns, name] : all) {
      at += milliseconds(gap);
      out.push_back({at, ns, name});
    }
    return out;
  });
}

}  // namespace

TEST_CASE("a bucket never gives more than its burst and its rate, in any span of time, and refuses nobody for whom there is one") {
  CHECK(rc::check([] {
    const double burst = *rc::gen::inRange(1, 20), rate = *rc::gen::inRange(1, 50) / 10.0;
    TokenBucket bucket(burst, rate);
    std::vector<Time> given;
    Time now = kStart;
    double model = burst;
    for (const int gap : *gaps()) {
      now += milliseconds(gap);
      model = std::min(burst, model + rate * gap / 1000.0);
      const bool has = bucket.has(now);
      if (std::abs(model - 1) > 1e-6) RC_ASSERT(has == (model >= 1));
      if (!has) continue;
      bucket.take(now);
      model -= 1;
      given.push_back(now);
    }
    for (std::size_t i = 0; i < given.size(); ++i) {
      for (std::size_t j = i; j < given.size(); ++j) {
        const double span = std::chrono::duration<double>(given[j] - given[i]).count();
        RC_ASSERT(static_cast<double>(j - i + 1) <= burst + rate * span + 1e-6);
      }
    }
  }));
}

TEST_CASE("every happening is told, counted or dropped, and what is counted is told in the end") {
  CHECK(rc::check([] {
    EventLimits limits;
    limits.burst = 5;
    limits.namespaceBurst = 3;
    limits.mostSeries = 1000;
    EventLedger ledger(limits);
    const auto all = *happenings();
    std::map<std::string, std::int64_t> current;  // of the series that goes on
    std::int64_t fresh = 0, counted = 0, dropped = 0, told = 0;
    std::map<std::string, std::int64_t> last;
    Time now = kStart;
    const auto drain = [&] {
      while (const auto series = ledger.due(now)) {
        const std::string key = keyOf(series->event);
        RC_ASSERT(series->count >= 2);
        RC_ASSERT(series->count == current[key]);
        told += series->count - last[key];
        last[key] = series->count;
      }
    };
    for (const Happening& each : all) {
      now = each.at;
      const auto what = event(each.ns, each.name);
      const std::string key = keyOf(what);
      switch (ledger.add(what, now)) {
        case Fate::New:
          ledger.created(what, "id");
          ++fresh;
          told += current[key] - last[key];  // what an ended series did not say any more
          current[key] = last[key] = 1;
          break;
        case Fate::Counted:
          RC_ASSERT(current[key] >= 1);
          ++counted;
          ++current[key];
          break;
        case Fate::Dropped: ++dropped; break;
      }
      drain();
    }
    RC_ASSERT(fresh + counted + dropped == static_cast<std::int64_t>(all.size()));
    for (int i = 0; i < 200'000 && ledger.next(); ++i) {
      now = std::max(now, *ledger.next());
      drain();
    }
    RC_ASSERT(!ledger.next());
    RC_ASSERT(told == counted);
  }));
}

TEST_CASE("what is sent keeps to the limits of all and of each namespace") {
  CHECK(rc::check([] {
    EventLimits limits;
    limits.burst = 6;
    limits.perSecond = 2;
    limits.namespaceBurst = 3;
    limits.namespacePerSecond = 0.5;
    EventLedger ledger(limits);
    std::map<std::string, std::vector<Time>> sent;
    for (const Happening& each : *happenings()) {
      const auto what = event(each.ns, each.name);
      if (ledger.add(what, each.at) == Fate::New) {
        sent[what.ns].push_back(each.at);
        sent[""].push_back(each.at);
      }
      while (const auto series = ledger.due(each.at)) {
        sent[series->event.ns].push_back(each.at);
        sent[""].push_back(each.at);
      }
    }
    for (const auto& [ns, times] : sent) {
      const double burst = ns.empty() ? limits.burst : limits.namespaceBurst, rate = ns.empty() ? limits.perSecond : limits.namespacePerSecond;
      for (std::size_t i = 0; i < times.size(); ++i) {
        for (std::size_t j = i; j < times.size(); ++j) {
          RC_ASSERT(static_cast<double>(j - i + 1) <= burst + rate * std::chrono::duration<double>(times[j] - times[i]).count() + 1e-6);
        }
      }
    }
  }));
}

TEST_CASE("it never keeps more than it may") {
  CHECK(rc::check([] {
    EventLimits limits;
    limits.burst = limits.namespaceBurst = 1e9;
    limits.mostSeries = static_cast<std::size_t>(*rc::gen::inRange(1, 8));
    EventLedger ledger(limits);
    for (const Happening& each : *happenings()) {
      ledger.add(event(each.ns, each.name), each.at);
      RC_ASSERT(ledger.size() <= limits.mostSeries);
    }
  }));
}
