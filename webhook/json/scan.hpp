// Where things stand in a JSON text: tokens with their places, for what the parser does not tell.
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "json/yaml.hpp"

namespace rightslice::json {

struct Token {
  char kind = 0;  ///< One of {}[],: or '"' for a string, '0' for any other scalar.
  std::size_t offset = 0;
  std::string_view text;  ///< With the quotes of a string.
};

/// Splits a JSON text into tokens. Checks nothing: meant for text that the parser has accepted, harmless on any other.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}
  std::optional<Token> next();

 private:
  std::string_view text_;
  std::size_t at_ = 0;
};

struct DuplicateKey {
  std::string key;
  std::size_t offset = 0;  ///< Of the second occurrence.
};

/// The first in document order of a valid JSON text.
std::optional<DuplicateKey> findDuplicateKey(std::string_view text);

/// The places of all keys and values of the valid JSON text of `length` bytes that stands at `start` in `whole`.
Marks jsonMarks(std::string_view whole, const Mark& start, std::size_t length);

/// Length of the first value of `text` (which starts with it), by its brackets.
std::size_t firstValueLength(std::string_view text);

}  // namespace rightslice::json
