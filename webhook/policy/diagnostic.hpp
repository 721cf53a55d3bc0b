// What is wrong with a policy file, shown so that its author can mend it at once.
#pragma once
#include <string>
#include <vector>

namespace rightslice::policy {

/// Stable codes (PascalCase): SyntaxError, UnknownField, WrongType, InvalidValue, MissingField, DuplicatePolicy, UnknownGpu,
/// UnknownProfile, UnknownFinding, UnknownKind, ExceptionTooLong, NotAPolicy.
struct Diagnostic {
  std::string code;
  bool warning = false;
  std::string file;
  int line = 0, column = 0;        ///< 1-based; 0: none
  std::string pointer;             ///< JSON pointer into the document
  std::string message;             ///< what is wrong; a suggestion where there is one
  std::string snippet;             ///< the offending line

  /// "file:line:column: error: message [Code]", the line, and a caret under the column (tabs kept).
  std::string text() const;
};

}  // namespace rightslice::policy
