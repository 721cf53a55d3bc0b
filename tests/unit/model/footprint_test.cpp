#include <doctest/doctest.h>
#include <fmt/format.h>

#include "model/footprint.hpp"

using namespace rightslice;
using namespace rightslice::model;

namespace {

double gib(Bytes bytes) { return static_cast<double>(bytes) / static_cast<double>(kGiB); }

EngineRun vllm(std::string version = "") {
  EngineRun run;
  run.engine = findEngine("vllm");
  run.version = std::move(version);
  return run;
}

/// An estimate of a model of the catalogue; the pieces stay alive with it.
struct Case {
  EngineRun run = vllm();
  EstimateInput input;
  explicit Case(const char* model, std::optional<Format> format = std::nullopt) {
    const auto found = Catalogue::builtIn().find(model);
    REQUIRE_MESSAGE(found, model);
    input = estimateInput(*found, run, Load{}, Device{});
    if (format) input.format = format;
  }
  Case(const Case&) = delete;
  Case& operator=(const Case&) = delete;
  Estimate get() const {
    const auto result = estimate(input);
    REQUIRE(result);
    return *result;
  }
};

const Term& term(const Estimate& e, std::string_view name) {
  for (const Term& t : e.need.terms) {
    if (t.name == name) return t;
  }
  FAIL("no term ", std::string(name));
  return e.need.terms.front();
}

/// Measured runs of vLLM, from public logs; ids as in the collection that facts/footprint describes.
struct Measured {
  const char* id;
  const char* model;
  const char* format;
  int tp;
  double weightsGib;   // 0: not logged
  double kvGib;
  std::int64_t kvTokens;
  const char* source;
};
constexpr Measured kMeasured[] = {
    {"T001", "openai/gpt-oss-20b", "", 1, 13.47, 0, 0, "llm-d-planner empirical-vllm-memory-results, vLLM 0.11.0, H100"},
    {"T002", "openai/gpt-oss-120b", "", 1, 64.38, 0, 0, "llm-d-planner empirical-vllm-memory-results, vLLM 0.11.0, H100"},
    {"T004", "meta-llama/Llama-3.3-70B-Instruct", "fp8", 1, 67.72, 0, 0, "llm-d-planner empirical-vllm-memory-results"},
    {"T006", "Qwen/Qwen3-0.6B", "", 1, 1.12, 0, 0, "llm-d-planner empirical-vllm-memory-results"},
    {"T007", "Qwen/Qwen3-32B", "", 1, 61.03, 0, 0, "llm-d-planner empirical-vllm-memory-results"},
    {"T011", "meta-llama/Meta-Llama-3-8B", "", 2, 7.48, 0, 0, "vLLM pull request 10511"},
    {"T042", "deepseek-ai/DeepSeek-R1-Distill-Qwen-7B", "", 1, 14.2717, 12.8, 239744, "public engine log, vLLM 0.7, V100"},
    {"T049", "Qwen/Qwen2.5-1.5B-Instruct", "", 1, 2.8875, 2.36, 88304, "public engine log, vLLM 0.7.3, T4"},
    {"T052", "Qwen/Qwen2.5-7B-Instruct", "", 1, 14.25, 0, 0, "public engine log, vLLM 0.8.5, V100"},
    {"T057", "Qwen/Qwen3-8B", "", 4, 3.85, 14.49, 422052, "public engine log, vLLM 0.8.5, 4 x RTX 2080 Ti"},
    {"T062", "meta-llama/Llama-3.1-8B-Instruct", "", 1, 14.99, 19.28, 157936, "public engine log, vLLM 0.15"},
    {"T064", "meta-llama/Llama-3.1-8B-Instruct", "", 1, 15.0, 56.21, 460496, "public engine log, vLLM 0.25, H100"},
    {"T067", "meta-llama/Llama-3.1-8B-Instruct", "fp8", 1, 8.4926, 0, 0, "public engine log, vLLM 0.6.3"},
    {"T069", "meta-llama/Llama-3.2-1B", "", 1, 2.3185, 3.6, 117856, "public engine log, vLLM 0.6.4"},
    {"T071", "microsoft/phi-1_5", "", 1, 2.6419, 3.54, 19312, "public engine log, vLLM 0.6.4"},
    {"T074", "mistralai/Mistral-7B-Instruct-v0.3", "", 1, 13.5084, 0, 0, "public engine log, vLLM 0.10"},
    {"T076", "deepseek-ai/DeepSeek-R1-Distill-Qwen-1.5B", "", 1, 3.3466, 0, 0, "public engine log, vLLM 0.9.0"},
    {"T079", "Qwen/Qwen3-8B", "", 1, 15.2684, 0, 0, "public engine log, vLLM 0.12"},
    {"T081", "Qwen/Qwen2.5-7B-Instruct", "awq", 1, 0, 8.0, 149712, "public engine log, vLLM 0.2x, 16 GB RTX"},
    {"T082", "Qwen/Qwen3-30B-A3B", "", 4, 0, 23.74, 1037152, "public engine log, vLLM 0.20.2, 4 x L40S"},
    {"T084", "Qwen/Qwen3-4B", "fp8-block", 1, 0, 4.5, 32768, "public engine log, vLLM 0.20.2"},
    {"T106", "codellama/CodeLlama-34b-Instruct-hf", "awq", 1, 17.056, 0, 0, "mirror of a vLLM issue"},
    {"T109", "meta-llama/Meta-Llama-3-8B", "fp8", 1, 8.4596, 0, 0, "vLLM fp8 documentation"},
    {"T112", "Qwen/Qwen2.5-3B-Instruct", "", 1, 5.7915, 0, 0, "public engine log, vLLM 0.6"},
    {"T116", "microsoft/phi-4", "nf4", 1, 0, 45.21, 237040, "public engine log, vLLM 0.8"},
};

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
    {"llava-hf/llava-v1.6-mistral-7b-hf", 131072},};

}  // namespace

