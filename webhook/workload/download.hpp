// What init containers put into the folders that a pod's models are read from.
#pragma once
#include "workload/pod_template.hpp"

namespace rightslice::workload {

/// Tells containers that name a folder as their model which repository an init container downloads into it (huggingface-cli download,
/// hf download). Containers of which the object itself tells are left alone.
void attachDownloads(PodTemplate& pod);

}  // namespace rightslice::workload
