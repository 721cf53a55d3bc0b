// A value that one thread replaces and many read.
#pragma once
#include <memory>
#include <mutex>

namespace rightslice::host {

/// get() and set() are thread-safe. A mutex, because std::atomic<std::shared_ptr> is slower and races under TSan in libstdc++ 12.
template <class T>
class Published {
 public:
  std::shared_ptr<const T> get() const {
    const std::lock_guard lock(mutex_);
    return value_;
  }
  void set(std::shared_ptr<const T> value) {
    const std::lock_guard lock(mutex_);
    value_ = std::move(value);
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const T> value_;
};

}  // namespace rightslice::host
