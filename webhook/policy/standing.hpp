// Who and what is only recorded: exempt users, and children whose owner was judged in their place (DESIGN 3.7).
#pragma once
#include "policy/judge.hpp"

namespace rightslice::policy {

/// spec.exempt of a ClusterSlicePolicy names the user, a group or the service account of the request.
bool exempt(const Policy& policy, const Request& request);

/// A child is recorded only if a policy in force matches its owner's kind and the owner is proven: it is at hand and asks the same
/// of each container, or the request comes from a trusted controller.
bool provenChild(const workload::Workload& object, const PolicySet& policies, const workload::Surroundings& surroundings,
                 const Request& request);

}  // namespace rightslice::policy
