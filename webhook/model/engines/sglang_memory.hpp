// What SGLang takes, also where another server runs it.
#pragma once
#include "model/device_sizes.hpp"

namespace rightslice::model {

void planSglang(ServingPlan& plan, const EstimateInput& input);
void sizeSglang(DeviceSizes& sizes, const ServingPlan& plan, const EstimateInput& input);

}  // namespace rightslice::model
