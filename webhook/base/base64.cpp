#include "base/base64.hpp"

#include <cstdint>

namespace rightslice {

std::string base64(std::string_view bytes) {
  static constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t left = bytes.size() - i;
    const auto byteAt = [&](std::size_t offset) -> std::uint32_t {
      return offset < left ? static_cast<std::uint8_t>(bytes[i + offset]) : 0U;
    };
    const std::uint32_t group = byteAt(0) << 16U | byteAt(1) << 8U | byteAt(2);
    out += kAlphabet[group >> 18U & 63U];
    out += kAlphabet[group >> 12U & 63U];
    out += left > 1 ? kAlphabet[group >> 6U & 63U] : '=';
    out += left > 2 ? kAlphabet[group & 63U] : '=';
  }
  return out;
}

}  // namespace rightslice
