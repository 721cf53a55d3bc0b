// The reference of a container image, taken apart.
#pragma once
#include <string>
#include <string_view>

#include "model/spelling.hpp"

namespace rightslice::model {

struct Image {
  std::string name;  ///< without tag and digest, lower case
  std::string tag;
};

inline Image splitImage(std::string_view image) {
  image = image.substr(0, image.find('@'));
  const auto slash = image.rfind('/');
  const auto colon = image.rfind(':');
  if (colon == std::string_view::npos || (slash != std::string_view::npos && colon < slash))
    return {lowered(image), {}};
  return {lowered(image.substr(0, colon)), std::string(image.substr(colon + 1))};
}

}  // namespace rightslice::model
