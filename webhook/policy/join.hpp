// From what each policy says of an object to what is said of it.
#pragma once
#include <utility>
#include <vector>

#include "policy/actions.hpp"
#include "policy/judge_container.hpp"
#include "policy/judgement.hpp"
#include "policy/policy_set.hpp"

namespace rightslice::policy {

/// What one policy says of one object.
struct PolicyOutcome {
  const Policy* policy = nullptr;
  Mode mode = Mode::Enforce;
  std::vector<ContainerOutcome> containers;
  std::vector<std::pair<Decided, const ContainerOutcome*>> findings;
};

/// Findings, decision and containers of the judgement. Takes the judgements of the containers out of the outcomes.
void joinOutcomes(std::vector<PolicyOutcome>& outcomes, const Selection& selection, bool validateOnly, Judgement& out);

}  // namespace rightslice::policy
