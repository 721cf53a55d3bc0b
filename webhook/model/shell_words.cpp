#include "model/shell_words.hpp"

#include <algorithm>
#include <charconv>

namespace rightslice::model {

struct ShellWords::Building {
  std::vector<ShellWord> done;
  ShellWord word;
  bool hasWord = false;
  void add(char c) {
    word.text += c;
    hasWord = true;
  }
  void unknown(std::string_view what) {
    word.text += what;
    word.known = false;
    if (word.unknown.empty()) word.unknown = what;
    hasWord = true;
  }
  void split() {
    if (hasWord) done.push_back(std::move(word));
    word = ShellWord();
    hasWord = false;
  }
};

/// From here to the end of the word; unquoted expansions split it at blanks.
std::vector<ShellWord> ShellWords::expandWord() {
  Building b;
  while (at_ < in_.size()) {
    const char c = in_[at_];
    if (isShellBlank(c) || c == '\n' || c == ';' || c == '|' || c == '&' || c == '(' || c == ')' || c == '<' || c == '>')
      break;
    if (c == '\'') {
      const std::size_t end = std::min(in_.find('\'', at_ + 1), in_.size());
      b.word.text += in_.substr(at_ + 1, end - at_ - 1);
      b.hasWord = true;
      at_ = std::min(end + 1, in_.size());
    } else if (c == '"') {
      readDoubleQuoted(b);
    } else if (c == '\\') {
      if (in_.substr(at_ + 1).starts_with("\n") || in_.substr(at_ + 1).starts_with("\r\n")) {
        at_ += in_[at_ + 1] == '\n' ? 2 : 3;
        continue;
      }
      if (at_ + 1 < in_.size()) b.add(in_[at_ + 1]);
      at_ = std::min(at_ + 2, in_.size());
    } else if (c == '$' || c == '`') {
      expandDollar(b, false);
    } else {
      b.add(c);
      ++at_;
    }
  }
  b.split();
  return std::move(b.done);
}

void ShellWords::readDoubleQuoted(Building& b) {
  b.hasWord = true;
  ++at_;
  while (at_ < in_.size() && in_[at_] != '"') {
    const char c = in_[at_];
    if (c == '\\' && at_ + 1 < in_.size()) {
      const char next = in_[at_ + 1];
      if (next == '\n') {
      } else if (next == '"' || next == '\\' || next == '$' || next == '`') {
        b.add(next);
      } else {
        b.add(c);
        b.add(next);
      }
      at_ += 2;
    } else if (c == '$' || c == '`') {
      expandDollar(b, true);
    } else {
      b.add(c);
      ++at_;
    }
  }
  if (at_ < in_.size()) ++at_;
}

void ShellWords::put(Building& b, const std::string& text, bool quoted) {
  b.hasWord = b.hasWord || quoted;
  output_ += text.size();
  for (const char c : text) {
    if (!quoted && (isShellBlank(c) || c == '\n')) b.split();
    else b.add(c);
  }
}

ShellValue ShellWords::valueOf(std::string_view name) const {
  if (const auto at = variables_.find(name); at != variables_.end()) return at->second;
  return lookup_(name);
}

/// At '$' or '`'.
void ShellWords::expandDollar(Building& b, bool quoted) {
  const std::size_t start = at_;
  if (in_[at_] == '`') {
    at_ = std::min(in_.find('`', at_ + 1), in_.size() - 1) + 1;
    return b.unknown(in_.substr(start, at_ - start));
  }
  ++at_;
  if (at_ >= in_.size()) return b.add('$');
  const char c = in_[at_];
  if (c == '(') return expandParenthesis(b, quoted, start);
  if (c == '{') return expandBraces(b, quoted, start);
  if (isShellNameStart(c)) {
    while (at_ < in_.size() && isShellNameChar(in_[at_])) ++at_;
    const ShellValue value = valueOf(in_.substr(start + 1, at_ - start - 1));
    if (!value.known || !value.isSet) return b.unknown(in_.substr(start, at_ - start));
    return put(b, value.text, quoted);
  }
  if (isDigitAscii(c)) {
    ++at_;
    const auto index = static_cast<std::size_t>(c - '0');
    if (index < parameters_.size()) putParameter(b, parameters_[index], quoted);
    return;
  }
  if (c == '@' || c == '*') {
    ++at_;
    for (std::size_t i = 1; i < parameters_.size(); ++i) {
      if (i > 1) b.split();
      putParameter(b, parameters_[i], true);
    }
    return;
  }
  if (c == '#' || c == '?' || c == '$' || c == '!' || c == '-') {
    ++at_;
    return b.unknown(in_.substr(start, at_ - start));
  }
  if (c == '\'' && !quoted) return readAnsiQuoted(b);
  if (c == '"' && !quoted) return;  // $"...": a text to translate, and without a catalogue as it is
  b.add('$');
}

/// $'...' of bash: the escapes of C.
void ShellWords::readAnsiQuoted(Building& b) {
  b.hasWord = true;
  ++at_;
  while (at_ < in_.size() && in_[at_] != '\'') {
    if (in_[at_] != '\\' || at_ + 1 >= in_.size()) {
      b.add(in_[at_++]);
      continue;
    }
    const char c = in_[at_ + 1];
    at_ += 2;
    constexpr std::string_view kNames = "abefnrtv", kMeanings = "\a\b\x1b\f\n\r\t\v";
    if (const auto known = kNames.find(c); known != std::string_view::npos) b.add(kMeanings[known]);
    else if (c == 'x') b.add(takeCode(16, 2));
    else if (c == 'u') b.add(takeCode(16, 4));  // of ASCII, as all that is looked for
    else if (c == 'U') b.add(takeCode(16, 8));
    else if (c >= '0' && c <= '7') --at_, b.add(takeCode(8, 3));
    else b.add(c);
  }
  if (at_ < in_.size()) ++at_;
}

char ShellWords::takeCode(int base, std::size_t most) {
  unsigned value = 0;
  const std::string_view digits = in_.substr(at_, most);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  at_ += static_cast<std::size_t>(end - digits.data());
  return static_cast<char>(value & 0xFFU);
}

void ShellWords::putParameter(Building& b, const ShellWord& parameter, bool quoted) {
  if (!parameter.known) b.unknown(parameter.text);
  else put(b, parameter.text, quoted);
}

/// "$(NAME)" with a variable of the container is the kubelet's, done before the shell runs; all else would need
/// executing.
void ShellWords::expandParenthesis(Building& b, bool quoted, std::size_t start) {
  int depth = 0;
  char quote = 0;
  for (; at_ < in_.size(); ++at_) {
    const char c = in_[at_];
    if (quote != 0) {
      if (c == quote) quote = 0;
    } else if (c == '\'' || c == '"') {
      quote = c;
    } else if (c == '(') {
      ++depth;
    } else if (c == ')' && --depth == 0) {
      ++at_;
      break;
    }
  }
  const std::string_view whole = in_.substr(start, at_ - start);
  if (whole.size() > 3) {
    const std::string_view name = whole.substr(2, whole.size() - 3);
    if (isShellNameStart(name.front()) && std::all_of(name.begin(), name.end(), isShellNameChar)) {
      const ShellValue value = lookup_(name);
      if (value.isSet && value.known) return put(b, value.text, quoted);
    }
  }
  b.unknown(whole);
}

/// ${A}, ${A:-default}, ${A:=default}, ${A:+other}; other forms are unknown.
void ShellWords::expandBraces(Building& b, bool quoted, std::size_t start) {
  int depth = 0;
  for (; at_ < in_.size(); ++at_) {
    if (in_[at_] == '{') ++depth;
    if (in_[at_] == '}' && --depth == 0) {
      ++at_;
      break;
    }
  }
  const std::string_view whole = in_.substr(start, at_ - start);
  if (whole.size() < 4 || nesting_ >= kMaxShellNesting) return b.unknown(whole);
  const std::string_view inside = whole.substr(2, whole.size() - 3);
  std::size_t p = 0;
  while (p < inside.size() && isShellNameChar(inside[p])) ++p;
  if (inside.front() == '@' || isDigitAscii(inside.front()) || p == 0) return b.unknown(whole);
  const ShellValue value = valueOf(inside.substr(0, p));
  std::string_view rest = inside.substr(p);
  const bool orEmpty = rest.starts_with(':');
  if (orEmpty) rest.remove_prefix(1);
  const char op = rest.empty() ? '\0' : rest.front();
  if (!rest.empty()) rest.remove_prefix(1);
  if (op != '\0' && op != '-' && op != '=' && op != '+' && op != '?') return b.unknown(whole);
  if (!value.known || (!value.isSet && op != '-' && op != '=' && op != '+')) return b.unknown(whole);
  const bool present = value.isSet && !(orEmpty && value.text.empty());
  if (op == '+' ? present : ((op == '-' || op == '=') && !present)) {
    ShellWords inner(rest, lookup_, parameters_);
    inner.variables_ = variables_;
    inner.nesting_ = nesting_ + 1;
    const std::vector<ShellWord> words = inner.restOfWords();
    for (std::size_t i = 0; i < words.size(); ++i) {
      if (i > 0 && quoted) b.add(' ');
      if (i > 0 && !quoted) b.split();
      putParameter(b, words[i], true);
    }
    return;
  }
  if (op == '+') return;
  put(b, value.text, quoted);
}

std::vector<ShellWord> ShellWords::restOfWords() {
  std::vector<ShellWord> words;
  while (at_ < in_.size()) {
    const std::size_t start = at_;
    for (ShellWord& word : expandWord()) words.push_back(std::move(word));
    if (at_ == start) ++at_;  // what ends a word
  }
  return words;
}

}  // namespace rightslice::model
