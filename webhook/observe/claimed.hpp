// Devices of claims on the boards of nodes: what is offered, what is held, and by whom. Private to observe/.
#pragma once
#include "observe/placement.hpp"

namespace rightslice::observe {

/// Adds rows and holds of what claims hand out. `deployedOfPod`: parallel to snapshot.pods.
///
/// A device that is there by itself is a row's one. Of devices that are made on demand those that are held are there; the rest of a GPU counts
/// as the largest devices that can still be made of it, one after the other, so that what is offered is no more than can be had at once.
/// A claim that several pods use is held once, by the first of them.
void placeClaimed(const Snapshot& snapshot, const std::vector<Index>& deployedOfPod, Placement& out);

/// How many devices of the profile (empty: whole GPUs) claims could be given on the node now, all at once.
std::int64_t claimable(const Snapshot& snapshot, const Node& node, std::string_view profile);

}  // namespace rightslice::observe
