#include "model/shell.hpp"

#include <algorithm>
#include <array>
#include <map>

#include "base/ascii.hpp"

namespace rightslice::model {
namespace {

// A script can double a variable with every line; beyond these sizes words are left unknown or unread.
constexpr std::size_t kMaxValueBytes = 16'384;
constexpr std::size_t kMaxVariables = 256;
constexpr std::size_t kMaxOutputBytes = 1U << 20;

bool isNameStart(char c) { return c == '_' || (lowerAscii(c) >= 'a' && lowerAscii(c) <= 'z'); }
bool isNameChar(char c) { return isNameStart(c) || isDigitAscii(c); }
bool isBlank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

constexpr std::array<std::string_view, 12> kKeywords{"if",    "then", "else", "elif", "do", "while",
                                                     "until", "!",    "{",    "}",    "fi", "done"};

class Reader {
 public:
  Reader(std::string_view script, const ShellLookup& lookup, const std::vector<ShellWord>& parameters)
      : in_(script), lookup_(lookup), parameters_(parameters) {}

  std::vector<ShellCommand> read() {
    while (at_ < in_.size() && output_ < kMaxOutputBytes) {
      const char c = in_[at_];
      if (c == '\n') {
        endCommand();
        ++at_;
        skipHereDocuments();
      } else if (isBlank(c)) {
        ++at_;
      } else if (c == '\\' && at_ + 1 < in_.size() &&
                 (in_[at_ + 1] == '\n' || in_.substr(at_ + 1).starts_with("\r\n"))) {
        at_ += in_[at_ + 1] == '\n' ? 2 : 3;
      } else if (c == '#') {
        while (at_ < in_.size() && in_[at_] != '\n') ++at_;
      } else if (c == ';' || c == '|' || c == '(' || c == ')') {
        endCommand();
        ++at_;
      } else if (c == '&') {
        if (in_.substr(at_).starts_with("&>")) readRedirection();
        else {
          endCommand();
          ++at_;
        }
      } else if (c == '<' || c == '>' || startsRedirection()) {
        readRedirection();
      } else {
        readWord();
      }
    }
    endCommand();
    return std::move(commands_);
  }

 private:
  bool startsRedirection() const {  // 2>&1
    std::size_t p = at_;
    while (p < in_.size() && isDigitAscii(in_[p])) ++p;
    return p > at_ && p < in_.size() && (in_[p] == '<' || in_[p] == '>');
  }

  void readRedirection() {
    while (at_ < in_.size() && (isDigitAscii(in_[at_]) || in_[at_] == '&')) ++at_;
    const bool here = in_.substr(at_).starts_with("<<") && !in_.substr(at_).starts_with("<<<");
    while (at_ < in_.size() &&
           (in_[at_] == '<' || in_[at_] == '>' || in_[at_] == '&' || in_[at_] == '|' || in_[at_] == '-'))
      ++at_;
    while (at_ < in_.size() && isBlank(in_[at_])) ++at_;
    std::vector<ShellWord> words = expandWord();
    if (here && !words.empty()) hereEnds_.push_back(words.front().text);
  }

  void skipHereDocuments() {
    for (const std::string& end : hereEnds_) {
      while (at_ < in_.size()) {
        const std::size_t eol = std::min(in_.find('\n', at_), in_.size());
        std::string_view line = in_.substr(at_, eol - at_);
        at_ = std::min(eol + 1, in_.size());
        while (!line.empty() && line.front() == '\t') line.remove_prefix(1);
        if (line == end) break;
      }
    }
    hereEnds_.clear();
  }

  void readWord() {
    const std::size_t start = at_;
    std::vector<ShellWord> words = expandWord();
    if (at_ == start) {  // a character that starts nothing: pass it, so that every input ends
      ++at_;
      return;
    }
    for (ShellWord& word : words) {
      output_ += word.text.size() + 1;
      command_.push_back(std::move(word));
    }
  }

  /// Assignments before a command, and those of `export`, go to the variables.
  bool assign(const ShellWord& word) {
    const auto equals = word.text.find('=');
    if (equals == std::string::npos || equals == 0 || !isNameStart(word.text[0])) return false;
    if (!std::all_of(word.text.begin(), word.text.begin() + static_cast<std::ptrdiff_t>(equals), isNameChar))
      return false;
    ShellValue value{true, word.known, word.text.substr(equals + 1)};
    if (value.text.size() > kMaxValueBytes) value.known = false;
    if (!value.known) value.text.clear();
    if (variables_.size() >= kMaxVariables && !variables_.contains(word.text.substr(0, equals))) return true;
    variables_.insert_or_assign(word.text.substr(0, equals), std::move(value));
    return true;
  }

