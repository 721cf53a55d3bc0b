// Memory that was freed and that the allocator keeps.
#pragma once
#include <algorithm>
#include <cstddef>

namespace rightslice::host {

/// Gives it back to the system. For after a large piece of work that is not done again soon: reading 10,000 policies leaves twice what they take.
/// Takes some milliseconds, in which other threads may have to wait to allocate. Thread-safe.
void releaseFreedMemory();

/// Says when a crowd has gone, and what it left is worth giving back: each connection holds some 35 KiB, and a heap full of holes keeps
/// them. For one thread, which asks now and then.
class Ebb {
 public:
  /// True once after the number fell by at least kCrowd, and to less than half, from the highest that was seen.
  bool fell(std::size_t count) {
    highest_ = std::max(highest_, count);
    if (highest_ - count < kCrowd || count > highest_ / 2) return false;
    highest_ = count;
    return true;
  }
  static constexpr std::size_t kCrowd = 256;

 private:
  std::size_t highest_ = 0;
};

}  // namespace rightslice::host
