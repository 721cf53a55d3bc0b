#include "policy/diagnostic.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "json/utf8.hpp"

namespace rightslice::policy {
namespace {

using json::printable;

/// The part of a long line (JSON on one line) that is shown, and the column within it.
struct Shown {
  std::string_view line;
  int column;
};
Shown around(std::string_view line, int column) {
  constexpr std::size_t kWidest = 200, kBefore = 100;
  if (line.size() <= kWidest) return {line, column};
  const std::size_t at = column > 0 ? std::min(static_cast<std::size_t>(column - 1), line.size()) : 0;
  std::size_t start = at > kBefore ? at - kBefore : 0;
  const auto continues = [&](std::size_t i) { return i < line.size() && (static_cast<unsigned char>(line[i]) & 0xC0U) == 0x80U; };
  while (start < at && continues(start)) ++start;
  std::size_t end = std::min(start + kWidest, line.size());
  while (end > at && continues(end)) --end;
  return {line.substr(start, end - start), column - static_cast<int>(start)};
}

/// What stands before the caret: as wide as the text above it. Tabs stay tabs, a UTF-8 sequence is one column.
std::string caretIndent(std::string_view line, int column) {
  std::string indent;
  const std::size_t bytes = column > 0 ? static_cast<std::size_t>(column - 1) : 0;
  for (const char c : line.substr(0, bytes)) {
    const bool continuation = (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
    if (!continuation) indent.push_back(c == '\t' ? '\t' : ' ');
  }
  return indent;
}

}  // namespace

std::string Diagnostic::text() const {
  std::string place = printable(file);
  if (line > 0) place += fmt::format(":{}", line);
  if (line > 0 && column > 0) place += fmt::format(":{}", column);
  if (!place.empty()) place += ": ";
  std::string out = fmt::format("{}{}: {} [{}]", place, warning ? "warning" : "error", printable(message), code);
  if (snippet.empty()) return out;
  const Shown shown = around(snippet, column);
  out += "\n" + printable(shown.line);
  if (column > 0) out += "\n" + caretIndent(shown.line, shown.column) + "^";
  return out;
}

}  // namespace rightslice::policy
