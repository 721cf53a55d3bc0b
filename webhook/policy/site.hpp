// Private to policy/: where a document stands, so that what is wrong with it can be shown at its place.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "json/yaml.hpp"
#include "policy/diagnostic.hpp"

namespace rightslice::policy {

/// A place within a document, cheap to extend on the way down; its texts are made only where something is wrong.
class Path {
 public:
  Path() = default;
  Path(const Path& parent, std::string_view key) : parent_(&parent), key_(key) {}
  Path(const Path& parent, std::size_t index) : parent_(&parent), index_(index), isIndex_(true) {}

  std::string pointer() const;  ///< "/spec/slices/offered/0"
  std::string dotted() const;   ///< "spec.slices.offered[0]"; empty for the document itself

 private:
  const Path* parent_ = nullptr;
  std::string_view key_;
  std::size_t index_ = 0;
  bool isIndex_ = false;
};

/// One document (or item of a List) in its file. Collects diagnostics.
class Site {
 public:
  enum class At { Key, Value };
  Site(const json::Marks& marks, std::string_view file, std::string_view source, std::string prefix,
       std::vector<Diagnostic>& out)
      : marks_(marks), file_(file), source_(source), prefix_(std::move(prefix)), out_(out) {}

  void error(std::string_view code, const Path& path, At at, std::string message) { add(code, path, at, std::move(message), false); }
  void warning(std::string_view code, const Path& path, At at, std::string message) { add(code, path, at, std::move(message), true); }
  bool failed() const { return errors_ > 0; }

  std::string_view file() const { return file_; }
  json::Mark mark(const Path& path, At at) const;
  std::string line(const json::Mark& mark) const;

 private:
  const json::Marks& marks_;
  std::string_view file_, source_;
  std::string prefix_;  ///< JSON pointer of the document in what the marks are of: "" or "/items/3"
  std::vector<Diagnostic>& out_;
  int errors_ = 0;
  void add(std::string_view code, const Path& path, At at, std::string message, bool warning);
};

/// The line of `source` that holds the byte `offset`, without its line break.
std::string lineAt(std::string_view source, std::size_t offset);

/// "did you mean 'x'?" with a leading "; ", or empty.
std::string suggestion(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace rightslice::policy
