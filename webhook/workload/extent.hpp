// How much of an object there is to judge.
#pragma once
#include <optional>
#include <string>

#include "workload/workload.hpp"

namespace rightslice::workload {

/// Says what of the object is more than limits::kMaxAsks; nothing if none is. Of these each is judged by itself or beside all others,
/// so that an object made for it could hold up the webhook for long; none that a cluster can run comes near.
std::optional<std::string> excessOf(const Workload& workload);

}  // namespace rightslice::workload
