// A change of a text as a unified diff, as patch -p1 and git apply take it.
#pragma once
#include <string>
#include <vector>

#include "cli/text_edit.hpp"

namespace rightslice::cli {

/// What applyEdits does to the text, with three lines around each change (POSIX diff -u; names as git writes them, a/NAME and b/NAME).
/// Nothing is searched for: the edits say what changes. Empty where they change nothing. `name`: of the file, relative.
std::string unifiedDiff(const std::string& name, const std::string& before, std::vector<TextEdit> edits);

}  // namespace rightslice::cli
