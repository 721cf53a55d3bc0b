// Whether a pod's own words let it run on a node: nodeSelector, required node affinity and tolerations, as the scheduler reads them.
#pragma once
#include <string>
#include <vector>

#include "json/view.hpp"
#include "workload/surroundings.hpp"

namespace rightslice::observe::plan {

/// What of a pod's spec chooses nodes, as compact JSON; the same for pods that choose alike.
std::string nodeChoice(json::View podSpec);
/// Labels only: taints and what else the scheduler weighs are not looked at. An expression that is not known lets no node in.
bool mayRunOn(json::View choice, const workload::Node& node);
/// Taints as Node::taints has them; of one that is about GPUs (nvidia.com/gpu...) any pod with GPUs is taken to tolerate it, as the
/// admission plugin ExtendedResourceToleration makes them.
bool tolerates(json::View choice, const std::vector<std::string>& taints);

}  // namespace rightslice::observe::plan
