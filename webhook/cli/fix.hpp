// `check --fix`: the recommended slice written into the text of a manifest, everything else left as it stands.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "cli/report.hpp"

namespace rightslice::cli {

/// Replaces `length` bytes at `offset`.
struct TextEdit {
  json::Mark at;
  std::size_t length = 0;
  std::string replacement;
  friend bool operator==(const TextEdit& a, const TextEdit& b) {
    return a.at.offset == b.at.offset && a.length == b.length && a.replacement == b.replacement;
  }
};

/// One container's change.
struct Fix {
  const json::YamlDocument* document = nullptr;
  std::string container;          ///< for messages: "Deployment team-a/chat, container vllm"
  std::string where;              ///< "file:line"
  std::string from, to;           ///< resource names
  std::vector<std::string> keys;  ///< pointers in the document: the key under limits, under requests
  std::vector<TextEdit> edits;    ///< none: it cannot be written
  std::string obstacle;           ///< why not, and what to do by hand; empty: it can
};

/// The changes that the judgement recommends: for each container with an Undersized, TightFit or Oversized finding (not
/// allowed by an exception) and a recommended resource.
std::vector<Fix> fixes(const Judged& judged);

/// The edit that renames the key at `pointer`, keeping its quotes. Nothing if the text at its mark is not that key.
std::optional<TextEdit> renameKey(const std::string& text, const json::Marks& marks, std::string_view pointer,
                                  std::string_view to);

/// All edits that do what they should and nothing else: the result is read again and compared. The others get an
/// obstacle (a key that an anchor shares with another container).
std::string applyFixes(const InputFile& file, std::vector<Fix>& all);

/// Non-overlapping edits in any order; equal ones count once.
std::string applyEdits(const std::string& text, std::vector<TextEdit> edits);

}  // namespace rightslice::cli
