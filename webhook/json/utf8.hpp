// UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace rightslice::json {

/// Length of the longest valid beginning; text.size() if all is valid.
std::size_t validUtf8Prefix(std::string_view text);

/// Length of the valid sequence at the start of `text`, 0 if there is none.
std::size_t utf8SequenceLength(std::string_view text);

/// What a terminal can be trusted with: bytes that are no UTF-8, control characters (U+0080 to U+009F too: U+009B begins an
/// escape sequence) and marks that end or turn a line become '?'. A tab stays, a line feed becomes a blank.
std::string printable(std::string_view text);

}  // namespace rightslice::json