TEST_CASE("weights and KV cache agree with measured runs") {
  for (const Measured& row : kMeasured) {
    CAPTURE(row.id);
    CAPTURE(row.source);
    Case c(row.model, *row.format != 0 ? parseFormat(row.format) : std::nullopt);
    c.run.settings.tensorParallelSize = row.tp;
    c.input.device.memory = 79 * kGiB;
    const Estimate e = c.get();
    if (row.weightsGib > 0) {
      CHECK(gib(e.weights) == doctest::Approx(row.weightsGib).epsilon(0.01));
      CHECK(gib(term(e, "weights").low) < row.weightsGib);
      CHECK(gib(term(e, "weights").high) > row.weightsGib);
    }
    if (row.kvTokens > 0) {
      const double tokensPerGib = static_cast<double>(kGiB) / static_cast<double>(e.kvBytesPerToken);
      CHECK(tokensPerGib == doctest::Approx(static_cast<double>(row.kvTokens) / row.kvGib).epsilon(0.005));
    }
  }
}

TEST_CASE("KV cache per token is that of the attention class") {
  for (const PerToken& row : kPerToken) {
    CAPTURE(row.id);
    Case c(row.id);
    CHECK(c.get().kvBytesPerToken == row.bytes);
  }
}

TEST_CASE("activation peaks agree with measured runs") {
  const struct {
    const char* model;
    std::int64_t seqs, tokens;
    double gib;
  } rows[] = {  // facts/footprint 3, rows T001 to T064
      {"openai/gpt-oss-20b", 1024, 8192, 7.38},        {"Qwen/Qwen3-0.6B", 1024, 8192, 5.56}, {"Qwen/Qwen3-32B", 1024, 8192, 5.64},
      {"meta-llama/Meta-Llama-3-8B", 256, 8192, 1.26}, {"Qwen/Qwen2.5-1.5B-Instruct", 256, 32768, 2.02},
      {"Qwen/Qwen2.5-7B-Instruct", 256, 32768, 4.35},  {"deepseek-ai/DeepSeek-R1-Distill-Qwen-7B", 256, 2048, 1.40},
      {"Qwen/Qwen3-8B", 256, 8192, 1.45},
  };
  for (const auto& row : rows) {
    CAPTURE(row.model);
    Case c(row.model);
    c.run.settings.maxNumSeqs = row.seqs;
    c.run.settings.maxNumBatchedTokens = row.tokens;
    const Estimate e = c.get();
    CHECK(gib(e.activations) == doctest::Approx(row.gib).epsilon(0.07));
    CHECK(gib(term(e, "activations").high) > row.gib);
    CHECK(gib(term(e, "activations").low) < row.gib);
  }
}

