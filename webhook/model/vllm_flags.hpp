// The flags of `vllm serve` and of the older API servers, and what they mean for memory.
#pragma once
#include <string_view>
#include <vector>

#include "model/engine.hpp"
#include "model/shell.hpp"

namespace rightslice::model {

/// The index of words that stand in no argument (they come from the environment).
constexpr std::size_t kNoPlace = static_cast<std::size_t>(-1);

/// A word of the command line with its place in the container.
struct PlacedWord {
  ShellWord word;
  EngineRun::FlagPlace place;
};

/// "--Max_Model-Len=4" -> "max-model-len"; short forms (-tp, -q) become the long ones. Empty if the word is no flag.
std::string canonicalFlag(std::string_view word);

/// A whole number as vLLM's command line takes it: 32768, 32k = 32000, 32K = 32768, 25.6k. Saturates at 2^62.
std::optional<std::int64_t> humanInteger(std::string_view text);

/// What is left of a flag list when the flags are known: the words that stand alone, and what the flags said.
struct FlagReading {
  std::vector<PlacedWord> positional;
  std::vector<PlacedWord> servedNames;
};

/// Reads `words` (after the program's name) into `run`: settings, open, badFlags, places, model, multiNode. Last one
/// wins.
FlagReading readVllmFlags(const std::vector<PlacedWord>& words, EngineRun& run);

}  // namespace rightslice::model
