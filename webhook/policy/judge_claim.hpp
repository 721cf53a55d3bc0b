// A ResourceClaim or ResourceClaimTemplate by itself: what can be said without the workload that uses it.
#pragma once
#include <vector>

#include "policy/judge_container.hpp"

namespace rightslice::policy {

/// NotJudged for requests of GPUs that cannot be decided, UnknownProfile and ProfileNotAllowed. Nothing of an object that is no claim.
std::vector<RawFinding> claimFindings(const workload::Workload& object, const Policy& policy, const Catalogue& catalogue,
                                      const workload::Surroundings& surroundings);

}  // namespace rightslice::policy
