// Pieces of a JSON text that cannot be read as a whole, told apart by brackets and quotes alone. Whoever wants to know that a piece is sound
// parses it. Iterative, and in one pass: no text exhausts the stack, or takes longer than its length.
#pragma once
#include <optional>
#include <string_view>
#include <vector>

namespace rightslice::json {

/// The value of the member of that name in the object that `text` is; nothing if it has none, or more than one, or is no object. Keys with escapes
/// are not looked into.
std::optional<std::string_view> memberText(std::string_view text, std::string_view key);

/// The elements of the array that `text` is; nothing if it is none.
std::optional<std::vector<std::string_view>> elementTexts(std::string_view text);

}  // namespace rightslice::json
