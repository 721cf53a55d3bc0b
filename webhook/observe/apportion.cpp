#include "observe/apportion.hpp"

#include <algorithm>
#include <numeric>

#include "base/bytes.hpp"

namespace rightslice::observe {

std::vector<std::int64_t> apportion(std::int64_t total, const std::vector<std::int64_t>& weights) {
  const Int128 sum = std::accumulate(weights.begin(), weights.end(), Int128{0});
  std::vector<std::int64_t> out(weights.size(), 0), remainders(weights.size(), 0);
  if (sum == 0) return out;
  std::int64_t left = total;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const Int128 exact = static_cast<Int128>(total) * weights[i];
    out[i] = static_cast<std::int64_t>(exact / sum);
    remainders[i] = static_cast<std::int64_t>(exact % sum);
    left -= out[i];
  }
  std::vector<std::size_t> order(weights.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return remainders[a] > remainders[b]; });
  // Fewer are left than have a remainder: the remainders sum to left x sum, and each is below sum.
  for (std::size_t i = 0; left > 0; ++i, --left) ++out[order[i]];
  return out;
}

}  // namespace rightslice::observe
