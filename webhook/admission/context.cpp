#include "admission/context.hpp"

namespace rightslice::admission {

void addRunning(const Inventory& inventory, const workload::Workload& object, const Environment& environment, policy::Request& request) {
  using Usage = policy::Request::Usage;
  request.usageKnown = true;
  request.counted = isCounted(object);
  const Running* self = inventory.find(object.kindName, object.ns, object.name);
  const Usage all = inventory.usage(object.ns), seen = self != nullptr ? self->usage : Usage{};
  if (request.old != nullptr) {
    request.oldUsage = policy::usageOf(*request.old, *environment.policies, environment.catalogue, *environment.surroundings);
  }
  const Usage& old = request.oldUsage;
  request.usage = {plusBytes(all.memory - seen.memory, old.memory), plusBytes(all.gpuMillis - seen.gpuMillis, old.gpuMillis),
                   plusBytes(all.costCents - seen.costCents, old.costCents)};
}

std::optional<workload::Workload> ownerOf(const Inventory& inventory, const workload::Workload& object) {
  if (!object.controller) return std::nullopt;
  const Running* owner = inventory.byUid(object.controller->uid);
  return owner != nullptr ? readRunning(*owner->text) : std::nullopt;
}

}  // namespace rightslice::admission
