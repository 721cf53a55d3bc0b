#include "cli/terminal.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "base/ascii.hpp"
#include "cli/program_name.hpp"
#include "json/utf8.hpp"

namespace rightslice::cli {

namespace {

int outputError = 0;  // errno of the first write that failed

std::size_t codePoints(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

/// Newlines and tabs part words; other control characters (an object's name may hold an escape sequence) become '?'.
std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> result(1);
  for (const char c : text) {
    if (c == ' ' || c == '\n' || c == '\t' || c == '\r') {
      if (!result.back().empty()) result.emplace_back();
    } else {
      result.back() += c;
    }
  }
  if (result.back().empty()) result.pop_back();
  for (std::string& word : result) word = json::printable(word);
  return result;
}

}  // namespace

void print(std::string_view text) {
  if (outputError != 0 || text.empty()) return;
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size()) outputError = errno;
}

void printError(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stderr); }

void complain(std::string_view text) { printError(fmt::format("rightslice: {}\n", json::printable(asCalled(text)))); }

bool finishOutput() {
  if (std::fflush(stdout) != 0 && outputError == 0) outputError = errno;
  if (outputError == 0 || outputError == EPIPE) return true;
  complain(fmt::format("cannot write the results: {}", std::strerror(outputError)));
  return false;
}

std::string Style::paint(Colour colour, std::string_view text) const {
  if (!colours || colour == Colour::None) return std::string(text);
  static constexpr const char* kCodes[] = {"0", "1;31", "1;33", "1;32", "36", "1", "2"};
  return fmt::format("\x1b[{}m{}\x1b[0m", kCodes[static_cast<std::size_t>(colour)], text);
}

Style Style::ofOutput() {
  Style style;
  if (isatty(STDOUT_FILENO) == 0) return style;
  const char* noColour = std::getenv("NO_COLOR");
  const char* terminal = std::getenv("TERM");
  style.colours =
      (noColour == nullptr || *noColour == '\0') && (terminal == nullptr || std::string_view(terminal) != "dumb");
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
    style.width = std::clamp<std::size_t>(size.ws_col, 40, 120);
  return style;
}

bool errorIsTerminal() { return isatty(STDERR_FILENO) != 0; }

std::string upper(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), upperAscii);
  return result;
}

std::string wrap(std::string_view text, std::size_t width, std::string_view first, std::string_view indent) {
  std::string result(first);
  std::size_t column = codePoints(first);
  bool lineIsEmpty = true;
  for (const std::string& word : words(text)) {
    const std::size_t length = codePoints(word);
    if (!lineIsEmpty && column + 1 + length > width) {
      result += '\n';
      result += indent;
      column = codePoints(indent);
      lineIsEmpty = true;
    }
    if (!lineIsEmpty) {
      result += ' ';
      ++column;
    }
    result += word;
    column += length;
    lineIsEmpty = false;
  }
  return result + '\n';
}

std::string table(const std::vector<std::vector<std::string>>& rows, const std::vector<std::size_t>& rightAligned,
                  std::string_view indent) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], codePoints(row[i]));
  }
  std::string result;
  for (const auto& row : rows) {
    std::string line(indent);
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string padding(widths[i] - codePoints(row[i]), ' ');
      const bool right = std::find(rightAligned.begin(), rightAligned.end(), i) != rightAligned.end();
      line += (i == 0 ? "" : "  ") + (right ? padding + row[i] : row[i] + padding);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    result += line + '\n';
  }
  return result;
}

Progress::Progress(std::size_t total) : total_(total), active_(total >= 20 && errorIsTerminal()) {}
Progress::~Progress() { clear(); }

void Progress::step(std::string_view what) {
  ++done_;
  if (!active_ || (done_ % 10 != 1 && done_ != total_)) return;
  if (what.size() > 50) what = what.substr(what.size() - 50);
  // Some work shows only on the way how much there is of it.
  const std::string of = done_ <= total_ ? fmt::format("/{}", total_) : "";
  printError(fmt::format("\r\x1b[K{}{} {}", done_, of, what));
  shown_ = true;
}

void Progress::clear() {
  if (shown_) printError("\r\x1b[K");
  shown_ = false;
}

}  // namespace rightslice::cli
