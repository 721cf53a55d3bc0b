// The command line of an engine as a table: one row per flag. What all engines share of reading words is here; what a flag
// means stands in the engine's own file.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/engine.hpp"
#include "model/image.hpp"
#include "model/shell.hpp"

namespace rightslice::model {

/// The index of words that stand in no argument (they come from the environment).
constexpr std::size_t kNoPlace = static_cast<std::size_t>(-1);

/// A word of the command line with its place in the container.
struct PlacedWord {
  ShellWord word;
  EngineRun::FlagPlace place;
};

/// What an engine's reader sees of a container.
struct FlagSource {
  std::vector<PlacedWord> words;        ///< after the program's name, $(NAME) expanded
  ShellLookup variable;                 ///< the container's environment
  const Image* image = nullptr;
  std::span<const ShellCommand> script; ///< all commands of the shell script in which the program stood; empty: none
  std::span<const Invocation::Told> told;  ///< what the object says besides
  std::string_view program;             ///< the pattern that matched: "vllm serve", "dynamo.sglang"; empty: only the image
  std::vector<PlacedWord> positional;   ///< out: words that are no flag and no flag's value
  std::vector<PlacedWord> servedNames;  ///< out: names under which the model is served, for models given as a path
};

enum class Takes { Value, Several, Nothing, Perhaps };  ///< Perhaps: a value, or nothing for ""

struct Flag {
  std::string_view name;  ///< canonical: lower case, with dashes
  Takes takes = Takes::Value;
  /// Reads a value into the run ("true" and "false" for flags that take nothing); false if the engine would refuse it.
  bool (*set)(std::string_view value, EngineRun& run) = nullptr;
  std::string_view open = {};  ///< why it takes memory that is not modelled
  std::string_view env = {};   ///< a variable that says the same, where it does not follow the table's prefix
};

struct ShortFlag {  ///< another spelling, with one dash or two: -tp, --tp
  std::string_view alias, longName;
};

struct FlagTable {
  std::string_view title;  ///< of the engine, for messages
  std::span<const Flag> flags;
  std::span<const ShortFlag> shorts = {};
  /// Each flag may also come from the variable prefix + NAME_WITH_UNDERSCORES; `hasEnv` false: it may not.
  bool hasEnv = false;
  std::string_view envPrefix = {};
  /// Python's argparse: an unambiguous beginning of a flag's name stands for it.
  bool abbreviates = false;
  /// A flag that is unknown and all but spelt like one that memory depends on is said: the engine knows no such neighbours.
  bool saysMisspelt = false;
  std::string_view servedNames = {};  ///< the flag that names the served model, for models given as a path

  const Flag* find(std::string_view name) const;
  /// The only flag that begins so, where the engine takes that.
  const Flag* findBeginning(std::string_view beginning) const;
};

/// "--Max_Model-Len=4" -> "max-model-len"; short forms become the long ones. Empty if the word is no flag.
std::string canonicalFlag(std::string_view word, std::span<const ShortFlag> shorts = {});

/// Reads the variables of the table, then the words, into `run`; a flag wins over its variable, and the last flag wins. Fills
/// `positional` and `servedNames`. What cannot be read is in run.open, what the engine refuses in run.badFlags.
void readFlags(const FlagTable& table, FlagSource& source, EngineRun& run);

/// Appends to a list of texts what it does not hold yet.
void remember(std::vector<std::string>& list, std::string text);

/// A whole number as vLLM's command line takes it: 32768, 32k = 32000, 32K = 32768, 25.6k. Saturates at 2^62.
std::optional<std::int64_t> humanInteger(std::string_view text);
/// A finite decimal number; nothing for anything else.
std::optional<double> decimalNumber(std::string_view text);

// Setters that several engines use; false if the value is impossible.
bool setCount(std::string_view value, std::optional<std::int64_t>& target);  ///< 1 or more
/// Of one member: {"max-num-seqs", Takes::Value, countIn<&Settings::maxNumSeqs>}.
template <auto member>
bool countIn(std::string_view value, EngineRun& run) {
  return setCount(value, run.settings.*member);
}
template <auto member>
bool switchIn(std::string_view value, EngineRun& run) {
  run.settings.*member = value != "false";
  return true;
}
bool setModel(std::string_view value, EngineRun& run);
bool setFraction(std::string_view value, EngineRun& run);  ///< above 0, at most 1
bool setDtype(std::string_view value, EngineRun& run);     ///< also half, bf16, float, ...
bool setQuantization(std::string_view value, EngineRun& run);
bool setKvCacheDtype(std::string_view value, EngineRun& run);
bool setNodes(std::string_view value, EngineRun& run);
bool setTensorParallel(std::string_view value, EngineRun& run);
bool setPipelineParallel(std::string_view value, EngineRun& run);
bool setMaxModelLen(std::string_view value, EngineRun& run);  ///< a count
bool setMaxNumSeqs(std::string_view value, EngineRun& run);
bool setMaxNumBatchedTokens(std::string_view value, EngineRun& run);

}  // namespace rightslice::model
