#include "model/kv_dtype.hpp"

#include "model/spelling.hpp"

namespace rightslice::model {
namespace {

constexpr std::string_view kPlain = "one type for all elements, a scale per tensor at most";
constexpr std::string_view kVllm = "vLLM v1/kv_cache_interface.py: two float32 scales per token and head";
constexpr std::string_view kTurbo =
    "vLLM TurboQuant: packed codes, a norm of 2 B for keys and scale and zero of 4 B for values";
constexpr std::string_view kBlocks16 = "one scale of a byte per 16 elements";
constexpr std::string_view kGgml = "llama.cpp ggml-common.h: blocks of 32 elements with their scale";

constexpr KvDtype kTypes[] = {
    {"bfloat16", 32, 32, 0, kPlain},
    {"bf16", 32, 32, 0, kPlain},
    {"float16", 32, 32, 0, kPlain},
    {"fp16", 32, 32, 0, kPlain},
    {"f16", 32, 32, 0, kPlain},
    {"half", 32, 32, 0, kPlain},
    {"float32", 64, 64, 0, kPlain},
    {"float", 64, 64, 0, kPlain},
    {"f32", 64, 64, 0, kPlain},
    {"fp8", 16, 16, 0, kPlain},
    {"fp8_e4m3", 16, 16, 0, kPlain},
    {"fp8_e5m2", 16, 16, 0, kPlain},
    {"fp8_e4m3fn", 16, 16, 0, kPlain},
    {"fp8_inc", 16, 16, 0, kPlain},
    {"int8", 16, 16, 0, kPlain},
    {"int4", 8, 8, 0, kPlain},
    {"fp8_per_token_head", 16, 16, 8, kVllm},
    {"int8_per_token_head", 16, 16, 8, kVllm},
    {"int4_per_token_head", 8, 8, 8, kVllm},
    {"fp8_ds_mla", 18, 18, 0, "vLLM: 656 B per token and layer of latent attention"},
    {"turboquant_k8v4", 16, 8, 4, kTurbo},
    {"turboquant_4bit_nc", 8, 8, 6, kTurbo},
    {"turboquant_k3v4_nc", 6, 8, 6, kTurbo},
    {"turboquant_3bit_nc", 6, 6, 6, kTurbo},
    {"nvfp4", 9, 9, 0, kBlocks16},
    {"fp4", 9, 9, 0, kBlocks16},
    {"fp4_e2m1", 9, 9, 0, kBlocks16},
    {"fp4_mx_block16", 9, 9, 0, kBlocks16},
    {"mxfp8", 17, 17, 0, "one scale of a byte per 32 elements"},
    {"q8_0", 17, 17, 0, kGgml},
    {"q5_1", 12, 12, 0, kGgml},
    {"q5_0", 11, 11, 0, kGgml},
    {"q4_1", 10, 10, 0, kGgml},
    {"q4_0", 9, 9, 0, kGgml},
    {"iq4_nl", 9, 9, 0, kGgml},
};

}  // namespace

const KvDtype* findKvDtype(std::string_view name) {
  for (const KvDtype& type : kTypes) {
    if (equalsIgnoringCase(type.name, name)) return &type;
  }
  return nullptr;
}

}  // namespace rightslice::model
