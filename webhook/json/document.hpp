// An immutable JSON tree with its memory, and the strict JSON parser.
#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "json/view.hpp"

namespace rightslice::json {

/// What of a text need not come into the tree. ManagedFields: arrays called managedFields right in an object called metadata, which in a large
/// object of the API server are most of it, and which nothing is judged by. Leaving them is two to four times as fast.
enum class Leave { Nothing, ManagedFields };

/// Owns a tree; move-only. Immutable once made, so const use from several threads is safe.
class Document {
 public:
  Document();  ///< null
  ~Document();
  Document(Document&&) noexcept;
  Document& operator=(Document&&) noexcept;

  /// RFC 8259 and stricter: UTF-8 only, no duplicate keys, at most limits::kMaxDepth levels, nothing after the value.
  /// Of what is left out only the syntax is looked at. Iterative: no input can exhaust the stack. Error.where is "line:column" (1-based, in bytes).
  static Result<Document> parse(std::string_view text, Leave leave = Leave::Nothing);

  View root() const;

  struct Tree;  // RapidJSON lives behind this
  explicit Document(std::unique_ptr<Tree> tree);
  Tree& tree() const { return *tree_; }
  Document clone() const;

 private:
  std::unique_ptr<Tree> tree_;
};

}  // namespace rightslice::json
