// What runs in the cluster, as far as it bears on one request.
#pragma once
#include <optional>

#include "admission/inventory.hpp"
#include "admission/verdict.hpp"

namespace rightslice::admission {

/// What the namespace uses already. This object counts as it was before the request (request.old), whatever was last seen of it.
void addRunning(const Inventory& inventory, const workload::Workload& object, const Environment& environment, policy::Request& request);

/// What a running object uses, where a policy of its namespace has a budget; `scaling`: what may scale it, or null.
void addUse(const Environment& environment, const workload::Autoscaler* scaling, Running& running);

/// The controller owner where it runs and is nobody's child: it proves a child.
std::optional<workload::Workload> ownerOf(const Inventory& inventory, const workload::Workload& object);

}  // namespace rightslice::admission
