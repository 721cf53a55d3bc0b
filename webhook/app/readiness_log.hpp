// Says in the log when this instance becomes unready, and when it is ready again: /readyz tells it only to who asks.
#pragma once
#include <string>

#include "app/health.hpp"
#include "host/log.hpp"

namespace rightslice::app {

/// For one thread.
class ReadinessLog {
 public:
  explicit ReadinessLog(host::Log& log) : log_(log) {}

  /// A line where it is another than last time. A start that goes well ends with one, too, if it had to wait for something.
  void tell(const Standing& standing) {
    const bool changed = standing.readiness != last_;
    last_ = standing.readiness;
    if (!changed) return;
    if (standing.readiness == Readiness::Ready) {
      wasReady_ = true;
      return log_.write(host::Level::Info, "ready");
    }
    std::string reasons;
    for (const std::string& each : standing.reasons) reasons += (reasons.empty() ? "" : "; ") + each;
    const bool starting = standing.readiness == Readiness::Starting && !wasReady_;
    log_.write(starting ? host::Level::Info : host::Level::Warn, starting ? "not ready yet" : "not ready", {{"reasons", std::string_view(reasons)}});
  }

 private:
  host::Log& log_;
  Readiness last_ = Readiness::Ready;
  bool wasReady_ = false;
};

}  // namespace rightslice::app
