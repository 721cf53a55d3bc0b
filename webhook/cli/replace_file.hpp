// Writing over a file that people keep.
#pragma once
#include <string>

#include "base/error.hpp"

namespace rightslice::cli {

/// The file has this text afterwards, or is as it was: a new file is written beside it and put in its place. Its permissions stay, and
/// where the path is a link, what it leads to is replaced. An error where the file is not `before` any more. Error.where is the file.
Result<bool> replaceFile(const std::string& path, const std::string& before, const std::string& text);

}  // namespace rightslice::cli
