#include "base/digest.hpp"

#include <fmt/format.h>

namespace rightslice {
namespace {

// FNV-1a: http://www.isthe.com/chongo/tech/comp/fnv/
constexpr std::uint64_t kPrime = 1099511628211ULL;

}  // namespace

Digest& Digest::add(std::string_view part) {
  for (const char c : part) {
    state_ = (state_ ^ static_cast<unsigned char>(c)) * kPrime;
  }
  for (std::uint64_t length = part.size(), i = 0; i < 8; ++i, length >>= 8) {
    state_ = (state_ ^ (length & 0xFF)) * kPrime;
  }
  return *this;
}

std::string Digest::hex() const { return fmt::format("{:016x}", state_); }

}  // namespace rightslice
