#include "gpu/profile.hpp"

#include <array>
#include <charconv>

#include "base/ascii.hpp"

namespace rightslice::gpu {
namespace {

constexpr std::size_t kMaxDigits = 5;

bool isLower(char c) { return c >= 'a' && c <= 'z'; }

/// A decimal number at the front, taken off. Leading zeros are refused, so that every value has one spelling.
std::optional<int> takeNumber(std::string_view& text) {
  std::size_t digits = 0;
  int value = 0;
  while (digits < text.size() && isDigitAscii(text[digits])) {
    if (digits == kMaxDigits) return std::nullopt;
    value = value * 10 + (text[digits] - '0');
    ++digits;
  }
  if (digits == 0 || (digits > 1 && text[0] == '0')) return std::nullopt;
  text.remove_prefix(digits);
  return value;
}

bool take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

/// One attribute. "shared" is none: it is how the device plugin marks a time-sliced resource.
bool isAttribute(std::string_view word) {
  if (word.empty() || !isLower(word[0]) || word == "all" || word == "shared") return false;
  for (const char c : word) {
    if (!isLower(c) && !isDigitAscii(c)) return false;
  }
  return true;
}

/// "me,gfx" or "me.all" -> "+...": words between separators; "all" belongs to the word before it ("me.all").
std::optional<std::string> positiveAttributes(std::string_view text) {
  std::string result = "+";
  bool first = true;
  bool afterAll = false;
  while (true) {
    const std::size_t end = text.find_first_of(".,");
    const std::string_view word = text.substr(0, end);
    if (word == "all" && !first && !afterAll) {
      result += ".all";
      afterAll = true;
    } else if (isAttribute(word)) {
      if (!first) result += ',';
      result += word;
      afterAll = false;
    } else {
      return std::nullopt;
    }
    first = false;
    if (end == std::string_view::npos) return result;
    text.remove_prefix(end + 1);
  }
}

std::optional<std::string> attributesOf(std::string_view text) {
  if (text.empty()) return "";
  const char sign = text[0];
  text.remove_prefix(1);
  if (sign == '-') return isAttribute(text) ? std::optional("-" + std::string(text)) : std::nullopt;
  if (sign == '+' || sign == '.') return positiveAttributes(text);
  return std::nullopt;
}

}  // namespace

std::optional<ProfileName> ProfileName::parse(std::string_view text) {
  ProfileName name;
  std::optional<int> slices = takeNumber(text);
  if (slices && take(text, "c.")) {
    name.computeInstanceSlices = *slices;
    slices = takeNumber(text);
    // A compute instance is a part of its GPU instance.
    if (name.computeInstanceSlices == 0 || !slices || name.computeInstanceSlices > *slices) return std::nullopt;
  }
  if (!slices || *slices == 0 || !take(text, "g.")) return std::nullopt;
  name.computeSlices = *slices;
  const std::optional<int> gb = takeNumber(text);
  if (!gb || !take(text, "gb")) return std::nullopt;
  name.nominalGb = *gb;
  std::optional<std::string> attributes = attributesOf(text);
  if (!attributes) return std::nullopt;
  name.attributes = std::move(*attributes);
  return name;
}

std::string ProfileName::text() const {
  // Not fmt: it is asked for many times a review.
  std::string out;
  const auto put = [&out](int number, const char* unit) {
    std::array<char, 12> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number);
    out.append(digits.data(), end.ptr).append(unit);
  };
  if (computeInstanceSlices > 0) put(computeInstanceSlices, "c.");
  put(computeSlices, "g.");
  put(nominalGb, "gb");
  return out.append(attributes);
}

std::string ProfileName::resourceSuffix() const {
  std::string suffix = text();
  for (char& c : suffix) {
    if (c == '+' || c == ',') c = '.';
  }
  return suffix;
}

}  // namespace rightslice::gpu
