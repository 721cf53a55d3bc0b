// Private to workload/: the syntax of CEL as a tree. Nothing is evaluated, and nothing is looked up.
// Grammar: google/cel-spec, doc/langdef.md ("Syntax"), without messages (`T{...}`), and with the optional selections a.?b and
// a[?b] of cel-go, which Kubernetes switches on.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace rightslice::workload {

struct CelExpression {
  enum class Kind {
    String,     ///< text: its value
    Integer,    ///< integer: its value
    Bool,       ///< text: "true" or "false"
    Constant,   ///< any other literal: bytes, a string with an escape that CEL does not have
    Name,       ///< text
    Select,     ///< child 0, then a dot and text
    Index,      ///< child 0, and child 1 in brackets
    Call,       ///< text(children...), or with `method` child 0.text(the other children...)
    List,
    Map,
    Unary,      ///< text: "!" or "-"
    Binary,     ///< text: the operator. "&&" and "||" have two children or more, the others two
    Conditional
  };
  Kind kind = Kind::Constant;
  std::string text;
  std::int64_t integer = 0;
  bool optional = false;   ///< of Select and Index: a.?b, a[?b]
  bool method = false;     ///< of Call
  int depth = 1;           ///< of the tree
  std::vector<CelExpression> children;
  std::string_view source;  ///< as written; into the text that was parsed

  bool is(Kind wanted, std::string_view wantedText) const { return kind == wanted && text == wantedText; }
};

/// kube-apiserver takes no longer selector (CELSelectorExpressionMaxLength, k8s.io/api resource/v1).
constexpr std::size_t kMaxCelLength = 10 * 1024;
constexpr int kMaxCelDepth = 64;

/// An error where the text is no CEL, too long or nested too deep; Error.where is the column, from 1.
Result<CelExpression> parseCel(std::string_view text);

}  // namespace rightslice::workload
