// Labels of machines that tell which GPU is in them: instance types and what autoscalers write. They count
// where the labels of DESIGN 3.2 are silent.
#pragma once
#include <span>
#include <string_view>

namespace rightslice::policy {

/// The GPU of a machine.
struct MachineGpu {
  std::string_view gpu;                          ///< for people: "L4"
  std::span<const std::string_view> products;    ///< titles in the catalogue, of which it is one; empty: the catalogue lacks it
};

/// By the value of a label of workload::kMachineLabels. Null where the value says nothing of a GPU.
const MachineGpu* gpuOfMachine(std::string_view label, std::string_view value);

}  // namespace rightslice::policy
