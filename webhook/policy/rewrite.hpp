// The patch: one resource key for another, and the record of what was asked (DESIGN 3.7).
#pragma once
#include <string>
#include <vector>

#include "json/patch.hpp"
#include "policy/annotations.hpp"
#include "policy/judge_container.hpp"

namespace rightslice::policy {

/// What shall become of one container.
struct ContainerRewrite {
  const ContainerOutcome* outcome = nullptr;
  const RewritePlan* plan = nullptr;   ///< null: no rewrite, only the record is kept in order
};

/// The patch of one pod template. Entries of original-request whose container asks for what was asked before, or for another key
/// than the written one, are removed; where both keys are there one is left.
json::Patch rewritePatch(const workload::PodTemplate& pod, const std::vector<ContainerRewrite>& containers);

/// Why the flags of a plan cannot be written into the container; empty if they can.
std::string flagObstacle(const ContainerOutcome& outcome, const RewritePlan& plan);

}  // namespace rightslice::policy
