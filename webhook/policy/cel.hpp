// Private to policy/: parts of a policy as expressions of the Common Expression Language, as kube-apiserver evaluates them
// (k8s.io/apiserver pkg/cel/environment: strings, lists, quantities and optional values are there since Kubernetes 1.29).
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "policy/policy.hpp"
#include "workload/kind.hpp"

namespace rightslice::policy::cel {

std::string text(std::string_view value);                                            ///< 'value', escaped
std::string list(const std::vector<std::string>& values);                            ///< ['a', 'b']
/// True where the string `expression` matches one of the globs; "false" for none.
std::string globs(const std::string& expression, const std::vector<std::string>& globs);
/// The regular expression (RE2) of a literal, or of a glob, without anchors.
std::string pattern(std::string_view literalOrGlob, bool glob);
/// `labels` is an expression of a map.
std::string selector(const Selector& selector, const std::string& labels);
/// A list of the pod specs of an object of one of these kinds. Kinds whose pods lie in lists of lists, or in fields of their own, are not
/// said; isSaid() tells.
std::string pods(const std::string& object, const std::vector<const workload::Kind*>& kinds);
bool isSaid(const workload::Kind& kind);

}  // namespace rightslice::policy::cel
