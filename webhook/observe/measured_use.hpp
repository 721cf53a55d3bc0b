// What metrics say of the use of each workload, for money: how much of the time it does nothing, and its throughput. Pure.
#pragma once
#include "observe/observation.hpp"
#include "observe/split.hpp"

namespace rightslice::observe {

/// By index of placement.deployed; empty without metrics. Idle: all of the time where the workload has the finding Idle; else, of an engine
/// that counts tokens, the steps of the window in which none was added, over all its pods, where the window is as long and as well seen as
/// Idle wants it. Throughput: the sum over its pods, where it is known of each. What is not known is absent.
Measured measuredUseOf(const Snapshot& snapshot, const Observation& seen);

}  // namespace rightslice::observe
