// What an object takes of its namespace's budget (DESIGN 3.6, OverBudget).
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "policy/judge_container.hpp"

namespace rightslice::policy {

/// Memory = usable x count x pods, of which an autoscaler's maximum is counted; GPUs = the largest share of the product set; cost on the
/// user's own book only. A pod counts max(init, sum of the others). Unknown parts count nothing.
Request::Usage usageOfOutcomes(const std::vector<ContainerOutcome>& outcomes, const Catalogue& catalogue,
                               const workload::Surroundings& surroundings, const workload::Autoscaler* autoscaler = nullptr,
                               std::int64_t surge = 0);

/// What an object takes: with what its autoscaler may make of it, and as it is written.
struct Takes {
  Request::Usage counted, written;
};

/// The finding's text if the budget would be passed and the request raises its use; nothing otherwise. With an autoscaler's maximum a
/// request may stay as it is counted and still let more run: then what is written, here and by the others, must keep to the budget.
/// `hangsOnOthers` is set where what else runs, or what scales it, decides and is not known.
std::optional<std::string> overBudget(const Policy& policy, const workload::Workload& object, const Takes& own, const Request& request,
                                      bool& hangsOnOthers);

/// Where the update rolls out: what passes the budget for a while, though what stays does not; empty where nothing does.
std::string overWhileRolling(const Policy& policy, const Request::Usage& own, const Request& request);

}  // namespace rightslice::policy
