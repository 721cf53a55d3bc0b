#include "json/scan.hpp"

#include <algorithm>
#include <set>
#include <vector>

#include <fmt/format.h>

namespace rightslice::json {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";
constexpr std::string_view kStructure = "{}[],:";

std::size_t stringEnd(std::string_view text, std::size_t open) {
  std::size_t at = open + 1;
  while (at < text.size() && text[at] != '"') {
    at += text[at] == '\\' ? 2 : 1;
  }
  return std::min(at + 1, text.size());
}

std::string decoded(std::string_view quotedText) {
  if (quotedText.find('\\') != std::string_view::npos) {
    if (const auto document = Document::parse(quotedText)) {
      return std::string(document->root().stringOr(""));
    }
  }
  return quotedText.size() < 2 ? std::string() : std::string(quotedText.substr(1, quotedText.size() - 2));
}

/// Lines and columns for offsets that only grow.
class LineCounter {
 public:
  LineCounter(std::string_view text, const Mark& start)
      : text_(text), at_(start.offset), column_(start.column), line_(start.line) {}
  Mark at(std::size_t offset) {
    advance(offset);
    return {line_, column_, offset};
  }

 private:
  void advance(std::size_t offset) {
    for (; at_ < offset; ++at_) {
      const bool ends = text_[at_] == '\n';
      line_ += ends ? 1 : 0;
      column_ = ends ? 1 : column_ + 1;
    }
  }
  std::string_view text_;
  std::size_t at_;
  int column_;
  int line_;
};

}  // namespace

std::optional<Token> Scanner::next() {
  at_ = std::min(text_.find_first_not_of(kBlanks, at_), text_.size());
  if (at_ == text_.size()) {
    return std::nullopt;
  }
  const std::size_t start = at_;
  const char first = text_[start];
  if (kStructure.find(first) != std::string_view::npos) {
    ++at_;
    return Token{first, start, text_.substr(start, 1)};
  }
  if (first == '"') {
    at_ = stringEnd(text_, start);
    return Token{'"', start, text_.substr(start, at_ - start)};
  }
  at_ = std::min(text_.find_first_of(" \t\r\n{}[],:\"", start), text_.size());
  return Token{'0', start, text_.substr(start, at_ - start)};
}

std::optional<DuplicateKey> findDuplicateKey(std::string_view text) {
  Scanner scanner(text);
  std::vector<std::set<std::string, std::less<>>> keysOfOpen;  // arrays have one too, always empty
  std::optional<Token> last;
  while (const auto token = scanner.next()) {
    if (token->kind == '{' || token->kind == '[') {
      keysOfOpen.emplace_back();
    } else if ((token->kind == '}' || token->kind == ']') && !keysOfOpen.empty()) {
      keysOfOpen.pop_back();
    } else if (token->kind == ':' && last && !keysOfOpen.empty()) {
      std::string key = decoded(last->text);
      if (!keysOfOpen.back().insert(key).second) {
        return DuplicateKey{std::move(key), last->offset};
      }
    }
    last = token;
  }
  return std::nullopt;
}

Marks jsonMarks(std::string_view whole, const Mark& start, std::size_t length) {
  struct Level {
    bool array;
    std::size_t pointerLength;  ///< Of the container itself.
    std::size_t index = 0;
  };
  Marks marks;
  LineCounter counter(whole, start);
  Scanner scanner(whole.substr(start.offset, length));
  std::vector<Level> open;
  std::string pointer;
  Mark key;  // line 0: no key before the next value
  bool expectsKey = false;
  while (const auto token = scanner.next()) {
    switch (token->kind) {
      case '}':
      case ']':
        if (!open.empty()) {
          pointer.resize(open.back().pointerLength);
          open.pop_back();
        }
        expectsKey = false;
        break;
      case ',':
        if (!open.empty()) {
          ++open.back().index;
          expectsKey = !open.back().array;
        }
        break;
      case ':':
        break;
      default: {
        const Mark mark = counter.at(start.offset + token->offset);
        if (expectsKey && !open.empty()) {
          pointer.resize(open.back().pointerLength);
          pointer += '/' + escapeToken(decoded(token->text));
          key = mark;
          expectsKey = false;
          break;
        }
        if (!open.empty() && open.back().array) {
          pointer.resize(open.back().pointerLength);
          pointer += fmt::format("/{}", open.back().index);
        }
        marks.set(pointer, {key.line != 0 ? key : mark, mark});
        key = {};
        if (token->kind == '{' || token->kind == '[') {
          open.push_back({token->kind == '[', pointer.size()});
          expectsKey = token->kind == '{';
        }
      }
    }
  }
  return marks;
}

std::size_t firstValueLength(std::string_view text) {
  Scanner scanner(text);
  std::size_t depth = 0;
  while (const auto token = scanner.next()) {
    if (token->kind == '{' || token->kind == '[') {
      ++depth;
    } else if (token->kind == '}' || token->kind == ']') {
      depth -= depth > 0 ? 1 : 0;
    }
    if (depth == 0) {
      return token->offset + token->text.size();
    }
  }
  return text.size();
}

}  // namespace rightslice::json
