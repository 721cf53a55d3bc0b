// Setters for the values of vLLM's flags; false if vLLM would refuse the value.
#pragma once
#include <string_view>

#include "model/flag_table.hpp"

namespace rightslice::model::vllm_value {

bool setLength(std::string_view value, EngineRun& run);
bool setOffload(std::string_view value, EngineRun& run);
bool setQuantization(std::string_view value, EngineRun& run);
bool setLoadFormat(std::string_view value, EngineRun& run);
bool setRunner(std::string_view value, EngineRun& run);
bool setMediaLimit(std::string_view value, EngineRun& run);
bool setWeightsUnsure(std::string_view value, EngineRun& run);
bool setRopeScaling(std::string_view value, EngineRun& run);
bool setOverrides(std::string_view value, EngineRun& run);
bool setLargestGraph(std::string_view value, EngineRun& run);
bool setCompilation(std::string_view value, EngineRun& run);
bool setOptimisation(std::string_view value, EngineRun& run);

}  // namespace rightslice::model::vllm_value
