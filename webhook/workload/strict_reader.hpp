// Private to workload/: reads a file of ours strictly. What is unknown or wrong is an error with file:line:column.
#pragma once
#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "json/yaml.hpp"

namespace rightslice::workload {

/// A value of the file and its JSON pointer.
struct Entry {
  json::View view;
  std::string pointer;
  Entry operator[](std::string_view key) const { return {view[key], pointer + "/" + json::escapeToken(key)}; }
  std::vector<Entry> elements() const;
};

/// Keeps the error that stands first in the file; with one, nothing that was read counts.
class StrictReader {
 public:
  StrictReader(std::string_view file, const json::Marks& marks) : file_(file), marks_(marks) {}

  const std::optional<Error>& error() const { return error_ ? error_ : missing_; }
  void refuse(const Entry& entry, std::string message, bool atKey = false);
  /// Something is not in `parent`. What is there and wrong says more (it may be the same thing, misspelt) and goes first.
  void missing(const Entry& parent, std::string message);

  /// An object with none but these keys. Those of `passed` may stand there too, and are nobody's to write: no message names them.
  bool object(const Entry& entry, std::string_view what, std::initializer_list<std::string_view> keys,
              std::initializer_list<std::string_view> passed = {});
  bool anyObject(const Entry& entry, std::string_view what);
  /// As anyObject, but null is empty, as in Kubernetes.
  bool map(const Entry& entry, std::string_view what);
  bool array(const Entry& entry, std::string_view what);
  /// A string that is not empty.
  std::string name(const Entry& parent, std::string_view key, std::string_view what);

 private:
  std::string_view file_;
  const json::Marks& marks_;
  std::optional<Error> error_, missing_;
  std::size_t offset_ = 0;
};

/// The one document of a file.
Result<json::YamlDocument> readDocument(std::string_view text, std::string_view file);

}  // namespace rightslice::workload
