// Globs as policies write them: `*` any run of characters, `?` one character; everything else is literal.
#pragma once
#include <string_view>

namespace rightslice {

/// Linear in pattern x text, no recursion. `?` counts one byte; ignoreCase folds ASCII only.
bool globMatches(std::string_view pattern, std::string_view text, bool ignoreCase = false);

/// Number of characters of the pattern that are neither `*` nor `?`: how specific it is.
int globLiteralCount(std::string_view pattern);

/// True if the pattern has no `*` and no `?`.
bool globIsExact(std::string_view pattern);

}  // namespace rightslice
