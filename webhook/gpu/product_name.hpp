// Product names as they are compared.
#pragma once
#include <string>
#include <string_view>

namespace rightslice::gpu {

/// ProductName::normalised(ProductName::parse(text).base), in one go.
std::string normalisedBase(std::string_view text);

}  // namespace rightslice::gpu
