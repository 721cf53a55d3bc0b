// Flags that take a length of time.
#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "cli/flags.hpp"

namespace rightslice::cli {

/// "5s", "2m", "1h", or seconds without a unit; "1500ms" is no whole second and refused.
std::optional<std::chrono::seconds> parseSeconds(std::string_view text);

/// Its default is what `target` holds; less than `least` is refused.
Flag& durationFlag(Flags& flags, std::chrono::seconds& target, std::string name, std::string help, std::chrono::seconds least = std::chrono::seconds(0));

}  // namespace rightslice::cli
