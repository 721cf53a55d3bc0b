#include "json/utf8.hpp"

#include <cstdint>
#include <cstring>

namespace rightslice::json {

std::size_t utf8SequenceLength(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  if (text.empty()) {
    return 0;
  }
  const unsigned first = byte(0);
  if (first < 0x80) {
    return 1;
  }
  const std::size_t length = first >= 0xC2 && first <= 0xDF   ? 2
                             : first >= 0xE0 && first <= 0xEF ? 3
                             : first >= 0xF0 && first <= 0xF4 ? 4
                                                              : 0;
  if (length == 0 || text.size() < length) {
    return 0;
  }
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0U) != 0x80U) {
      return 0;
    }
  }
  // RFC 3629 section 4: the second byte excludes overlong forms, surrogates and what is above U+10FFFF.
  const unsigned second = byte(1);
  const bool excluded = (first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F) ||
                        (first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F);
  return excluded ? 0 : length;
}

std::size_t validUtf8Prefix(std::string_view text) {
  constexpr std::uint64_t kHighBits = 0x8080808080808080ULL;
  std::size_t at = 0;
  while (at < text.size()) {
    std::uint64_t word = 0;
    if (text.size() - at >= sizeof word) {
      std::memcpy(&word, text.data() + at, sizeof word);
      if ((word & kHighBits) == 0) {
        at += sizeof word;
        continue;
      }
    }
    const std::size_t length = utf8SequenceLength(text.substr(at));
    if (length == 0) {
      break;
    }
    at += length;
  }
  return at;
}

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t valid = utf8SequenceLength(text);
    const std::size_t length = valid == 0 ? 1 : valid;
    const std::string_view sequence = text.substr(0, length);
    const auto first = static_cast<unsigned char>(sequence[0]);
    const bool control = (first < 0x20 && first != '\t') || first == 0x7F || (sequence >= "\xC2\x80" && sequence <= "\xC2\x9F");
    // Line and paragraph separator, embeddings and overrides (U+2028 to U+202E), isolates (U+2066 to U+2069).
    const bool turns = (sequence >= "\xE2\x80\xA8" && sequence <= "\xE2\x80\xAE") ||
                       (sequence >= "\xE2\x81\xA6" && sequence <= "\xE2\x81\xA9");
    if (first == '\n') {
      out += ' ';
    } else if (control || turns || valid == 0) {
      out += '?';
    } else {
      out += sequence;
    }
    text.remove_prefix(length);
  }
  return out;
}

}  // namespace rightslice::json
