// Enough of the POSIX shell to see which commands a script runs and with which words. Nothing is executed: what would
// need executing ($(cmd), unknown variables, $(<file)) makes the word unknown, and says so.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rightslice::model {

/// One word of a command line.
struct ShellWord {
  std::string text;     ///< with what is unknown left as written
  bool known = true;    ///< false if part of it hangs on something that is not known here
  std::string unknown;  ///< the first such part: "$MAX_LEN", "$(nproc)"
};

/// The value of a variable. `isSet` false: the manifest does not set it. ${A:-default} then takes the default; a plain
/// $A is unknown, because the image may set it.
struct ShellValue {
  bool isSet = true;
  bool known = true;
  std::string text;
};
using ShellLookup = std::function<ShellValue(std::string_view name)>;

/// What a script sets for what it starts; not `isSet`: it takes the variable away.
struct ShellVariable {
  std::string name;
  ShellValue value;
};

/// One simple command with the assignments before it taken off.
struct ShellCommand {
  std::vector<ShellWord> words;
  std::vector<ShellVariable> assigned;  ///< before it, for it alone: A=b cmd
  std::size_t exports = 0;              ///< so many of `exported` stand before it
  std::shared_ptr<const std::vector<ShellVariable>> exported = {};  ///< of the whole script, in order

  auto begin() const { return words.begin(); }
  auto end() const { return words.end(); }
  std::size_t size() const { return words.size(); }
  const ShellWord& operator[](std::size_t index) const { return words[index]; }
};

/// sh, bash and their like, without the path.
bool isShell(std::string_view program);

/// The simple commands of a script in order, whatever joins them (; && || | & newlines, groups, if/for), also those of `eval` and
/// of here-documents that a shell reads. Assignments (`A=b`, `export A=b`, `set -- ...`) count from there on. `parameters` are
/// $0, $1, ... Output is bounded however long the script is.
std::vector<ShellCommand> readShell(std::string_view script, const ShellLookup& lookup,
                                    const std::vector<ShellWord>& parameters);

}  // namespace rightslice::model
