// One engine, one file of this folder. A new engine is a new file, a line here and a line in model/engines.cpp.
#pragma once
#include "model/engine.hpp"

namespace rightslice::model::engine {

extern const Engine vllm, sglang, tgi, tei, tensorRtLlm, triton, nim, llamaCpp, ollama, lmdeploy, kserveHuggingFace, dynamo, ray,
    speaches, comfyui;

}  // namespace rightslice::model::engine
