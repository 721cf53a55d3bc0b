#include "model/disclosure.hpp"

#include <algorithm>

#include "base/ascii.hpp"

namespace rightslice::model {
namespace {

constexpr std::size_t kMostShown = 80;
constexpr std::string_view kBlanks = " \t\r\n";

bool isNameChar(char c) { return c == '_' || isDigitAscii(c) || (lowerAscii(c) >= 'a' && lowerAscii(c) <= 'z'); }

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kBlanks);
  return first == std::string_view::npos ? std::string_view() : text.substr(first);
}

}  // namespace

std::string withoutCredentials(std::string_view text) {
  const std::size_t scheme = text.find("://");
  if (scheme == std::string_view::npos || scheme == 0) return std::string(text);
  const std::string_view name = text.substr(0, scheme);
  const auto inScheme = [](char c) { return isNameChar(c) || c == '+' || c == '-' || c == '.'; };
  if (!std::all_of(name.begin(), name.end(), inScheme)) return std::string(text);
  const std::size_t start = scheme + 3;
  std::string_view rest = text.substr(start);
  rest = rest.substr(0, rest.find_first_of("?#"));
  const std::string_view place = rest.substr(0, rest.find('/'));
  if (const std::size_t at = place.rfind('@'); at != std::string_view::npos) rest.remove_prefix(at + 1);
  return std::string(text.substr(0, start)).append(rest);
}

std::string toldReference(std::string_view written) {
  if (written.starts_with("${")) {
    std::size_t end = 2;
    while (end < written.size() && isNameChar(written[end])) ++end;
    return end == 2 ? "${...}" : std::string(written.substr(0, end)) + "}";
  }
  const bool substitution = written.starts_with("$(");
  if (!substitution && !written.starts_with('`')) return std::string(written.substr(0, kMostShown));
  const std::string_view inside = trimmed(written.substr(substitution ? 2 : 1));
  const std::string_view word = inside.substr(0, inside.find_first_of(" \t\r\n|;&<>`)"));
  const bool plain = std::all_of(word.begin(), word.end(), [](char c) { return isNameChar(c) || c == '-' || c == '.' || c == '/'; });
  std::string_view after = word.size() < inside.size() ? trimmed(inside.substr(word.size())) : std::string_view();
  const bool whole = plain && (after == ")" || after == "`" || after.empty());
  const std::string name(plain ? word.substr(0, kMostShown) : std::string_view());
  if (whole) return substitution ? "$(" + name + ")" : "`" + name + "`";
  const std::string some = name.empty() ? "..." : name + " ...";
  return substitution ? "$(" + some + ")" : "`" + some + "`";
}

std::string toldWord(std::string_view text) {
  text = trimmed(text);
  text = text.substr(0, text.find_first_of(" \t\r\n="));
  return std::string(text.substr(0, kMostShown));
}

}  // namespace rightslice::model
