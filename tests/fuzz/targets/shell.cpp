// Scripts of `sh -c`: the words that commands get.
#include <string>

#include "harness.hpp"
#include "model/shell.hpp"

using namespace rightslice;
using fuzz::require;
using model::ShellCommand;
using model::ShellValue;
using model::ShellWord;

namespace {

constexpr std::size_t kMostOutput = std::size_t{3} << 20;

ShellValue lookup(std::string_view name) {
  if (name == "A") return {true, true, "1"};
  if (name == "WORDS") return {true, true, "two words"};
  if (name == "MODEL") return {true, true, "Qwen/Qwen2.5-7B-Instruct"};
  if (name == "EMPTY") return {true, true, ""};
  if (name == "SECRET") return {true, false, ""};
  return {false, true, ""};
}

std::vector<ShellCommand> read(std::string_view script) {
  static const std::vector<ShellWord> parameters{{"sh", true, ""}, {"first", true, ""}, {"$(nproc)", false, "$(nproc)"}};
  return model::readShell(script, lookup, parameters);
}

/// As one word of a shell, whatever it holds.
std::string singleQuoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) c == '\'' ? out += "'\\''" : out += c;
  return out + "'";
}

}  // namespace

void fuzz::run(std::string_view input) {
  const auto commands = read(input);
  std::size_t output = 0;
  for (const ShellCommand& command : commands) {
    require(command.size() > 0, "a command has a word");
    std::string quoted = "program";
    bool known = true;
    for (const ShellWord& word : command) {
      output += word.text.size() + 1;
      require(word.known == word.unknown.empty(), "a word that is not known says why, and no other", word.text);
      known = known && word.known;
      quoted += ' ' + singleQuoted(word.text);
    }
    if (!known || quoted.size() > 4096) continue;
    const auto again = read(quoted);
    require(again.size() == 1 && again[0].size() == command.size() + 1, "quoted words are as many words", quoted);
    for (std::size_t i = 0; i < command.size(); ++i) require(again[0][i + 1].known && again[0][i + 1].text == command[i].text, "a quoted word reads as the same", quoted);
  }
  require(output <= kMostOutput, "the output is bounded");
}
