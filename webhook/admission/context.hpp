// What runs in the cluster, as far as it bears on one request.
#pragma once
#include <optional>

#include "admission/inventory.hpp"
#include "admission/verdict.hpp"

namespace rightslice::admission {

/// What the namespace uses already. This object counts as it was before the request (request.old), whatever was last seen of it.
void addRunning(const Inventory& inventory, const workload::Workload& object, const Environment& environment, policy::Request& request);

/// The controller owner where it runs and is nobody's child: it proves a child.
std::optional<workload::Workload> ownerOf(const Inventory& inventory, const workload::Workload& object);

}  // namespace rightslice::admission
