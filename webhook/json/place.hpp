// Places in a text, as people count them.
#pragma once
#include <algorithm>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "json/yaml.hpp"

namespace rightslice::json {

/// Where `offset` is: lines and columns from 1, columns in bytes.
inline Mark markAt(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, offset);
  const auto lines = std::count(before.begin(), before.end(), '\n');
  const std::size_t lineStart = before.rfind('\n');  // npos + 1 is 0: the first line
  return {static_cast<int>(lines) + 1, static_cast<int>(before.size() - (lineStart + 1)) + 1, before.size()};
}

inline std::string placeText(const Mark& mark) { return fmt::format("{}:{}", mark.line, mark.column); }

}  // namespace rightslice::json
