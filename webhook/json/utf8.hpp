// UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF.
#pragma once
#include <cstddef>
#include <string_view>

namespace rightslice::json {

/// Length of the longest valid beginning; text.size() if all is valid.
std::size_t validUtf8Prefix(std::string_view text);

/// Length of the valid sequence at the start of `text`, 0 if there is none.
std::size_t utf8SequenceLength(std::string_view text);

}  // namespace rightslice::json
