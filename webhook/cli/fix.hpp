// `check --fix`: the recommended slice and engine flags written into the text of a manifest, everything else left as it stands.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "cli/report.hpp"
#include "cli/text_edit.hpp"

namespace rightslice::cli {

/// One container's change.
struct Fix {
  const json::YamlDocument* document = nullptr;
  std::string name;               ///< of the container
  std::string container;          ///< for messages: "Deployment team-a/chat, container vllm"
  std::string where;              ///< "file:line"
  std::string from, to;           ///< resource names; empty: only flags change
  std::vector<std::string> keys;  ///< pointers in the document: the key under limits, under requests
  json::Patch flags;              ///< engine flags, as operations on the document
  std::string flagsText;          ///< "--max-model-len 8192"; empty: only the slice changes
  std::vector<TextEdit> edits;    ///< none: it cannot be written
  std::string obstacle;           ///< why not, and what to do by hand; empty: it can
};

/// The changes that the judgement recommends, for each container with a finding of fit that no exception allows: the slice that
/// is recommended with the flags that it needs, else the flags with which the slice that is asked for would do.
std::vector<Fix> fixes(const Judged& judged);

/// "nvidia.com/mig-3g.40gb -> nvidia.com/mig-1g.10gb, --gpu-memory-utilization 0.86"
std::string changeText(const Fix& fix);

/// All edits that do what they should and nothing else: the result is read again and compared. The others get an
/// obstacle (a key that an anchor shares with another container).
std::string applyFixes(const InputFile& file, std::vector<Fix>& all);

}  // namespace rightslice::cli
