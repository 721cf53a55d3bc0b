#include "app/inventory_source.hpp"

#include "admission/context.hpp"

namespace rightslice::app {

bool InventorySource::take(const std::vector<RunningText>& objects, const admission::Environment& environment, const std::string& basis,
                           std::shared_ptr<const workload::Autoscalers> autoscalers, std::chrono::milliseconds limit) {
  const auto end = std::chrono::steady_clock::now() + limit;
  const policy::PolicySet& policies = *environment.policies;
  const std::string now = policies.budgeted() ? basis : "no budget";
  if (now != basis_) known_.clear();
  basis_ = now;
  decltype(known_) known;
  std::vector<std::shared_ptr<const admission::Running>> running;
  for (const RunningText& each : objects) {
    const auto* scaling = autoscalers && policies.hasBudget(each.ns) ? autoscalers->of(each.group, each.kind, each.ns, each.name) : nullptr;
    const auto autoscaler = scaling != nullptr ? std::optional(*scaling) : std::nullopt;
    auto at = known_.find(each.text);
    if (at == known_.end() || at->second->autoscaler != autoscaler) {
      if (std::chrono::steady_clock::now() >= end) return false;
      auto made = std::make_shared<admission::Running>();
      made->group = each.group;
      made->kind = each.kind;
      made->owner = each.owner;
      made->ns = each.ns;
      made->name = each.name;
      made->uid = each.uid;
      made->text = each.text;
      admission::addUse(environment, scaling, *made);
      at = known_.insert_or_assign(each.text, std::move(made)).first;
    }
    running.push_back(at->second);
    known.emplace(*at);
  }
  known_ = std::move(known);
  published_.set(std::make_shared<const admission::Inventory>(std::move(running), std::move(autoscalers)));
  return true;
}

}  // namespace rightslice::app
