// Where a history is, as people write it. Pure.
#pragma once
#include <string>

#include "base/error.hpp"

namespace rightslice::observe::history {

struct Address {
  enum class Kind { File, Postgres };
  Kind kind = Kind::File;
  std::string place;        ///< path of the file; the URL
  std::string shown;        ///< for messages: no password, no user, no parameters
};

/// A path, sqlite:PATH, sqlite:///absolute/path, postgres:// or postgresql://. An error never quotes what may hold a password.
Result<Address> addressOf(const std::string& text);

}  // namespace rightslice::observe::history
