// The fewest GPUs of one product that hold a set of asks. Pure and deterministic: work is bounded by steps, never by a clock.
#pragma once
#include <cstdint>
#include <vector>

#include "observe/plan/cutting.hpp"

namespace rightslice::observe::plan {

/// Asks that are alike. The slices of one are never split over GPUs; a row without slices asks for nothing.
struct Ask {
  Slices slices;
  std::int64_t count = 0;
};

/// GPUs that hold the same.
struct Load {
  std::vector<std::int64_t> asks;   ///< how many of each ask (by its index) one of them holds
  Slices slices;                    ///< the same in slices
  std::int64_t gpus = 0;
};

struct Packing {
  std::vector<Load> loads;              ///< hold exactly what was asked for, without `impossible`
  std::int64_t gpus = 0;                ///< of all loads
  /// No cutting does with fewer: where it equals `gpus`, they are the fewest; else the difference is the gap.
  std::int64_t atLeast = 0;
  std::vector<std::size_t> impossible;  ///< asks that no GPU of the product can hold
  bool exact() const { return gpus == atLeast; }
};

/// `steps` bounds each search after the bound and a first solution are known.
Packing pack(const Cutting& cutting, const std::vector<Ask>& asks, std::int64_t steps = 50'000);

}  // namespace rightslice::observe::plan