  void endCommand() {
    std::size_t first = 0;
    while (first < command_.size()) {
      const std::string& text = command_[first].text;
      if (std::find(kKeywords.begin(), kKeywords.end(), text) != kKeywords.end() || assign(command_[first])) ++first;
      else break;
    }
    if (first < command_.size() && (command_[first].text == "export" || command_[first].text == "declare" ||
                                    command_[first].text == "local" || command_[first].text == "readonly")) {
      for (std::size_t i = first + 1; i < command_.size(); ++i) assign(command_[i]);
    } else if (first < command_.size() && command_[first].text == "for") {
      if (first + 1 < command_.size())
        variables_.insert_or_assign(command_[first + 1].text, ShellValue{true, false, ""});
    } else if (first < command_.size() && command_[first].text == "read") {
      for (std::size_t i = first + 1; i < command_.size(); ++i)
        variables_.insert_or_assign(command_[i].text, ShellValue{true, false, ""});
    } else if (first < command_.size()) {
      command_.erase(command_.begin(), command_.begin() + static_cast<std::ptrdiff_t>(first));
      commands_.push_back(std::move(command_));
    }
    command_.clear();
  }

  struct Building {
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
  std::vector<ShellWord> expandWord() {
    Building b;
    while (at_ < in_.size()) {
      const char c = in_[at_];
      if (isBlank(c) || c == '\n' || c == ';' || c == '|' || c == '&' || c == '(' || c == ')' || c == '<' || c == '>')
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

  void readDoubleQuoted(Building& b) {
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

  void put(Building& b, const std::string& text, bool quoted) {
    b.hasWord = b.hasWord || quoted;
    output_ += text.size();
    for (const char c : text) {
      if (!quoted && (isBlank(c) || c == '\n')) b.split();
      else b.add(c);
    }
  }

  ShellValue valueOf(std::string_view name) const {
    if (const auto at = variables_.find(name); at != variables_.end()) return at->second;
    return lookup_(name);
  }

  /// At '$' or '`'.
  void expandDollar(Building& b, bool quoted) {
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
    if (isNameStart(c)) {
      while (at_ < in_.size() && isNameChar(in_[at_])) ++at_;
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
    if (c == '\'' && !quoted) return;  // $'...': read as '...'
    b.add('$');
  }

  void putParameter(Building& b, const ShellWord& parameter, bool quoted) {
    if (!parameter.known) b.unknown(parameter.text);
    else put(b, parameter.text, quoted);
  }

  /// "$(NAME)" with a variable of the container is the kubelet's, done before the shell runs; all else would need
  /// executing.
  void expandParenthesis(Building& b, bool quoted, std::size_t start) {
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
      if (isNameStart(name.front()) && std::all_of(name.begin(), name.end(), isNameChar)) {
        const ShellValue value = lookup_(name);
        if (value.isSet && value.known) return put(b, value.text, quoted);
      }
    }
    b.unknown(whole);
  }

  /// ${A}, ${A:-default}, ${A:=default}, ${A:+other}; other forms are unknown.
  void expandBraces(Building& b, bool quoted, std::size_t start) {
    int depth = 0;
    for (; at_ < in_.size(); ++at_) {
      if (in_[at_] == '{') ++depth;
      if (in_[at_] == '}' && --depth == 0) {
        ++at_;
        break;
      }
    }
    const std::string_view whole = in_.substr(start, at_ - start);
    if (whole.size() < 4 || nesting_ > 8) return b.unknown(whole);
    const std::string_view inside = whole.substr(2, whole.size() - 3);
    std::size_t p = 0;
    while (p < inside.size() && isNameChar(inside[p])) ++p;
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
      Reader inner(rest, lookup_, parameters_);
      inner.variables_ = variables_;
      inner.nesting_ = nesting_ + 1;
      std::vector<ShellWord> words;
      for (ShellCommand& command : inner.read()) {
        for (ShellWord& word : command) words.push_back(std::move(word));
      }
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

  std::string_view in_;
  const ShellLookup& lookup_;
  const std::vector<ShellWord>& parameters_;
  std::size_t at_ = 0;
  std::size_t output_ = 0;
  int nesting_ = 0;
  std::map<std::string, ShellValue, std::less<>> variables_;
  ShellCommand command_;
  std::vector<ShellCommand> commands_;
  std::vector<std::string> hereEnds_;
};

}  // namespace

std::vector<ShellCommand> readShell(std::string_view script, const ShellLookup& lookup,
                                    const std::vector<ShellWord>& parameters) {
  return Reader(script, lookup, parameters).read();
}

}  // namespace rightslice::model
