// Shares of a whole that add up to it: the method of the largest remainder.
#pragma once
#include <cstdint>
#include <vector>

namespace rightslice::observe {

/// `total` (0 or more) parted by `weights` (0 or more, with a sum above 0 that fits), so that the parts sum to it exactly and each is
/// within one unit of its exact share; a weight of 0 gets 0. What rounding leaves goes to the largest remainders, of equal ones to the first.
std::vector<std::int64_t> apportion(std::int64_t total, const std::vector<std::int64_t>& weights);

}  // namespace rightslice::observe
