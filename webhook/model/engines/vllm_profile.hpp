// vLLM's profile run: the batch with which it finds out what activations take, before it sizes the KV cache.
#pragma once
#include "model/device_sizes.hpp"

namespace rightslice::model {

struct ProfileRun {
  Interval bytes;
  ActivationPeak peak;  ///< of the expected value
};
ProfileRun profileRun(const ServingPlan& plan, const EstimateInput& input);

/// V0, the engine of releases before 0.8 and of VLLM_USE_V1=0: its batches, its images and its sampler differ.
bool isV0(const ServingPlan& plan, const EstimateInput& input);

}  // namespace rightslice::model
