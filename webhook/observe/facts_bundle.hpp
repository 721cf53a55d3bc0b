// An observation as a bundle of facts in the shape `piqc-scan.v0.1`, which scanners of the field emit and their tools read. Only the
// shape is theirs: a fact that was not seen is not in the bundle but among its errors, and none says more than what was read.
#pragma once
#include <functional>
#include <string_view>

#include "observe/observation.hpp"

namespace rightslice::observe {

void writeFactsBundle(const Snapshot& snapshot, const Observation& seen, std::string_view version, const std::function<void(std::string_view)>& sink);

}  // namespace rightslice::observe