TEST_CASE("the low end of activations holds for the newer runner that skips part of the profile run") {
  Case small("Qwen/Qwen2.5-0.5B-Instruct");  // T044: 1.06 GiB with the small defaults
  CHECK(gib(term(small.get(), "activations").low) < 1.06);
  Case big("meta-llama/Llama-3.1-8B-Instruct");  // T064: 1.44 GiB on an H100
  big.run = vllm("0.25.0");
  big.input.device.memory = 79 * kGiB;
  CHECK(gib(term(big.get(), "activations").low) < 1.44);
  Case old("Qwen/Qwen2.5-0.5B-Instruct");
  old.run = vllm("0.11.0");
  CHECK(term(old.get(), "activations").low > term(small.get(), "activations").low);
}

TEST_CASE("batch defaults follow device memory, the A100 exception, and the version") {
  const struct {
    std::optional<Bytes> memory;
    bool a100;
    const char* version;
    std::int64_t seqs, tokens;
  } rows[] = {
      {std::nullopt, false, "", 256, 2048},        {20 * kGiB, false, "", 256, 2048},       {79 * kGiB, false, "", 1024, 8192},
      {70 * kGiB, false, "0.11.0", 1024, 8192},    {70 * kGiB - 1, false, "", 256, 2048},   {79 * kGiB, true, "", 256, 2048},
      {79 * kGiB, false, "0.7.3", 256, 32768},     {20 * kGiB, false, "0.6.3", 256, 32768},
  };
  for (const auto& row : rows) {
    CAPTURE(row.version);
    Case c("Qwen/Qwen2.5-7B-Instruct");
    c.run = vllm(row.version);
    c.input.device = {row.memory, row.a100, 1};
    const Estimate e = c.get();
    CHECK(e.maxNumSeqs == row.seqs);
    CHECK(e.maxNumBatchedTokens == row.tokens);
  }
}

TEST_CASE("the KV cache of a need is the larger of one longest sequence and the load, within the engine's caps") {
  const Bytes perToken = 57344;
  const struct {
    std::optional<std::int64_t> maxLen, seqs;
    std::int64_t concurrency, context;
    std::int64_t tokens;         // expected
    std::int64_t lowTokens;
  } rows[] = {
      {std::nullopt, std::nullopt, 8, 4096, 32768, 32768},  {std::nullopt, std::nullopt, 1, 100, 32768, 32768},
      {std::nullopt, std::nullopt, 16, 4096, 65536, 32768}, {4096, std::nullopt, 8, 4096, 32768, 4096},
      {2048, std::nullopt, 8, 4096, 16384, 2048},           {4096, 4, 8, 4096, 16384, 4096},
      {4096, 100, 8, 4096, 32768, 4096},                    {4096, std::nullopt, 8, 1000, 8 * 1008, 4096},
  };
  for (const auto& row : rows) {
    Case c("Qwen/Qwen2.5-7B-Instruct");
    c.run.settings.maxModelLen = row.maxLen;
    c.run.settings.maxNumSeqs = row.seqs;
    c.input.load = {row.concurrency, row.context, true};
    const Estimate e = c.get();
    CHECK(e.kv == row.tokens * perToken);
    CHECK(term(e, "kvCache").low == row.lowTokens * perToken);
  }
}

