// Enough of the POSIX shell to see which commands a script runs and with which words. Nothing is executed: what would
// need executing ($(cmd), unknown variables, $(<file)) makes the word unknown, and says so.
#pragma once
#include <functional>
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

/// One simple command with the assignments before it taken off.
using ShellCommand = std::vector<ShellWord>;

/// The value of a variable. `isSet` false: the manifest does not set it. ${A:-default} then takes the default; a plain
/// $A is unknown, because the image may set it.
struct ShellValue {
  bool isSet = true;
  bool known = true;
  std::string text;
};
using ShellLookup = std::function<ShellValue(std::string_view name)>;

/// The simple commands of a script in order, whatever joins them (; && || | & newlines, groups, if/for). Assignments
/// (`A=b`, `export A=b`) count from there on. `parameters` are $0, $1, ... Output is bounded however long the script
/// is.
std::vector<ShellCommand> readShell(std::string_view script, const ShellLookup& lookup,
                                    const std::vector<ShellWord>& parameters);

}  // namespace rightslice::model
