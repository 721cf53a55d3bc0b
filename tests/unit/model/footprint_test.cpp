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

}  // namespace

TEST_CASE("batch defaults follow device memory, the A100 exception, and the version") {
  const struct {
    std::optional<Bytes> memory;
    bool a100;
    const char* version;
    std::int64_t seqs, tokens;
  } rows[] = {
      {std::nullopt, false, "", 256, 2048},    {20 * kGiB, false, "", 256, 2048},
      {79 * kGiB, false, "", 1024, 8192},      {70 * kGiB, false, "0.11.0", 1024, 8192},
      {70 * kGiB - 1, false, "", 256, 2048},   {79 * kGiB, true, "", 256, 2048},
      {79 * kGiB, false, "0.7.3", 256, 32768}, {20 * kGiB, false, "0.6.3", 256, 32768},
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
    std::int64_t tokens;  // expected
    std::int64_t lowTokens;
  } rows[] = {
      {std::nullopt, std::nullopt, 8, 4096, 32768, 32768},
      {std::nullopt, std::nullopt, 1, 100, 32768, 32768},
      {std::nullopt, std::nullopt, 16, 4096, 65536, 32768},
      {4096, std::nullopt, 8, 4096, 32768, 4096},
      {2048, std::nullopt, 8, 4096, 16384, 2048},
      {4096, 4, 8, 4096, 16384, 4096},
      {4096, 100, 8, 4096, 32768, 4096},
      {4096, std::nullopt, 8, 1000, 8 * 1008, 4096},
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
  for (const auto& [e, expected] :
       {std::pair{bytes.get(), 3 * kGiB}, std::pair{blocks.get(), Bytes{1000} * 16 * 57344}}) {
    const Term& kv = term(e, "kvCache");
    CHECK(kv.low == expected);
    CHECK(kv.bytes == expected);
    CHECK(kv.high == expected);
  }
}

TEST_CASE("KV cache types and tensor parallelism change the bytes per token") {
  const auto perToken = [](const char* model, std::int64_t tp, std::optional<std::string> dtype,
                           std::optional<std::string> flag = std::nullopt) {
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
    CHECK(
        std::any_of(e.need.terms.begin(), e.need.terms.end(), [](const Term& t) { return t.open && !t.from.empty(); }));
  };
  Case lora("Qwen/Qwen3-8B");
  lora.run.open.push_back("--enable-lora: LoRA adapters are not modelled");
  isOpen(lora.get());
  Case offload("Qwen/Qwen3-8B");
  offload.run.settings.cpuOffloadGb = 4;
  isOpen(offload.get());
  Case kvType("Qwen/Qwen3-8B");
  kvType.run.settings.kvCacheDtype = "turbo3";
  isOpen(kvType.get());
  Case images("google/gemma-3n-E2B-it");  // whose encoder is not in the table
  isOpen(images.get());
}

TEST_CASE("a vision model that serves text only has no open term for images") {
  Case c("google/gemma-3n-E2B-it");
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

TEST_CASE("a hybrid is estimated with low confidence: how the engine pads its pages is not plain arithmetic") {
  Case hybrid("Qwen/Qwen3.5-27B");
  const Estimate e = hybrid.get();
  CHECK(e.need.confidence == Confidence::Low);
  CHECK(e.kvBytesPerToken == 16 * 2 * 4 * 256 * 2);  // only every fourth layer keeps tokens
  Case text("nvidia/NVIDIA-Nemotron-3-Nano-30B-A3B-BF16");
  const Estimate nano = text.get();
  CHECK(nano.kvBytesPerToken == 6 * 2 * 2 * 128 * 2);
  CHECK(nano.need.high);
}

TEST_CASE("there is no estimate without arithmetic for the model or the engine") {
  Case engine("Qwen/Qwen3-8B");
  engine.run.engine = findEngine("triton");
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
  CHECK(term(e, "activations").from ==
        "profile run: 256 sequences (default) x 152064 vocabulary in the sampler");
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
      {"meta-llama/Llama-2-7b-hf", "none", 256, 30.1},
      {"mistralai/Mistral-7B-Instruct-v0.3", "none", 256, 19.0},
      {"Qwen/Qwen2.5-7B-Instruct", "none", 256, 18.6},
      {"Qwen/Qwen2.5-7B-Instruct", "none", 4, 17.4},
      {"Qwen/Qwen2.5-7B-Instruct", "awq", 256, 9.6},
      {"meta-llama/Llama-3.1-8B-Instruct", "none", 256, 21.4},
      {"meta-llama/Llama-3.1-8B-Instruct", "awq", 4, 10.8},
      {"Qwen/Qwen3-8B", "none", 4, 21.2},
      {"microsoft/phi-4", "none", 256, 35.7},
      {"meta-llama/Llama-3.2-3B", "none", 256, 11.9},
      {"Qwen/Qwen2.5-1.5B-Instruct", "none", 4, 5.1},
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