TEST_CASE("an automatic length needs one block to start, and the load beyond") {
  Case c("meta-llama/Llama-3.1-8B-Instruct");
  c.run.settings.maxModelLenAuto = true;
  const Estimate e = c.get();
  CHECK(term(e, "kvCache").low == 16 * 131072);
  CHECK(e.kv == Bytes{8} * 4096 * 131072);
}

TEST_CASE("absolute settings are the KV cache in all three values") {
  Case bytes("Qwen/Qwen2.5-7B-Instruct");
  bytes.run.settings.kvCacheMemoryBytes = 3 * kGiB;
  Case blocks("Qwen/Qwen2.5-7B-Instruct");
  blocks.run.settings.numGpuBlocks = 1000;
  for (const auto& [e, expected] : {std::pair{bytes.get(), 3 * kGiB}, std::pair{blocks.get(), Bytes{1000} * 16 * 57344}}) {
    const Term& kv = term(e, "kvCache");
    CHECK(kv.low == expected);
    CHECK(kv.bytes == expected);
    CHECK(kv.high == expected);
  }
}

TEST_CASE("KV cache types and tensor parallelism change the bytes per token") {
  const auto perToken = [](const char* model, std::int64_t tp, std::optional<std::string> dtype, std::optional<std::string> flag = std::nullopt) {
    Case c(model);
    c.run.settings.tensorParallelSize = tp;
    c.run.settings.kvCacheDtype = std::move(flag);
    c.input.kvCacheDtype = std::move(dtype);
    return c.get().kvBytesPerToken;
  };
  CHECK(perToken("Qwen/Qwen3-8B", 1, "fp8") == 147456 / 2);
  CHECK(perToken("Qwen/Qwen3-8B", 1, std::nullopt, "fp8_e4m3") == 147456 / 2);
  CHECK(perToken("Qwen/Qwen3-8B", 1, "auto", "fp8") == 147456);
  CHECK(perToken("Qwen/Qwen3-8B", 1, "nvfp4") == 147456 * 9 / 32);
  CHECK(perToken("Qwen/Qwen3-8B", 4, std::nullopt) == 147456 / 4);
  CHECK(perToken("Qwen/Qwen3-8B", 16, std::nullopt) == 147456 / 8);
  CHECK(perToken("deepseek-ai/DeepSeek-V3", 8, std::nullopt) == 70272);
  CHECK(perToken("deepseek-ai/DeepSeek-V3", 8, "fp8_ds_mla") == 61 * 656);
}

TEST_CASE("layers with a sliding window hold their window where the release is known to do so") {
  const auto kv = [](const char* version, bool disabled) {
    Case c("google/gemma-3-1b-it");
    c.run = vllm(version);
    c.run.settings.hybridCacheDisabled = disabled;
    c.input.load = {1, 4096, true};
    return term(c.get(), "kvCache");
  };
  const Bytes full = Bytes{32768} * 26624;
  CHECK(kv("", false).bytes == full);
  CHECK(kv("0.8.5", false).bytes == full);
  CHECK(kv("0.13.0", true).bytes == full);
  const Term aware = kv("0.13.0", false);
  CHECK(aware.bytes < full / 2);
  CHECK(aware.high == full);
  // 4 of 26 layers are full, 22 hold 511 + 2048 tokens in whole blocks and one more
  CHECK(aware.low == 1024 * (Bytes{4} * 32768 + Bytes{22} * (2560 + 16)));
  // one group of 4 full layers and six of 4 sliding ones, two of them padding
  CHECK(aware.bytes == 1024 * (Bytes{4} * 32768 + Bytes{24} * (2560 + 16)));
}

