// What PyTorch's allocator charges for tensors beyond their bytes.
#pragma once
#include <algorithm>
#include <array>
#include <cstddef>

#include "base/bytes.hpp"

namespace rightslice::model {

/// Follows c10/cuda/CUDACachingAllocator.cpp of PyTorch 2: a tensor from 10 MiB on gets a segment rounded up to 2 MiB,
/// a smaller one above 1 MiB a part of a segment of 20 MiB; a rest of more than 1 MiB is split off and used again, a
/// smaller one stays part of the tensor and counts as allocated. That is the whole of the "2 MiB per layer" by which
/// Qwen2-7B exceeds its parameters.
class CachingAllocator {
 public:
  /// `smallest`: tensors below it never come, so rests below it need not be kept.
  explicit CachingAllocator(Bytes smallest) : smallest_(smallest) {}

  /// What one tensor adds to the allocated bytes.
  Bytes take(Bytes size) {
    size = ceilDiv(size, 512) * 512;
    if (size <= kMiB) return size;
    std::size_t best = count_;
    for (std::size_t i = 0; i < count_; ++i) {
      if (rests_[i] >= size && (best == count_ || rests_[i] < rests_[best])) best = i;
    }
    Bytes block = size < 10 * kMiB ? 20 * kMiB : ceilDiv(size, 2 * kMiB) * 2 * kMiB;
    if (best < count_) {
      block = rests_[best];
      rests_[best] = rests_[--count_];
    }
    const Bytes rest = block - size;
    if (rest <= kMiB) return block;
    if (rest >= smallest_ && count_ < rests_.size()) rests_[count_++] = rest;
    return size;
  }

 private:
  Bytes smallest_;
  std::array<Bytes, 24> rests_{};
  std::size_t count_ = 0;
};

}  // namespace rightslice::model
