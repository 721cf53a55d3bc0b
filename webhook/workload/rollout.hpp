// What an update of an object does to what runs: pods beside its replicas for a while.
#pragma once
#include <cstdint>

#include "json/view.hpp"

namespace rightslice::workload {

/// Replicas that a rolling update from `before` to `now` runs at most beside those that are written; 0 where the pods stay as they are, where
/// they are replaced in place, and for kinds other than Deployment.
std::int64_t surgeOf(json::View now, json::View before);

}  // namespace rightslice::workload
