// How much of an object there is to judge.
#pragma once
#include <optional>
#include <string>

#include "workload/workload.hpp"

namespace rightslice::workload {

/// Says what of the object is more than limits::kMaxAsks; nothing if none is. Of these each is judged by itself or beside all others,
/// so that an object made for it could hold up the webhook for long; none that a cluster can run comes near.
std::optional<std::string> excessOf(const Workload& workload);

/// The same of an object that is not read yet: more than limits::kMaxContainers containers, or limits::kMaxWords words of commands, arguments
/// and environments, wherever their lists stand. A review of 3 MiB can hold 230,000 and 700,000, and reading them would take a gigabyte.
/// `bytes`: of the text that the object is a part of; a short one cannot hold so many, and nothing is counted.
std::optional<std::string> excessOf(json::View object, std::size_t bytes);

}  // namespace rightslice::workload
