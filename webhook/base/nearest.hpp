// The suggestion behind "did you mean".
#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace rightslice {

/// The candidate with the smallest edit distance (Damerau-Levenshtein, ASCII case folded), the first of equals.
/// Nothing if the best is further than `maxDistance` (-1: a third of the longer word, at least 1).
std::optional<std::string> nearest(std::string_view word, std::span<const std::string> candidates, int maxDistance = -1);

}  // namespace rightslice
