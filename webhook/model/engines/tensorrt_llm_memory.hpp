// TensorRT-LLM's flags and memory, also where another server runs it.
#pragma once
#include "model/device_sizes.hpp"
#include "model/flag_table.hpp"

namespace rightslice::model {

void readTensorRtLlmFlags(FlagSource& source, EngineRun& run);
void planTensorRtLlm(ServingPlan& plan, const EstimateInput& input);
void sizeTensorRtLlm(DeviceSizes& sizes, const ServingPlan& plan, const EstimateInput& input);

}  // namespace rightslice::model
