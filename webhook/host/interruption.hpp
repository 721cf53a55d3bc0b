// Ends from another thread, for good, what a long piece of work waits for.
#pragma once
#include <functional>
#include <mutex>

namespace rightslice::host {

/// What the work throws once it was interrupted.
struct Interrupted {};

/// Thread-safe.
class Interruption {
 public:
  /// What is waited for ends within moments, and nothing may be begun after it.
  void trip() {
    const std::lock_guard lock(mutex_);
    tripped_ = true;
    if (end_) end_();
  }
  bool tripped() const {
    const std::lock_guard lock(mutex_);
    return tripped_;
  }
  void check() const {
    if (tripped()) throw Interrupted{};
  }

  /// While it lives, trip() calls `end`, which another thread than the one that waits runs: quick, and nothing of this class. One at a time.
  class Waiting {
   public:
    Waiting(Interruption& of, std::function<void()> end) : of_(of) {
      const std::lock_guard lock(of_.mutex_);
      if (of_.tripped_) throw Interrupted{};
      of_.end_ = std::move(end);
    }
    ~Waiting() {
      const std::lock_guard lock(of_.mutex_);
      of_.end_ = nullptr;
    }
    Waiting(const Waiting&) = delete;
    Waiting& operator=(const Waiting&) = delete;

   private:
    Interruption& of_;
  };

 private:
  mutable std::mutex mutex_;
  bool tripped_ = false;
  std::function<void()> end_;
};

}  // namespace rightslice::host
