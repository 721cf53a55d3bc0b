// How names of models, formats and flags are compared: ASCII letters without case.
#pragma once
#include <string>
#include <string_view>

#include "base/ascii.hpp"

namespace rightslice::model {

inline std::string lowered(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = lowerAscii(c);
  return result;
}

inline bool equalsIgnoringCase(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (lowerAscii(a[i]) != lowerAscii(b[i])) return false;
  }
  return true;
}

/// Where `part` stands in `text`, or npos.
inline std::size_t findIgnoringCase(std::string_view text, std::string_view part) {
  for (std::size_t at = 0; at + part.size() <= text.size(); ++at) {
    if (equalsIgnoringCase(text.substr(at, part.size()), part)) return at;
  }
  return std::string_view::npos;
}

}  // namespace rightslice::model
