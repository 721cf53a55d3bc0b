#include <doctest/doctest.h>

#include "model/footprint.hpp"

using namespace rightslice;
using namespace rightslice::model;

namespace {

struct PerToken {
  const char* id;
  Bytes bytes;
};
// In 16 bit without tensor parallelism; computed with the independent script that made the catalogue's totals.
constexpr PerToken kPerToken[] = {
    {"meta-llama/Llama-2-7b-hf", 524288},
    {"meta-llama/Llama-2-13b-hf", 819200},
    {"meta-llama/Llama-2-70b-hf", 327680},
    {"codellama/CodeLlama-34b-Instruct-hf", 196608},
    {"meta-llama/Meta-Llama-3-8B", 131072},
    {"meta-llama/Meta-Llama-3-70B", 327680},
    {"meta-llama/Llama-3.1-8B-Instruct", 131072},
    {"meta-llama/Llama-3.1-70B-Instruct", 327680},
    {"meta-llama/Llama-3.1-405B", 516096},
    {"meta-llama/Llama-3.2-1B", 32768},
    {"meta-llama/Llama-3.2-3B", 114688},
    {"meta-llama/Llama-3.3-70B-Instruct", 327680},
    {"meta-llama/Llama-3.2-11B-Vision", 163840},
    {"meta-llama/Llama-4-Scout-17B-16E-Instruct", 196608},
    {"meta-llama/Llama-4-Maverick-17B-128E-Instruct", 196608},
    {"TinyLlama/TinyLlama-1.1B-Chat-v1.0", 22528},
    {"deepseek-ai/DeepSeek-R1-Distill-Llama-8B", 131072},
    {"deepseek-ai/DeepSeek-R1-Distill-Llama-70B", 327680},
    {"mistralai/Mistral-7B-v0.1", 131072},
    {"mistralai/Mistral-7B-Instruct-v0.3", 131072},
    {"mistralai/Mistral-Nemo-Instruct-2407", 163840},
    {"mistralai/Mistral-Small-24B", 163840},
    {"mistralai/Mixtral-8x7B-Instruct-v0.1", 131072},
    {"Qwen/Qwen2.5-0.5B-Instruct", 12288},
    {"Qwen/Qwen2.5-1.5B-Instruct", 28672},
    {"Qwen/Qwen2.5-3B-Instruct", 36864},
    {"Qwen/Qwen2.5-7B-Instruct", 57344},
    {"Qwen/Qwen2.5-14B-Instruct", 196608},
    {"Qwen/Qwen2.5-32B-Instruct", 262144},
    {"Qwen/Qwen2.5-72B-Instruct", 327680},
    {"Qwen/Qwen2-7B-Instruct", 57344},
    {"Qwen/Qwen2-VL-7B-Instruct", 57344},
    {"Qwen/Qwen2.5-VL-3B-Instruct", 36864},
    {"Qwen/Qwen2.5-VL-7B-Instruct", 57344},
    {"Qwen/QwQ-32B", 262144},
    {"deepseek-ai/DeepSeek-R1-Distill-Qwen-1.5B", 28672},
    {"deepseek-ai/DeepSeek-R1-Distill-Qwen-7B", 57344},
    {"deepseek-ai/DeepSeek-R1-Distill-Qwen-14B", 196608},
    {"deepseek-ai/DeepSeek-R1-Distill-Qwen-32B", 262144},
    {"Qwen/Qwen3-0.6B", 114688},
    {"Qwen/Qwen3-1.7B", 114688},
    {"Qwen/Qwen3-4B", 147456},
    {"Qwen/Qwen3-8B", 147456},
    {"Qwen/Qwen3-32B", 262144},
    {"Qwen/Qwen3-30B-A3B", 98304},
    {"Qwen/Qwen3-Coder-480B-A35B-Instruct", 253952},
    {"Qwen/Qwen3-VL-30B-A3B-Instruct", 98304},
    {"google/gemma-2-2b", 106496},
    {"google/gemma-2-27b", 376832},
    {"google/gemma-3-1b-it", 26624},
    {"google/gemma-3-4b-it", 139264},
    {"google/gemma-3-27b-it", 507904},
    {"microsoft/phi-1_5", 196608},
    {"microsoft/phi-2", 327680},
    {"microsoft/Phi-3-mini-4k-instruct", 393216},
    {"microsoft/Phi-3.5-mini-instruct", 393216},
    {"microsoft/Phi-3-medium-4k-instruct", 204800},
    {"microsoft/phi-4", 204800},
    {"microsoft/Phi-4-mini-instruct", 131072},
    {"microsoft/Phi-3.5-vision-instruct", 393216},
    {"deepseek-ai/DeepSeek-V2-Lite", 31104},
    {"deepseek-ai/DeepSeek-V2.5", 69120},
    {"deepseek-ai/DeepSeek-V3", 70272},
    {"deepseek-ai/DeepSeek-R1", 70272},
    {"openai/gpt-oss-20b", 49152},
    {"openai/gpt-oss-120b", 73728},
    {"tiiuae/falcon-7b", 8192},
    {"tiiuae/falcon-40b", 122880},
    {"bigcode/starcoder2-7b", 65536},
    {"HuggingFaceTB/SmolLM2-135M-Instruct", 23040},
    {"HuggingFaceTB/SmolLM2-1.7B-Instruct", 196608},
    {"allenai/OLMo-2-1124-7B", 524288},
    {"allenai/OLMo-2-1124-13B", 819200},
    {"EleutherAI/pythia-6.9b", 524288},
    {"CohereForAI/aya-23-8B", 131072},
    {"CohereForAI/c4ai-command-r-v01", 1310720},
    {"ibm-granite/granite-3.3-8b-instruct", 163840},
    {"Qwen/Qwen1.5-MoE-A2.7B", 196608},
    {"facebook/opt-125m", 36864},
    {"intfloat/e5-mistral-7b-instruct", 131072},
    {"Alibaba-NLP/gte-Qwen2-7B-instruct", 57344},
    {"Qwen/Qwen3-Embedding-8B", 147456},
    {"llava-hf/llava-v1.6-mistral-7b-hf", 131072},
};

}  // namespace

