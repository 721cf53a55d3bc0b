#include "base/nearest.hpp"

#include <algorithm>
#include <vector>

#include "base/ascii.hpp"

namespace rightslice {
namespace {

/// Optimal string alignment (Damerau-Levenshtein with adjacent transpositions), in three rows.
std::size_t editDistance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> beforeLast(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) {
    last[j] = j;
  }
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const auto at = [](std::string_view s, std::size_t k) { return lowerAscii(s[k - 1]); };
      const std::size_t substitution = at(a, i) == at(b, j) ? 0 : 1;
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + substitution});
      if (i > 1 && j > 1 && at(a, i) == at(b, j - 1) && at(a, i - 1) == at(b, j)) {
        row[j] = std::min(row[j], beforeLast[j - 2] + 1);
      }
    }
    beforeLast.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

}  // namespace

std::optional<std::string> nearest(std::string_view word, std::span<const std::string> candidates, int maxDistance) {
  const std::string* best = nullptr;
  std::size_t bestDistance = 0;
  for (const std::string& candidate : candidates) {
    const std::size_t longer = std::max(word.size(), candidate.size());
    const std::size_t shorter = std::min(word.size(), candidate.size());
    const std::size_t limit = maxDistance >= 0 ? static_cast<std::size_t>(maxDistance) : std::max<std::size_t>(1, longer / 3);
    // The difference in length is a lower bound; it also keeps a word of megabytes from costing anything.
    if (longer - shorter > limit || (best != nullptr && longer - shorter >= bestDistance)) {
      continue;
    }
    const std::size_t distance = editDistance(word, candidate);
    if (distance <= limit && (best == nullptr || distance < bestDistance)) {
      best = &candidate;
      bestDistance = distance;
    }
  }
  return best == nullptr ? std::nullopt : std::optional<std::string>(*best);
}

}  // namespace rightslice
