// YAML -> policies. Read, check the shape, check the meaning; one bad document never takes the others along.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "gpu/catalogue.hpp"
#include "policy/diagnostic.hpp"
#include "policy/policy.hpp"

namespace rightslice::policy {

struct LoadOptions {
  const gpu::Catalogue* gpus = nullptr;   ///< must outlive the policies
  int maxExceptionDays = 180;
  Date today;                             ///< bounds exceptions whose creation is not known
};

struct Loaded {
  std::vector<Policy> policies;
  std::vector<Exception> exceptions;
  std::vector<Diagnostic> diagnostics;
  int documents = 0;                      ///< policy documents seen, good or bad
  bool ok() const;                        ///< no diagnostic that is not a warning
};

/// All documents of one file. Documents of other apiVersions are an error (NotAPolicy) with `strict`, else left alone.
Loaded load(std::string_view text, std::string_view file, const LoadOptions& options, bool strict = true);

/// One SliceException or policy object already parsed (input of check, custom resources). `prefix` is the JSON pointer of
/// the object in what the marks are of: "/items/3" for an item of a List.
Loaded loadObject(json::View object, const json::Marks& marks, std::string_view file, std::string_view source,
                  const LoadOptions& options, std::string_view prefix = "");

/// Merges what several files gave: two of the same kind, namespace and name are a DuplicatePolicy error at the second,
/// which is left out.
Loaded merge(std::vector<Loaded> parts);

}  // namespace rightslice::policy
