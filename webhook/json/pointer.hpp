// JSON pointers (RFC 6901).
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rightslice::json {

/// The unescaped tokens of "" or "/a/b~1c"; nothing if it is no pointer.
std::optional<std::vector<std::string>> pointerTokens(std::string_view pointer);

/// "0" or digits without a leading zero; nothing for anything else, "-" included.
std::optional<std::size_t> arrayIndex(std::string_view token);

}  // namespace rightslice::json
