// Signals as values: the main thread waits for them, no handler ever runs.
#pragma once
#include <chrono>

#include <csignal>

namespace rightslice::app {

/// Blocks SIGTERM, SIGINT and SIGHUP in this thread and in all that it starts, as long as it lives; SIGPIPE is ignored for good.
class Signals {
 public:
  enum class Event { Nothing, Stop, Reload };
  Signals();
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;
  /// The next signal, or Nothing after `limit`.
  Event wait(std::chrono::milliseconds limit) const;

 private:
  sigset_t set_{}, before_{};
};

}  // namespace rightslice::app
