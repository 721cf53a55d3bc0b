#include "policy/script_edit.hpp"

#include "base/ascii.hpp"
#include "model/flag_table.hpp"

namespace rightslice::policy {
namespace {

bool isNameChar(char c) { return c == '_' || isDigitAscii(c) || (lowerAscii(c) >= 'a' && lowerAscii(c) <= 'z'); }
/// What may stand in a value without meaning anything to a shell.
bool isPlain(char c) { return isNameChar(c) || c == '.' || c == '-' || c == '+' || c == ':' || c == '/'; }
bool startsWord(std::string_view text, std::size_t at) {
  return at == 0 || std::string_view(" \t\n\r\"'").find(text[at - 1]) != std::string_view::npos;
}

/// Past blanks and lines that a backslash joins.
std::size_t skipBlanks(std::string_view text, std::size_t at) {
  while (at < text.size()) {
    if (text[at] == ' ' || text[at] == '\t') ++at;
    else if (text.substr(at, 2) == "\\\n") at += 2;
    else if (text.substr(at, 3) == "\\\r\n") at += 3;
    else break;
  }
  return at;
}

/// The end of the flag's own name from `at` on.
std::size_t endOfFlag(std::string_view text, std::size_t at) {
  while (at < text.size() && (isNameChar(text[at]) || text[at] == '-')) ++at;
  return at;
}

}  // namespace

std::string_view referenced(std::string_view text) {
  std::string_view name;
  if (text.starts_with("$(") && text.ends_with(")")) name = text.substr(2, text.size() - 3);
  else if (text.starts_with("${") && text.ends_with("}")) name = text.substr(2, text.size() - 3);
  else if (text.starts_with("$")) name = text.substr(1);
  if (name.empty() || isDigitAscii(name[0])) return {};
  for (const char c : name) {
    if (!isNameChar(c)) return {};
  }
  return name;
}

std::size_t references(std::string_view text, std::string_view name) {
  std::size_t count = 0;
  for (std::size_t at = text.find(name); at != std::string_view::npos; at = text.find(name, at + 1)) {
    const std::size_t end = at + name.size();
    const bool whole = end == text.size() || !isNameChar(text[end]);
    const bool plain = at >= 1 && text[at - 1] == '$';
    const bool braced = at >= 2 && text[at - 2] == '$' && (text[at - 1] == '{' || text[at - 1] == '(');
    if (whole && (plain || braced)) ++count;
  }
  return count;
}

std::optional<std::size_t> flagInScript(std::string_view script, std::string_view canonicalFlag) {
  std::optional<std::size_t> found;
  for (std::size_t at = script.find('-'); at != std::string_view::npos; at = script.find('-', at)) {
    const std::size_t end = endOfFlag(script, at);
    const bool same = startsWord(script, at) && model::canonicalFlag(script.substr(at, end - at)) == canonicalFlag;
    if (same && found) return std::nullopt;
    if (same) found = at;
    at = end > at ? end : at + 1;
  }
  return found;
}

std::optional<Stretch> valueInScript(std::string_view script, std::string_view canonicalFlag) {
  const auto flag = flagInScript(script, canonicalFlag);
  if (!flag) return std::nullopt;
  std::size_t at = endOfFlag(script, *flag);
  if (at < script.size() && script[at] == '=') ++at;
  else at = skipBlanks(script, at);
  char quote = '\0';
  if (at < script.size() && (script[at] == '"' || script[at] == '\'')) quote = script[at++];
  const std::size_t start = at;
  if (at < script.size() && script[at] == '$' && quote != '\'') {
    const char open = at + 1 < script.size() ? script[at + 1] : '\0';
    if (open == '(' || open == '{') {
      at = script.find(open == '(' ? ')' : '}', at);
      if (at == std::string_view::npos) return std::nullopt;
      ++at;
    } else {
      ++at;
      while (at < script.size() && isNameChar(script[at])) ++at;
    }
    if (referenced(script.substr(start, at - start)).empty()) return std::nullopt;
  } else {
    while (at < script.size() && isPlain(script[at])) ++at;
  }
  if (at == start || script[start] == '-') return std::nullopt;
  constexpr std::string_view kEnds = " \t\n\r;&|)\\\"'";  // a quote may end the string that the command stands in
  const bool ends = at == script.size() || (quote != '\0' ? script[at] == quote : kEnds.find(script[at]) != std::string_view::npos);
  return ends ? std::optional(Stretch{start, at - start}) : std::nullopt;
}

}  // namespace rightslice::policy
