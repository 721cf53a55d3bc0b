#include "model/vision.hpp"

#include <algorithm>

namespace rightslice::model {
namespace {

// The largest image: max_pixels of the processor (Qwen), the fixed size (Gemma, LLaVA), all tiles (Llama, InternVL, ...).
constexpr VisionEncoder kEncoders[] = {
    {.name = "qwen2_vl", .tokens = 16384, .patches = 65536, .hidden = 1280, .intermediate = 5120, .pixels = 1176, .imagesOfVideo = 7,
     .source = "Qwen/Qwen2-VL-7B-Instruct config.json and preprocessor_config.json: max_pixels 12845056, patches of 14, merged 2 x 2; videos of 14 frames"},
    {.name = "qwen2_5_vl", .tokens = 16384, .patches = 65536, .hidden = 1280, .intermediate = 3420, .gated = true, .pixels = 1176, .imagesOfVideo = 7,
     .source = "Qwen/Qwen2.5-VL-7B-Instruct config.json and preprocessor_config.json: max_pixels 12845056"},
    {.name = "qwen3_vl", .tokens = 16384, .patches = 65536, .hidden = 1152, .intermediate = 4304, .pixels = 1536, .outputs = 4,
     .source = "Qwen/Qwen3-VL-8B-Instruct config.json: longest_edge 16777216, patches of 16, three deepstack outputs"},
    {.name = "gemma3", .tokens = 256, .patches = 4096, .hidden = 1152, .intermediate = 4304, .pixels = 588,
     .source = "google/gemma-3-4b-it config.json: SigLIP 896 x 896, patches of 14, pooled to 256 tokens"},
    {.name = "mistral3", .tokens = 3080, .patches = 12100, .hidden = 1024, .intermediate = 4096, .gated = true, .pixels = 588,
     .source = "mistralai/Mistral-Small-3.1-24B-Instruct-2503 config.json: Pixtral 1540 x 1540, patches of 14, merged 2 x 2"},
    {.name = "pixtral", .tokens = 4160, .patches = 4096, .hidden = 1024, .intermediate = 4096, .gated = true, .pixels = 768,
     .source = "mistralai/Pixtral-12B-2409 params.json: 1024 x 1024, patches of 16"},
    {.name = "mllama", .tokens = 6404, .patches = 6432, .hidden = 1280, .intermediate = 5120, .pixels = 585, .kept = 7680,
     .crossAttention = true,
     .source = "meta-llama/Llama-3.2-11B-Vision config.json: four tiles of 1601 patches, padded to 1608; five inner layers are kept"},
    {.name = "llama4", .tokens = 2465, .patches = 9792, .hidden = 1408, .intermediate = 5632, .pixels = 588,
     .source = "meta-llama/Llama-4-Scout-17B-16E-Instruct config.json: 16 tiles and one of the whole, 336 x 336 each"},
    {.name = "llava", .tokens = 576, .patches = 577, .hidden = 1024, .intermediate = 4096, .pixels = 588,
     .source = "llava-hf/llava-1.5-7b-hf config.json: CLIP ViT-L 336 x 336"},
    {.name = "llava_next", .tokens = 2928, .patches = 2885, .hidden = 1024, .intermediate = 4096, .pixels = 588,
     .source = "llava-hf/llava-v1.6-mistral-7b-hf config.json: five tiles of 336 x 336"},
    {.name = "llava_onevision", .tokens = 7290, .patches = 26973, .hidden = 1152, .intermediate = 4304, .pixels = 588,
     .source = "llava-hf/llava-onevision-qwen2-7b-ov-hf config.json: SigLIP 384 x 384, grids up to 6 x 6"},
    {.name = "internvl_chat", .tokens = 3328, .patches = 13325, .hidden = 1024, .intermediate = 4096, .pixels = 588,
     .source = "OpenGVLab/InternVL2_5-8B config.json: 12 tiles and one of the whole, 448 x 448, merged 2 x 2"},
    {.name = "phi3_v", .tokens = 2509, .patches = 9809, .hidden = 1024, .intermediate = 4096, .pixels = 588,
     .source = "microsoft/Phi-3.5-vision-instruct config.json: 16 crops and one of the whole, CLIP ViT-L"},
    {.name = "idefics3", .tokens = 1377, .patches = 12393, .hidden = 1152, .intermediate = 4304, .pixels = 588,
     .source = "HuggingFaceTB/SmolVLM-Instruct preprocessor_config.json: 16 tiles and one of the whole, 384 x 384, 81 tokens each"},
    {.name = "paligemma", .tokens = 1024, .patches = 1024, .hidden = 1152, .intermediate = 4304, .pixels = 588,
     .source = "google/paligemma-3b-mix-448 config.json: SigLIP 448 x 448; half that size needs a quarter"},
    {.name = "kimi_vl", .tokens = 1369, .patches = 5476, .hidden = 1152, .intermediate = 4304, .pixels = 588,
     .source = "moonshotai/Kimi-VL-A3B-Instruct config.json: MoonViT; vLLM profiles images of 1024 x 1024"},
};

// Other names for the same encoder.
constexpr struct {
  std::string_view modelType, name;
} kSame[] = {{"qwen3_vl_moe", "qwen3_vl"}, {"qwen3_5", "qwen3_vl"}, {"qwen3_5_moe", "qwen3_vl"}, {"internvl", "internvl_chat"}};

}  // namespace

const VisionEncoder* findVisionEncoder(std::string_view modelType) {
  for (const auto& same : kSame) {
    if (same.modelType == modelType) modelType = same.name;
  }
  const auto* found =
      std::find_if(std::begin(kEncoders), std::end(kEncoders), [&](const VisionEncoder& e) { return e.name == modelType; });
  return found == std::end(kEncoders) ? nullptr : found;
}

}  // namespace rightslice::model
