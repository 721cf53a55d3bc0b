// Looks again and again, on a thread of its own that stands behind all others for the processor.
#pragma once
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>

#include "kube/lease.hpp"
#include "observe/audit/schedule.hpp"

namespace rightslice::observe::audit {

/// start() and stop() are for one thread.
class AuditLoop {
 public:
  struct Options {
    Schedule::Pace pace{};
    std::function<bool()> leads;                ///< quick; thread-safe
    std::function<std::uint64_t()> changes;     ///< another number whenever something may have changed; quick; thread-safe
    std::function<bool()> audit;                ///< one look; false: it failed. On the loop's thread
    std::function<void()> lost;                 ///< leads no longer, and did. On the loop's thread
    std::function<void()> interrupt;            ///< makes audit() end soon, from another thread; the loop ends after it
    kube::Lease::Uptime now = kube::uptime;
  };
  explicit AuditLoop(Options options);
  ~AuditLoop();
  AuditLoop(const AuditLoop&) = delete;
  AuditLoop& operator=(const AuditLoop&) = delete;

  void start();
  void interrupt();   ///< thread-safe: no further look, and one in progress ends soon
  void stop();        ///< interrupts, and waits

  /// One step; how long to wait before the next. For start()'s thread, or for a test in its place.
  std::chrono::milliseconds turn();

 private:
  bool stopping() const;

  const Options options_;
  Schedule schedule_;          // the thread's own, as `led_`
  bool led_ = false;
  mutable std::mutex mutex_;
  std::condition_variable stop_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace rightslice::observe::audit
