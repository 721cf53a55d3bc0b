// What TGI takes.
#pragma once
#include "model/device_sizes.hpp"

namespace rightslice::model {

void planTgi(ServingPlan& plan, const EstimateInput& input);
void sizeTgi(DeviceSizes& sizes, const ServingPlan& plan, const EstimateInput& input);

}  // namespace rightslice::model
