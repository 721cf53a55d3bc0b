// The version of the program.
#pragma once
#include <string_view>

namespace rightslice::cli {

/// Kept equal to the CMake project's version by tests/golden.
constexpr std::string_view version() { return "0.1.0"; }

}  // namespace rightslice::cli
