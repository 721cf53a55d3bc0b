#include "policy/diagnostic.hpp"

#include <fmt/format.h>

namespace rightslice::policy {
namespace {

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
  std::string place = file;
  if (line > 0) place += fmt::format(":{}", line);
  if (line > 0 && column > 0) place += fmt::format(":{}", column);
  if (!place.empty()) place += ": ";
  std::string out = fmt::format("{}{}: {} [{}]", place, warning ? "warning" : "error", message, code);
  if (snippet.empty()) return out;
  out += "\n" + snippet;
  if (column > 0) out += "\n" + caretIndent(snippet, column) + "^";
  return out;
}

}  // namespace rightslice::policy
