// JSON Patch (RFC 6902).
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "json/document.hpp"

namespace rightslice::json {

struct PatchOperation {
  enum class Op { Add, Remove, Replace, Move, Copy, Test };
  Op op;
  std::string path;
  std::string from;   ///< Move and Copy only.
  std::string value;  ///< JSON text; Add, Replace and Test only.
  friend bool operator==(const PatchOperation&, const PatchOperation&) = default;
};
using Patch = std::vector<PatchOperation>;

/// All operations in order on a copy; the first that fails ends it (Error.where = "/<index>").
Result<Document> apply(const Document& document, const Patch& patch);

/// As an RFC 6902 array.
std::string patchText(const Patch& patch);
Result<Patch> parsePatch(View array);

}  // namespace rightslice::json
