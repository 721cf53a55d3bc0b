#include "policy/policy_set.hpp"

#include <algorithm>
#include <tuple>

#include "base/digest.hpp"
#include "base/glob.hpp"
#include "policy/fingerprint.hpp"

namespace rightslice::policy {
namespace {

/// The order of everything that is said about policies.
bool before(const Policy& a, const Policy& b) {
  return std::tie(a.cluster, a.ns, a.name) < std::tie(b.cluster, b.ns, b.name);
}

/// kinds and selector; `kindKnown`: what a policy that names no kinds is for.
bool matches(const Policy& policy, std::string_view kind, bool kindKnown,
             const std::vector<std::pair<std::string, std::string>>& labels) {
  const bool kindFits = policy.kinds.empty() ? kindKnown
                                             : std::find(policy.kinds.begin(), policy.kinds.end(), kind) != policy.kinds.end();
  return kindFits && policy.selector.matches(labels);
}

bool fitsName(const Policy& policy, std::string_view ns) {
  return !policy.namespaces || std::any_of(policy.namespaces->begin(), policy.namespaces->end(),
                                           [&](const std::string& glob) { return globMatches(glob, ns); });
}

}  // namespace

PolicySet::PolicySet(std::vector<Policy> policies, std::vector<Exception> exceptions)
    : policies_(std::move(policies)), exceptions_(std::move(exceptions)) {
  index();
}

void PolicySet::index() {
  std::stable_sort(policies_.begin(), policies_.end(), before);
  std::stable_sort(exceptions_.begin(), exceptions_.end(), [](const Exception& a, const Exception& b) {
    return std::tie(a.ns, a.name) < std::tie(b.ns, b.name);
  });
  std::vector<std::string> prints;
  for (std::size_t i = 0; i < policies_.size(); ++i) {
    const Policy& policy = policies_[i];
    (policy.cluster ? cluster_ : byNamespace_[policy.ns]).push_back(i);
    if (policy.budget.memory || policy.budget.gpusMillis || policy.budget.costCents) {
      if (policy.cluster) budgetEverywhere_ = true;
      else budgetedNamespaces_.insert(policy.ns);
    }
    prints.push_back(fingerprint(policy));
  }
  for (std::size_t i = 0; i < exceptions_.size(); ++i) {
    exceptionsByNamespace_[exceptions_[i].ns].push_back(i);
    prints.push_back(fingerprint(exceptions_[i]));
  }
  std::sort(prints.begin(), prints.end());
  Digest digest;
  for (const std::string& print : prints) digest.add(print);
  digest_ = digest.hex();
}

Selection PolicySet::select(std::string_view ns, std::string_view kind,
                            const std::vector<std::pair<std::string, std::string>>& labels,
                            const workload::StringMap* namespaceLabels) const {
  Selection selection;
  const std::string space(ns.empty() ? "default" : ns);
  const bool kindKnown = workload::isKnownKindName(kind);
  if (const auto own = byNamespace_.find(space); own != byNamespace_.end()) {
    for (const std::size_t i : own->second) {
      if (matches(policies_[i], kind, kindKnown, labels)) selection.policies.push_back(&policies_[i]);
    }
  }
  const bool hasOwn = !selection.policies.empty();
  for (const std::size_t i : cluster_) {
    const Policy& policy = policies_[i];
    if ((policy.overridable && hasOwn) || !fitsName(policy, space) || !matches(policy, kind, kindKnown, labels)) continue;
    if (!policy.namespaceSelector || (namespaceLabels != nullptr && policy.namespaceSelector->matches(*namespaceLabels))) {
      selection.policies.push_back(&policy);
    } else if (namespaceLabels == nullptr) {
      selection.labelsUnknown.push_back(&policy);
    }
  }
  return selection;
}

std::vector<const Exception*> PolicySet::exceptions(std::string_view ns) const {
  std::vector<const Exception*> found;
  const auto at = exceptionsByNamespace_.find(std::string(ns.empty() ? "default" : ns));
  if (at == exceptionsByNamespace_.end()) return found;
  for (const std::size_t i : at->second) found.push_back(&exceptions_[i]);
  return found;
}

bool PolicySet::hasException(std::string_view ns) const {
  return !exceptions_.empty() && exceptionsByNamespace_.contains(std::string(ns.empty() ? "default" : ns));
}

bool PolicySet::hasBudget(std::string_view ns) const {
  return budgetEverywhere_ || (!budgetedNamespaces_.empty() && budgetedNamespaces_.contains(std::string(ns.empty() ? "default" : ns)));
}

PolicySet PolicySet::withMode(Mode mode) const {
  std::vector<Policy> policies = policies_;
  for (Policy& each : policies) each.mode = mode;
  return {std::move(policies), exceptions_};
}

PolicySet PolicySet::withExceptions(std::vector<Exception> more) const {
  std::vector<Exception> exceptions = exceptions_;
  std::move(more.begin(), more.end(), std::back_inserter(exceptions));
  return {policies_, std::move(exceptions)};
}

}  // namespace rightslice::policy
