// Letters of ASCII, without a locale.
#pragma once

namespace rightslice {

constexpr char lowerAscii(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
constexpr char upperAscii(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }
constexpr bool isDigitAscii(char c) { return c >= '0' && c <= '9'; }

}  // namespace rightslice
