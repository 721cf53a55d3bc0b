// What a command line starts, past shells, scripts, interpreters and programs that run what follows them.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "model/engine.hpp"
#include "model/flag_table.hpp"
#include "model/shell.hpp"

namespace rightslice::model {

/// One start of an engine.
struct Launch {
  const Engine* engine = nullptr;
  std::string_view program;              ///< of the signature that matched: "vllm serve"
  std::vector<PlacedWord> words = {};    ///< behind it
  std::vector<ShellVariable> variables = {};  ///< set on the way to it, before the container's; the last of a name wins
  bool bare = false;                     ///< env -i: of the container's environment it has nothing
  std::string by = {};                   ///< a program before it that is not known to run what follows
  std::shared_ptr<const std::vector<ShellCommand>> script = {};  ///< in which it stands; null: none
};

struct Launches {
  std::vector<Launch> found;  ///< in order; of a script that starts very many only the first
  bool ray = false;           ///< `ray start`
  bool groupScript = false;   ///< the script of a group of pods
};

Launches findLaunches(const std::vector<PlacedWord>& words, const ShellLookup& environment);

/// $(NAME) as the kubelet expands it; what it cannot expand here makes the word unknown.
ShellWord expandedByKubelet(const ShellWord& word, const ShellLookup& environment);

}  // namespace rightslice::model
