// A short identity of content: tells versions of a policy set or catalogue apart. Not a cryptographic hash.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace rightslice {

/// FNV-1a, 64 bit; the same on every machine. Each part is followed by its length, so "ab","c" differs from "a","bc".
class Digest {
 public:
  Digest& add(std::string_view part);
  std::string hex() const;  ///< 16 lower-case hexadecimal digits.
  std::uint64_t value() const { return state_; }

 private:
  std::uint64_t state_ = 14695981039346656037ULL;
};

}  // namespace rightslice
