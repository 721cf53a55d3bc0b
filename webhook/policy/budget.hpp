// What an object takes of its namespace's budget (DESIGN 3.6, OverBudget).
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "policy/judge_container.hpp"

namespace rightslice::policy {

/// Memory = usable x count x replicas; GPUs = the largest share of the product set; cost on the user's own book only. A pod counts
/// max(init, sum of the others). Unknown parts count nothing.
Request::Usage usageOfOutcomes(const std::vector<ContainerOutcome>& outcomes, const Catalogue& catalogue,
                               const workload::Surroundings& surroundings);

/// The finding's text if the budget would be passed and the request raises its use; nothing otherwise.
/// `hangsOnOthers` is set where what else runs decides and is not known.
std::optional<std::string> overBudget(const Policy& policy, const Request::Usage& own, const Request& request, bool& hangsOnOthers);

}  // namespace rightslice::policy
