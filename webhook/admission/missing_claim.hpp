// Claims that a workload names and that are not known: who can reach the cluster may look for them before the answer is given.
#pragma once
#include <string>
#include <vector>

#include "workload/surroundings.hpp"
#include "workload/workload.hpp"

namespace rightslice::admission {

struct MissingClaim {
  bool isTemplate = false;
  std::string ns, name;
};

/// Each once, and no more than a few.
std::vector<MissingClaim> missingClaims(const workload::Workload& object, const workload::Surroundings& surroundings);

}  // namespace rightslice::admission
