// What of policies Kubernetes itself can hold to while the webhook is down: ResourceQuotas and ValidatingAdmissionPolicies.
// Neither ever denies what the policies allow, but where a comment in the text says so; what they cannot say is left out, and told.
#pragma once
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/date.hpp"
#include "gpu/catalogue.hpp"
#include "policy/policy_set.hpp"

namespace rightslice::policy {

/// Names of profiles, as they stand in resource names ("7g.80gb", "1g.10gb.me"), that the policy denies whatever the product: in no
/// reading of the name is it allowed. In the order of the catalogue.
std::vector<std::string> surelyDenied(const Policy& policy, const gpu::Catalogue& gpus);
/// Every resource name of a profile's name in resource names.
std::vector<std::string> spellings(const std::string& suffix);

struct Backstop {
  std::string text;                     ///< YAML documents, with comments
  int objects = 0;
  std::vector<std::string> leftOut;     ///< what is not in it, and why; each for a person
};

/// What of a cluster the quotas need: absent is unknown.
struct QuotaPlaces {
  std::optional<std::map<std::string, workload::StringMap, std::less<>>> namespaces;  ///< where ClusterSlicePolicies go
  std::map<std::string, std::set<std::string>> asked;   ///< namespace -> resources that workloads there ask for already
};
/// One hard ResourceQuota for each namespace.
Backstop quotas(const PolicySet& policies, const gpu::Catalogue& gpus, const QuotaPlaces& places, Date today);

/// One ValidatingAdmissionPolicy and its binding for each policy with `allowed` or `denied`.
Backstop admissionPolicies(const PolicySet& policies, const gpu::Catalogue& gpus, Date today);

}  // namespace rightslice::policy
