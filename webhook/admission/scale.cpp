#include "admission/scale.hpp"

#include <algorithm>

namespace rightslice::admission {

std::optional<Scaled> scaledObject(const Review& review, const Inventory* inventory) {
  if (inventory == nullptr || review.subResource != "scale" || review.operation != "UPDATE") return std::nullopt;
  const auto kinds = workload::kinds();
  const auto kind = std::find_if(kinds.begin(), kinds.end(), [&](const workload::Kind& each) {
    return !each.plural.empty() && each.plural == review.resource && each.group == review.resourceGroup;
  });
  const auto replicas = review.object["spec"]["replicas"].integer().value_or(0);  // Go leaves 0 out
  if (kind == kinds.end() || replicas < 0) return std::nullopt;
  const Running* running = inventory->find(kind->group, kind->kind, review.ns, review.name);
  auto object = running != nullptr ? readRunning(*running->text) : std::nullopt;
  if (!object) return std::nullopt;
  Scaled out{*object, std::move(*object)};
  workload::scaleTo(out.now, replicas);
  if (review.oldObject.isObject()) workload::scaleTo(out.before, std::max<std::int64_t>(0, review.oldObject["spec"]["replicas"].integer().value_or(0)));
  return out;
}

}  // namespace rightslice::admission
