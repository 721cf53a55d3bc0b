// The words of a script, with what the shell puts in the place of variables and quotes.
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/ascii.hpp"
#include "model/shell.hpp"

namespace rightslice::model {

// A script can double a variable with every line; beyond these sizes words are left unknown or unread.
inline constexpr std::size_t kMaxShellValueBytes = 16'384;
inline constexpr std::size_t kMaxShellOutputBytes = 1U << 20;
inline constexpr int kMaxShellNesting = 8;

constexpr bool isShellNameStart(char c) { return c == '_' || (lowerAscii(c) >= 'a' && lowerAscii(c) <= 'z'); }
constexpr bool isShellNameChar(char c) { return isShellNameStart(c) || isDigitAscii(c); }
constexpr bool isShellBlank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

/// A place in a script and the variables there. Not for several threads.
class ShellWords {
 public:
  ShellWords(std::string_view script, const ShellLookup& lookup, std::vector<ShellWord> parameters)
      : in_(script), lookup_(lookup), parameters_(std::move(parameters)) {}

  /// From here to the end of the word; unquoted expansions split it at blanks.
  std::vector<ShellWord> expandWord();

 protected:
  std::string_view in_;
  const ShellLookup& lookup_;
  std::vector<ShellWord> parameters_;  ///< $0, $1, ...
  std::size_t at_ = 0;
  std::size_t output_ = 0;             ///< bytes of all words so far
  int nesting_ = 0;
  std::map<std::string, ShellValue, std::less<>> variables_;

 private:
  struct Building;
  void readDoubleQuoted(Building& b);
  void readAnsiQuoted(Building& b);
  char takeCode(int base, std::size_t most);
  void put(Building& b, const std::string& text, bool quoted);
  void putParameter(Building& b, const ShellWord& parameter, bool quoted);
  ShellValue valueOf(std::string_view name) const;
  void expandDollar(Building& b, bool quoted);
  void expandParenthesis(Building& b, bool quoted, std::size_t start);
  void expandBraces(Building& b, bool quoted, std::size_t start);
  std::vector<ShellWord> restOfWords();
};

}  // namespace rightslice::model
