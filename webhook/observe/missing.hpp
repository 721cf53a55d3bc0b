// Pods that a workload declares and that are not there: never made, for a quota or a webhook that refused them. Private to observe/.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "observe/placement.hpp"
#include "workload/workload.hpp"

namespace rightslice::observe {

/// Declared less those that exist, of kinds whose controller makes as many pods as the object says and tells how many it made; nothing where
/// that cannot be told. `declared`: replicas.
std::optional<std::int64_t> missingPods(const Snapshot& snapshot, const Deployed& deployed, const Object& object, std::optional<std::int64_t> declared);

/// What one pod of the object's only template would hold; empty where it has several templates, or asks for nothing by name.
std::vector<Hold> asksOfMissing(const Object& object, Index deployed);

}  // namespace rightslice::observe
