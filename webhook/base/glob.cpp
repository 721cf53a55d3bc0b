#include "base/glob.hpp"

#include <algorithm>

#include "base/ascii.hpp"

namespace rightslice {

bool globMatches(std::string_view pattern, std::string_view text, bool ignoreCase) {
  constexpr std::size_t kNone = std::string_view::npos;
  const auto same = [ignoreCase](char a, char b) { return ignoreCase ? lowerAscii(a) == lowerAscii(b) : a == b; };
  std::size_t p = 0;
  std::size_t t = 0;
  // Only the last star needs a second try: whatever an earlier one could take more, the last one can take as well.
  std::size_t star = kNone;
  std::size_t starText = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      starText = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || same(pattern[p], text[t]))) {
      ++p;
      ++t;
    } else if (star != kNone) {
      p = star + 1;
      t = ++starText;
    } else {
      return false;
    }
  }
  return std::all_of(pattern.begin() + static_cast<std::ptrdiff_t>(p), pattern.end(), [](char c) { return c == '*'; });
}

int globLiteralCount(std::string_view pattern) {
  return static_cast<int>(std::count_if(pattern.begin(), pattern.end(), [](char c) { return c != '*' && c != '?'; }));
}

bool globIsExact(std::string_view pattern) { return pattern.find_first_of("*?") == std::string_view::npos; }

}  // namespace rightslice
