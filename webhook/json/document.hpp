// An immutable JSON tree with its memory, and the strict JSON parser.
#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "json/view.hpp"

namespace rightslice::json {

/// Owns a tree; move-only. Immutable once made, so const use from several threads is safe.
class Document {
 public:
  Document();  ///< null
  ~Document();
  Document(Document&&) noexcept;
  Document& operator=(Document&&) noexcept;

  /// RFC 8259 and stricter: UTF-8 only, no duplicate keys, at most limits::kMaxDepth levels, nothing after the value.
  /// Iterative: no input can exhaust the stack. Error.where is "line:column" (1-based, in bytes).
  static Result<Document> parse(std::string_view text);

  View root() const;

  struct Tree;  // RapidJSON lives behind this
  explicit Document(std::unique_ptr<Tree> tree);
  Tree& tree() const { return *tree_; }
  Document clone() const;

 private:
  std::unique_ptr<Tree> tree_;
};

}  // namespace rightslice::json
