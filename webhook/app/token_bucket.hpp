// So many at once, and then so many a second.
#pragma once
#include <algorithm>
#include <chrono>
#include <optional>

namespace rightslice::app {

/// Starts full. Times never go back. For one thread.
class TokenBucket {
 public:
  using Time = std::chrono::steady_clock::time_point;
  TokenBucket(double burst, double perSecond) : burst_(burst), perSecond_(perSecond), tokens_(burst) {}

  bool has(Time now) const { return at(now) >= 1; }
  bool full(Time now) const { return at(now) >= burst_; }
  /// Where it has one.
  void take(Time now) {
    tokens_ = at(now) - 1;
    last_ = now;
  }

 private:
  double at(Time now) const {
    return last_ ? std::min(burst_, tokens_ + perSecond_ * std::chrono::duration<double>(now - *last_).count()) : burst_;
  }
  double burst_, perSecond_, tokens_;
  std::optional<Time> last_;
};

}  // namespace rightslice::app
