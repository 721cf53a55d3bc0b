// Errors as values. An exception in this program means a bug or no memory.
#pragma once
#include <string>
#include <tl/expected.hpp>

namespace rightslice {

/// What went wrong, for a person, and where.
struct Error {
  std::string message;  ///< One sentence without a trailing period: what is wrong and, where known, the remedy.
  std::string where;    ///< "file:line:column", a JSON pointer, or empty.
};

template <class T>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> fail(std::string message, std::string where = {}) {
  return tl::unexpected<Error>(Error{std::move(message), std::move(where)});
}

}  // namespace rightslice
