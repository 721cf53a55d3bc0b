// GPUs that reach a container past the scheduler, which has not been asked for them.
#pragma once
#include <optional>
#include <string>

#include "workload/pod_template.hpp"

namespace rightslice::policy {

struct UnaccountedGpu {
  std::string why;   ///< "env NVIDIA_VISIBLE_DEVICES=all gives it GPUs"
  bool sure = true;  ///< false: it hangs on a value that is not known here
};

/// Nothing where none is seen to. What is surely so comes first.
std::optional<UnaccountedGpu> unaccountedGpu(const workload::PodTemplate& pod, const workload::Container& container);

}  // namespace rightslice::policy
