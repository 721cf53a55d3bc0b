// Weights of one run, counted once: on every slice of a GPU they are the same.
#pragma once
#include <optional>
#include <utility>

#include "model/device_sizes.hpp"

namespace rightslice::model {

/// For inputs that differ in their device only. For one thread.
class WeightsMemo {
 public:
  /// What countParameters() gives for the architecture of these inputs.
  const ParameterCount& count(const Architecture& architecture);
  /// What weightsOn() gives.
  Interval on(const ServingPlan& plan, const EngineRun& run, bool a100, bool deviceKnown);

 private:
  /// All that the device decides of what weights take.
  struct Split {
    Format format = Format::None;
    std::int64_t tensorParallel = 0, pipelineParallel = 0, expertReplicas = 0, elementBytes = 0;
    bool a100 = false, deviceKnown = false;
    bool operator==(const Split&) const = default;
  };
  std::optional<ParameterCount> count_;
  std::optional<std::pair<Split, Interval>> last_;
};

}  // namespace rightslice::model
