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

}  // namespace rightslice::model
