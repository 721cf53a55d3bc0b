// Reading files that a server looks at again and again.
#pragma once
#include <cstddef>
#include <string>

#include "base/error.hpp"

namespace rightslice::host {

/// All of a regular file of at most `most` bytes; Error.where is the path. Never waits: a pipe, a socket or a terminal, which may have
/// nothing to say for ever and says what it has only once, is an error.
Result<std::string> readRegularFile(const std::string& path, std::size_t most);

}  // namespace rightslice::host
