// Private to workload/: what a RayService's serveConfigV2 says of the models that its workers run.
#pragma once
#include <vector>

#include "workload/part.hpp"
#include "workload/pod_template.hpp"

namespace rightslice::workload {

/// Reads the YAML text (absent: nothing happens) and tells every container that asks for a GPU what it may serve. A text that is no
/// YAML is reported as malformed.
void attachServeConfig(const Part& text, std::vector<PodTemplate>& templates);

}  // namespace rightslice::workload