TEST_CASE("what is not modelled leaves the high end open and the confidence low") {
  const auto isOpen = [](const Estimate& e) {
    CHECK(e.need.confidence == Confidence::Low);
    CHECK_FALSE(e.need.high);
    CHECK(std::any_of(e.need.terms.begin(), e.need.terms.end(), [](const Term& t) { return t.open && !t.from.empty(); }));
  };
  Case lora("Qwen/Qwen3-8B");
  lora.run.open.push_back("--enable-lora: LoRA adapters are not modelled");
  isOpen(lora.get());
  Case vision("Qwen/Qwen2.5-VL-7B-Instruct");
  isOpen(vision.get());
  Case offload("Qwen/Qwen3-8B");
  offload.run.settings.cpuOffloadGb = 4;
  isOpen(offload.get());
  Case kvType("Qwen/Qwen3-8B");
  kvType.run.settings.kvCacheDtype = "turbo3";
  isOpen(kvType.get());
  Case tower("Qwen/Qwen3-VL-30B-A3B-Instruct");
  isOpen(tower.get());
}

TEST_CASE("a vision model that serves text only has no open term for images") {
  Case c("Qwen/Qwen2.5-VL-7B-Instruct");
  c.run.settings.textOnly = true;
  CHECK(c.get().need.high);
}

TEST_CASE("CPU offload lowers what the device must hold") {
  Case plain("Qwen/Qwen3-8B");
  Case offload("Qwen/Qwen3-8B");
  offload.run.settings.cpuOffloadGb = 4;
  CHECK(plain.get().need.minimum - offload.get().need.minimum == 4 * kGiB);
  offload.run.settings.cpuOffloadGb = 1e300;
  CHECK(term(offload.get(), "weights").low == 0);
}

TEST_CASE("there is no estimate without arithmetic for the model or the engine") {
  Case hybrid("Qwen/Qwen3.5-27B");
  CHECK_FALSE(estimate(hybrid.input));
  Case engine("Qwen/Qwen3-8B");
  engine.run.engine = findEngine("sglang");
  CHECK_FALSE(estimate(engine.input));
  CHECK_FALSE(estimate(EstimateInput{}));
}

TEST_CASE("an encoder has no KV cache, no sampler and no pool") {
  Case c("BAAI/bge-m3");
  const Estimate e = c.get();
  CHECK(e.kv == 0);
  CHECK(gib(e.need.bytes) < 3);
  CHECK_FALSE(kvPool(c.input, e, 40 * kGiB));
}

TEST_CASE("confidence is that of the weakest part") {
  Case plain("Qwen/Qwen3-8B");
  CHECK(plain.get().need.confidence == Confidence::High);
  Case image("Qwen/Qwen3-8B");
  image.run = vllm("0.11.0");
  CHECK(image.get().need.confidence == Confidence::High);
  image.run.versionFromImage = true;
  CHECK(image.get().need.confidence == Confidence::Medium);
  Case named("Qwen/Qwen2.5-7B-Instruct-AWQ");
  CHECK(named.get().need.confidence == Confidence::Medium);
  Case native("openai/gpt-oss-20b");
  CHECK(native.get().need.confidence == Confidence::High);
}

TEST_CASE("the format comes from flags, then the name, then the catalogue") {
  const auto formatOf = [](const char* model, const char* flag) {
    EngineRun run = vllm();
    if (*flag != 0) run.settings.quantization = flag;
    const auto found = Catalogue::builtIn().find(model);
    REQUIRE(found);
    return estimateInput(*found, run, Load{}, Device{}).format.value_or(Format::None);
  };
  CHECK(formatOf("Qwen/Qwen3-8B", "") == Format::None);
  CHECK(formatOf("Qwen/Qwen3-8B", "fp8") == Format::Fp8);
  CHECK(formatOf("RedHatAI/Llama-3.3-70B-Instruct-FP8-dynamic", "") == Format::Fp8);
  CHECK(formatOf("RedHatAI/Llama-3.3-70B-Instruct-FP8-dynamic", "compressed-tensors") == Format::Fp8);
  CHECK(formatOf("Qwen/Qwen2.5-7B-Instruct-AWQ", "awq_marlin") == Format::Awq);
  CHECK(formatOf("Qwen/Qwen3-8B", "compressed-tensors") == Format::W4A16);
  CHECK(formatOf("openai/gpt-oss-20b", "") == Format::Mxfp4);
}

