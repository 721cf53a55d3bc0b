// GPU resources that a pod of a cluster holds. Nothing is trusted to be there or of the right type.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "json/view.hpp"

namespace rightslice::workload {

using Counts = std::map<std::string, std::int64_t, std::less<>>;

/// GPU resources of a resource list; what is no whole count of 0 or more is left out.
Counts gpuCounts(json::View resources);
/// What a container asks for. Kubernetes copies limits of extended resources to requests, so limits are what is there.
Counts askedBy(json::View container);
/// What the scheduler reserves for a pod: the larger of all containers together and of each init container beside the sidecars before
/// it. Nothing that is zero.
Counts reservedFor(json::View podSpec);

/// GPU resources that a pod holds on its node; nothing for a pod that holds none, is not placed, or has ended.
struct PodUse {
  std::string node;
  Counts counts;
  friend bool operator==(const PodUse&, const PodUse&) = default;
};
std::optional<PodUse> readPodUse(json::View object);

}  // namespace rightslice::workload
