#include "base/base64.hpp"

#include <cstdint>

namespace rightslice {
namespace {
constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
}

std::string base64(std::string_view bytes) {
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

std::optional<std::string> fromBase64(std::string_view text) {
  std::string out;
  out.reserve(text.size() / 4 * 3);
  std::uint32_t group = 0;
  int sextets = 0, padding = 0;
  for (const char c : text) {
    if (c == '\n' || c == '\r') continue;
    const std::size_t value = c == '=' ? 0 : kAlphabet.find(c);
    if (value == std::string_view::npos || (padding > 0 && c != '=')) return std::nullopt;
    if (c == '=' && (++padding > 2 || sextets < 2)) return std::nullopt;
    group = group << 6U | static_cast<std::uint32_t>(value);
    if (++sextets < 4) continue;
    for (int i = 0; i < 3 - padding; ++i) out += static_cast<char>(group >> (16 - 8 * i) & 0xFFU);
    group = 0;
    sextets = padding > 0 ? -1 : 0;  // nothing may follow the padding
    if (sextets < 0) padding = 3;
  }
  if (sextets > 0) return std::nullopt;
  return out;
}

}  // namespace rightslice