TEST_CASE("types of weights: fp32 checkpoints are served in 16 bit, --dtype float32 doubles") {
  Case olmo("allenai/OLMo-2-1124-7B");
  CHECK(gib(olmo.get().weights) == doctest::Approx(13.6).epsilon(0.01));
  olmo.run.settings.dtype = "float32";
  CHECK(gib(olmo.get().weights) == doctest::Approx(27.2).epsilon(0.01));
  CHECK(olmo.get().kvBytesPerToken == 2 * 524288);
}

TEST_CASE("each term says where it comes from, in words a person understands") {
  Case c("Qwen/Qwen2.5-7B-Instruct");
  const Estimate e = c.get();
  CHECK(term(e, "weights").from == "7.62e9 parameters in bfloat16, 2 B each, shape of Qwen/Qwen2.5-7B-Instruct");
  CHECK(term(e, "kvCache").from == "one sequence of the maximum length 32768 x 56 KiB per token");
  CHECK(term(e, "activations").from == "profile run with 256 sequences (default) x 152064 vocabulary, 2048 tokens (default) per batch");
  c.input.load.concurrency = 16;
  CHECK(term(c.get(), "kvCache").from == "16 sequences x 4096 tokens x 56 KiB per token (load assumed)");
}

TEST_CASE("the totals are the sums of the terms") {
  Case c("mistralai/Mixtral-8x7B-Instruct-v0.1");
  const Estimate e = c.get();
  Bytes low = 0;
  Bytes bytes = 0;
  Bytes high = 0;
  for (const Term& t : e.need.terms) {
    low += t.low;
    bytes += t.bytes;
    high += t.high;
  }
  CHECK(e.need.minimum == low);
  CHECK(e.need.bytes == bytes);
  CHECK(e.need.high == high);
  CHECK(e.weights + e.kv + e.activations + e.graphs + e.runtime == bytes);
}

TEST_CASE("predicted needs agree with the worked table of the facts") {
  // facts/footprint 8: GiB at 4 x 8192 tokens with 256 and with 4 sequences (graphs 0.6, context 0.5, non-torch 0.13)
  const struct {
    const char* model;
    const char* format;
    std::int64_t seqs;
    double gib;
  } rows[] = {
      {"meta-llama/Llama-2-7b-hf", "none", 256, 30.1},  {"mistralai/Mistral-7B-Instruct-v0.3", "none", 256, 19.0}, {"Qwen/Qwen2.5-7B-Instruct", "none", 256, 18.6},
      {"Qwen/Qwen2.5-7B-Instruct", "none", 4, 17.4},    {"Qwen/Qwen2.5-7B-Instruct", "awq", 256, 9.6},             {"meta-llama/Llama-3.1-8B-Instruct", "none", 256, 21.4},
      {"meta-llama/Llama-3.1-8B-Instruct", "awq", 4, 10.8}, {"Qwen/Qwen3-8B", "none", 4, 21.2},                    {"microsoft/phi-4", "none", 256, 35.7},
      {"meta-llama/Llama-3.2-3B", "none", 256, 11.9},   {"Qwen/Qwen2.5-1.5B-Instruct", "none", 4, 5.1},
  };
  for (const auto& row : rows) {
    CAPTURE(row.model);
    Case c(row.model, parseFormat(row.format));
    c.run.settings.maxNumSeqs = row.seqs;
    c.run.settings.maxModelLen = 8192;
    c.input.load = {4, 8192, true};
    CHECK(gib(c.get().need.bytes) == doctest::Approx(row.gib).epsilon(0.02));
  }
}
