// The compiled, immutable set of policies in force, and which of them apply to an object.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "policy/policy.hpp"
#include "workload/surroundings.hpp"
#include "workload/workload.hpp"

namespace rightslice::policy {

/// Which policies apply to one object (DESIGN 3.8).
struct Selection {
  std::vector<const Policy*> policies;          ///< by name, SlicePolicies before ClusterSlicePolicies
  std::vector<const Policy*> labelsUnknown;     ///< have a namespaceSelector, and the labels of the namespace are not known
};

/// Immutable; const use from several threads is safe. Lookup is by a hash of the namespace, then the cluster policies.
class PolicySet {
 public:
  PolicySet() = default;
  PolicySet(std::vector<Policy> policies, std::vector<Exception> exceptions);

  /// `kind` may differ from the object's own, to ask about its owner.
  Selection select(std::string_view ns, std::string_view kind,
                   const std::vector<std::pair<std::string, std::string>>& labels,
                   const workload::StringMap* namespaceLabels) const;
  /// Exceptions of a namespace.
  std::vector<const Exception*> exceptions(std::string_view ns) const;

  bool hasException(std::string_view ns) const;
  /// Whether what runs in the namespace counts: a policy of it, or a cluster policy, has a budget.
  bool hasBudget(std::string_view ns) const;

  const std::vector<Policy>& policies() const { return policies_; }
  const std::vector<Exception>& allExceptions() const { return exceptions_; }
  const std::string& digest() const { return digest_; }
  bool empty() const { return policies_.empty(); }
  bool budgeted() const { return budgetEverywhere_ || !budgetedNamespaces_.empty(); }   ///< some policy has a budget
  /// The same set with every mode replaced (check --mode).
  PolicySet withMode(Mode mode) const;
  /// The same set with more exceptions (SliceException objects in the input of check).
  PolicySet withExceptions(std::vector<Exception> more) const;

 private:
  std::vector<Policy> policies_;
  std::vector<Exception> exceptions_;
  std::unordered_map<std::string, std::vector<std::size_t>> byNamespace_, exceptionsByNamespace_;
  std::vector<std::size_t> cluster_;
  std::unordered_set<std::string> budgetedNamespaces_;   ///< namespaces with a budget of their own
  bool budgetEverywhere_ = false;
  std::string digest_;
  void index();
};

}  // namespace rightslice::policy
