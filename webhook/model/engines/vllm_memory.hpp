// What vLLM takes, also where another server runs it.
#pragma once
#include "model/device_sizes.hpp"

namespace rightslice::model {

void planVllm(ServingPlan& plan, const EstimateInput& input);
void sizeVllm(DeviceSizes& sizes, const ServingPlan& plan, const EstimateInput& input);

}  // namespace rightslice::model
