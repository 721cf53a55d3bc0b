// Which recommendations are worth a cut: a node is drained for one only if a GPU comes free by it, or something finds room that had none.
#pragma once
#include <set>

#include "observe/plan/fleet.hpp"

namespace rightslice::observe::plan {

/// Takes smaller slices back to what is asked for today where with those as few GPUs do, and fewer are cut anew; the workloads that this is
/// true of. A smaller slice that is there already is none of them: nothing is cut for it. Tried together, node by node and one by one, as far
/// as a bounded number of tries goes; larger slices are never taken back, since their pods lack something.
std::set<Index> leaveWithoutGain(Fleet& fleet);

}  // namespace rightslice::observe::plan
