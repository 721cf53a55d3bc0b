#include "observe/audit/schedule.hpp"

#include <algorithm>

namespace rightslice::observe::audit {

Schedule::Pace Schedule::paceOf(Time every) {
  const Pace usual;
  Pace out;
  out.every = every;
  const auto part = [&](Time most, int parts) { return std::clamp(every / parts, Time(500), most); };
  out.settle = part(usual.settle, 30);
  out.longest = part(usual.longest, 5);
  out.least = part(usual.least, 5);
  out.firstRetry = part(usual.firstRetry, 20);
  return out;
}

Schedule::Turn Schedule::turn(Time now, bool leads, std::uint64_t changes) {
  if (!leads) {
    led_ = false;
    return {false, pace_.poll};
  }
  if (!led_) {
    led_ = true;
    begun_.reset();
    firstChange_.reset();
    failures_ = 0;
    seen_ = changes;
  }
  if (changes != seen_) {
    seen_ = changes;
    lastChange_ = now;
    if (!firstChange_) firstChange_ = now;
  }
  const Time at = due();
  if (at <= now) return {true, {}};
  return {false, std::min(at - now, pace_.poll)};
}

Schedule::Time Schedule::due() const {
  if (!begun_) return Time::min();
  if (failures_ > 0) {
    Time retry = pace_.firstRetry;
    for (int i = 1; i < failures_ && retry < pace_.every; ++i) retry *= 2;
    return ended_ + std::min(retry, pace_.every);
  }
  const Time took = ended_ - *begun_;
  const Time timer = std::max(*begun_ + pace_.every, ended_ + took);   // a look that takes long leaves as much time to others
  if (!firstChange_) return timer;
  const Time settled = std::min(lastChange_ + pace_.settle, *firstChange_ + pace_.longest);
  return std::min(timer, std::max(settled, ended_ + std::max(pace_.least, pace_.share * took)));
}

void Schedule::begin(Time now) {
  begun_ = now;
  firstChange_.reset();
}

void Schedule::end(Time now, bool good) {
  ended_ = now;
  failures_ = good ? 0 : failures_ + 1;
}

}  // namespace rightslice::observe::audit
