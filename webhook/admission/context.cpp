#include "admission/context.hpp"

namespace rightslice::admission {

void addRunning(const Inventory& inventory, const workload::Workload& object, const Environment& environment, policy::Request& request) {
  using Usage = policy::Request::Usage;
  request.usageKnown = true;
  request.counted = inventory.countsWithOwner(object);
  request.autoscalersKnown = inventory.autoscalersKnown();
  request.autoscaler = inventory.autoscalerOf(object);
  request.autoscalersInUse = &inventory.autoscalersInUse(object.ns);
  const Running* self = inventory.find(workload::groupOf(object.apiVersion), object.kindName, object.ns, object.name);
  const auto use = [&](const workload::Autoscaler* autoscaler) {
    return policy::usageOf(*request.old, *environment.policies, environment.catalogue, *environment.surroundings, autoscaler);
  };
  if (request.old != nullptr) request.oldUsage = request.oldWritten = use(request.autoscaler);
  if (request.old != nullptr && request.autoscaler != nullptr) request.oldWritten = use(nullptr);
  const auto instead = [](const Usage& all, const Usage& seen, const Usage& old) {
    return Usage{plusBytes(all.memory - seen.memory, old.memory), plusBytes(all.gpuMillis - seen.gpuMillis, old.gpuMillis),
                 plusBytes(all.costCents - seen.costCents, old.costCents)};
  };
  request.usage = instead(inventory.usage(object.ns), self != nullptr ? self->usage : Usage{}, request.oldUsage);
  request.written = instead(inventory.written(object.ns), self != nullptr ? self->written : Usage{}, request.oldWritten);
}

void addUse(const Environment& environment, const workload::Autoscaler* scaling, Running& running) {
  if (scaling != nullptr) running.autoscaler = *scaling;
  if (!environment.policies->hasBudget(running.ns)) return;
  const auto object = readRunning(*running.text);
  if (!object) return;
  const auto use = [&](const workload::Autoscaler* autoscaler) {
    return policy::usageOf(*object, *environment.policies, environment.catalogue, *environment.surroundings, autoscaler);
  };
  running.usage = use(scaling);
  running.raised = workload::raises(*object, scaling);
  running.written = running.raised ? use(nullptr) : running.usage;
}

std::optional<workload::Workload> ownerOf(const Inventory& inventory, const workload::Workload& object) {
  if (!object.controller) return std::nullopt;
  const Running* owner = inventory.byUid(object.controller->uid);
  return owner != nullptr ? readRunning(*owner->text) : std::nullopt;
}

}  // namespace rightslice::admission
