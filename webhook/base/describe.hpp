// An error as people read it, in a log line or on a terminal.
#pragma once
#include <string>

#include "base/error.hpp"

namespace rightslice {

/// "where: message", or the message alone.
inline std::string describe(const Error& error) { return error.where.empty() ? error.message : error.where + ": " + error.message; }

}  // namespace rightslice