TEST_CASE("KV cache per token is that of the attention class") {
  EngineRun run;
  run.engine = findEngine("vllm");
  for (const PerToken& row : kPerToken) {
    CAPTURE(row.id);
    const auto found = Catalogue::builtIn().find(row.id);
    REQUIRE(found);
    const auto e = estimate(estimateInput(*found, run, Load{}, Device{}));
    REQUIRE(e);
    CHECK(e->kvBytesPerToken == row.bytes);
  }
}

TEST_CASE("latent attention: padded by vLLM 0.7, and with the index of sparse attention") {
  const auto perToken = [](const char* model, const char* version) {
    EngineRun run;
    run.engine = findEngine("vllm");
    run.version = version;
    const auto found = Catalogue::builtIn().find(model);
    REQUIRE(found);
    return estimate(estimateInput(*found, run, Load{}, Device{}))->kvBytesPerToken;
  };
  CHECK(perToken("deepseek-ai/DeepSeek-V3", "0.7.3") == 61 * 640 * 2);
  CHECK(perToken("deepseek-ai/DeepSeek-V3", "0.8.5") == 61 * 576 * 2);
  CHECK(perToken("deepseek-ai/DeepSeek-V3.2", "0.11.0") == 61 * (576 * 2 + 128 + 4));
}

TEST_CASE("only layers with a cache of their own count, and states do not grow") {
  const auto estimated = [](const char* model) {
    EngineRun run;
    run.engine = findEngine("vllm");
    const auto found = Catalogue::builtIn().find(model);
    REQUIRE(found);
    return *estimate(estimateInput(*found, run, Load{4, 2048, true}, Device{}));
  };
  CHECK(estimated("google/gemma-3n-E4B-it").kvBytesPerToken == 20 * 2 * 2 * 256 * 2);  // 15 of 35 share
  CHECK(estimated("nvidia/Llama-3_3-Nemotron-Super-49B-v1").kvBytesPerToken == 49 * 2 * 8 * 128 * 2);
  CHECK(estimated("moonshotai/Kimi-Linear-48B-A3B-Instruct").kvBytesPerToken == 7 * 576 * 2);
  const Estimate states = estimated("mistralai/Mamba-Codestral-7B-v0.1");
  CHECK(states.kvBytesPerToken == 0);
  // Convolutions in 16 bit, states in 32 bit: facts/footprint 2, as logged for Qwen3.5 (100.5 MiB for two slots in 32 bit).
  CHECK(states.kv == 4LL * 64 * ((8192 + 2 * 8 * 128) * 3 * 2 + 8192 * 128 * 4));
}
