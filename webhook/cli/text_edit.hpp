// Changes of a YAML or JSON text that leave everything else byte for byte: comments, quotes, order, indentation.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "json/document.hpp"
#include "json/patch.hpp"
#include "json/yaml.hpp"

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

/// The edit that renames the key at `pointer`, keeping its quotes. Nothing if the text at its mark is not that key.
std::optional<TextEdit> renameKey(const std::string& text, const json::Marks& marks, std::string_view pointer,
                                  std::string_view to);

/// The edits that do what a patch does, for `replace` of strings (each behind a `test` of what it replaces) and `add` of strings
/// and of {name, value} to lists that are not empty. Nothing if the text is written in a way that they cannot be sure of; the
/// caller reads the result again and compares.
std::optional<std::vector<TextEdit>> editsFor(const json::Patch& patch, const std::string& text, const json::YamlDocument& document);

/// Non-overlapping edits in any order; equal ones count once.
std::string applyEdits(const std::string& text, std::vector<TextEdit> edits);

}  // namespace rightslice::cli
