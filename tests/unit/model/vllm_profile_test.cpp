// The profile run of vLLM against what it logged: each row is a published run, its peak is counted from the tensors.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "model/footprint.hpp"

using namespace rightslice;
using namespace rightslice::model;

namespace {

double gib(Bytes bytes) { return static_cast<double>(bytes) / static_cast<double>(kGiB); }

/// An estimate of a model of the catalogue on vLLM; the pieces stay alive with it.
struct Case {
  EngineRun run;
  std::optional<Resolved> found;
  EstimateInput input;
  Case(const char* model, const char* version, double memoryGib) : found(Catalogue::builtIn().find(model)) {
    REQUIRE_MESSAGE(found, model);
    run.engine = findEngine("vllm");
    run.version = version;
    Device device;
    if (memoryGib > 0) device.memory = static_cast<Bytes>(memoryGib * static_cast<double>(kGiB));
    input = estimateInput(*found, run, Load{}, device);
  }
  Case(const Case&) = delete;
  Case& operator=(const Case&) = delete;
  Term term(std::string_view name) const {
    const auto result = estimate(input);
    REQUIRE(result);
    for (const Term& each : result->need.terms) {
      if (each.name == name) return each;
    }
    FAIL("no term ", std::string(name));
    return {};
  }
  Term activations() const { return term("activations"); }
};

constexpr double kH100 = 79.19;

}  // namespace

TEST_CASE("the peak of the profile run is that of the log") {
  const struct {
    const char* model;
    const char* version;
    double memory;
    std::int64_t tensorParallel, maxModelLen;
    double gib;
    const char* why;
  } rows[] = {
      {"Qwen/Qwen3-8B", "0.19.0", kH100, 1, 8192, 2.21, "the sampler with the filter kernel"},
      {"meta-llama/Llama-3.1-8B-Instruct", "0.19.0", kH100, 1, 8192, 1.89, "a smaller vocabulary"},
      {"meta-llama/Llama-3.1-8B-Instruct", "0.19.0", kH100, 4, 8192, 1.89, "it does not shrink with tensor parallelism"},
      {"google/gemma-2-27b-it", "0.19.0", kH100, 1, 8192, 3.66, "a large vocabulary"},
      {"microsoft/phi-2", "0.19.0", kH100, 1, 2048, 0.79, "a small one"},
      {"openai/gpt-oss-20b", "0.19.0", kH100, 2, 8192, 2.87, "experts whose kernels keep nothing"},
      {"Qwen/Qwen3-30B-A3B", "0.19.0", kH100, 1, 8192, 2.68, "experts whose kernels keep a workspace"},
      {"deepseek-ai/DeepSeek-V2-Lite-Chat", "0.19.0", kH100, 1, 8192, 1.93, "the same with shared experts"},
      {"mistralai/Mixtral-8x7B-Instruct-v0.1", "0.19.0", kH100, 2, 8192, 1.21, "the workspace is half of it"},
      {"google/gemma-3-4b-it", "0.19.0", kH100, 1, 8192, 3.89, "32 images lie beside the sampler"},
      {"google/gemma-3-27b-it", "0.19.0", kH100, 1, 8192, 3.99, "and with a wider model more of them"},
      {"meta-llama/Llama-4-Scout-17B-16E-Instruct", "0.19.0", kH100, 4, 8192, 3.19, "images and a workspace"},
      {"Qwen/Qwen3-0.6B", "0.11.0", 79.18, 1, 16000, 5.56, "the sampler that sorts"},
      {"openai/gpt-oss-20b", "0.11.0", 79.18, 1, 16000, 7.38, "the same with a larger vocabulary"},
      {"meta-llama/Llama-3.1-8B-Instruct", "0.25.0", 79.25, 1, 131072, 1.44, "the second runner: layers and its state"},
      {"Qwen/Qwen2.5-VL-3B-Instruct", "0.7.3", 31.7, 1, 32768, 4.06, "a video of 32768 tokens in the encoder"},
      {"deepseek-ai/DeepSeek-R1-Distill-Qwen-7B", "0.7.3", 31.74, 1, 2048, 1.40, "V0"},
      {"Qwen/Qwen2.5-1.5B-Instruct", "0.7.3", 14.56, 1, 32768, 2.02, "V0 without chunks: the layers"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.model);
    CAPTURE(row.why);
    Case c(row.model, row.version, row.memory);
    if (row.tensorParallel > 1) c.run.settings.tensorParallelSize = row.tensorParallel;
    c.run.settings.maxModelLen = row.maxModelLen;
    const Term peak = c.activations();
    CHECK(gib(peak.bytes) == doctest::Approx(row.gib).epsilon(0.012));
    CHECK(gib(peak.low) <= row.gib + 0.005);
    CHECK(gib(peak.high) >= row.gib - 0.005);
  }
}

TEST_CASE("a release that is not known may be any: the largest peak is expected, the smallest possible") {
  const Case unknown("Qwen/Qwen3-8B", "", kH100);
  const Term peak = unknown.activations();
  const Term oldest = Case("Qwen/Qwen3-8B", "0.16.0", kH100).activations();
  const Term newest = Case("Qwen/Qwen3-8B", "0.30.0", kH100).activations();
  CHECK(peak.bytes == oldest.bytes);
  CHECK(peak.high >= oldest.high);
  CHECK(peak.low <= newest.bytes);
  CHECK(newest.bytes < oldest.bytes / 2);
}

TEST_CASE("a known release makes the interval narrow") {
  const Term peak = Case("Qwen/Qwen3-8B", "0.16.0", kH100).activations();
  CHECK(gib(peak.high - peak.low) < 0.1 * gib(peak.bytes));
}

TEST_CASE("switches in the environment choose sampler and engine") {
  Case c("Qwen/Qwen3-8B", "0.16.0", kH100);
  c.run.settings.vllm.flashInferSampler = true;
  CHECK(gib(c.activations().bytes) == doctest::Approx(2.21).epsilon(0.01));
  c.run.settings.vllm = {};
  c.run.version = "0.8.5";
  c.run.settings.maxModelLen = 32768;
  c.run.settings.vllm.v1 = false;  // V0: 256 sequences, and the whole length as one batch
  CHECK(c.term("activations").from == "profile run: 32768 tokens (default) in the widest layer");
  c.run.version = "0.30.0";
  c.run.settings.maxModelLen.reset();
  c.run.settings.vllm = {};
  c.run.settings.vllm.secondRunner = false;
  CHECK(gib(c.activations().bytes) == doctest::Approx(2.21).epsilon(0.01));
}

TEST_CASE("fewer sequences, fewer tokens and a pooling model need less") {
  Case c("Qwen/Qwen3-8B", "0.19.0", kH100);
  const Bytes all = c.activations().bytes;
  c.run.settings.maxNumSeqs = 64;
  const Bytes few = c.activations().bytes;
  CHECK(few < all / 2);
  c.run.settings.maxNumBatchedTokens = 2048;
  CHECK(c.activations().bytes < few);
  c.run.settings.pooling = true;
  const Term pooling = c.activations();
  CHECK(gib(pooling.bytes) == doctest::Approx(0.234).epsilon(0.02));  // 2 B x 2048 x (3 x 12288 + 4 x 4096), and 32 MiB
  CHECK(pooling.from == "profile run: 2048 tokens (--max-num-batched-tokens) in the widest layer");
}

TEST_CASE("images: the encoder's peak where it is the larger, and nothing where none may come") {
  Case c("Qwen/Qwen2.5-VL-7B-Instruct", "0.19.0", 19.5);
  c.run.settings.maxModelLen = 8192;
  const Term one = c.activations();
  CHECK(gib(one.bytes) == doctest::Approx(2.03).epsilon(0.02));  // 65536 patches x 2 B x (3 x 3420 + 4 x 1280), and its pixels
  CHECK(one.from == "profile run: 1 image of 16384 tokens in the image encoder");
  CHECK_FALSE(one.open);
  c.run.settings.maxModelLen = 65536;  // a video as large as four images
  CHECK(gib(c.activations().bytes) > 3.9 * 2.02);
  c.run.settings.noVideo = true;
  CHECK(c.activations().bytes == one.bytes);
  CHECK(c.activations().from.ends_with("(--limit-mm-per-prompt)"));
  c.run.settings.textOnly = true;
  CHECK(gib(c.activations().bytes) < 0.7);
  c.run.settings.textOnly = false;
  c.run.settings.skipImageProfile = true;
  CHECK(gib(c.activations().bytes) < 0.7);
}

TEST_CASE("the low end leaves images out: a processor may be told to make them small") {
  const Case c("Qwen/Qwen2.5-VL-7B-Instruct", "0.19.0", 19.5);
  CHECK(gib(c.activations().low) < 0.7);
}

TEST_CASE("CUDA graphs grow with layers and with the sizes that are captured") {
  const struct {
    const char* model;
    std::int64_t tensorParallel;
    double gib;  // as logged by 0.19 with 1024 sequences
  } rows[] = {{"google/gemma-2-27b-it", 1, 1.23},           {"google/gemma-3-4b-it", 1, 0.67}, {"google/gemma-3-27b-it", 1, 1.14},
              {"meta-llama/Llama-3.1-8B-Instruct", 1, 0.91}, {"Qwen/Qwen1.5-MoE-A2.7B", 1, 1.10},
              {"meta-llama/Llama-3.3-70B-Instruct", 2, 1.79}};
  for (const auto& row : rows) {
    CAPTURE(row.model);
    Case c(row.model, "0.19.0", kH100);
    c.run.settings.tensorParallelSize = row.tensorParallel;
    const Term graphs = c.term("graphs");
    CHECK(gib(graphs.bytes) == doctest::Approx(row.gib).epsilon(0.34));
    CHECK(gib(graphs.high) > row.gib);
  }
  Case few("meta-llama/Llama-3.1-8B-Instruct", "0.19.0", kH100);
  const Bytes all = few.term("graphs").bytes;
  few.run.settings.maxNumSeqs = 16;
  CHECK(few.term("graphs").bytes < all / 3);
  few.run.settings.enforceEager = true;
  CHECK(few.term("graphs").high == 0);
}

TEST_CASE("what lies outside of PyTorch follows release, device and parallelism") {
  const auto outside = [](const char* version, double memory, std::int64_t tp) {
    Case c("meta-llama/Llama-3.1-8B-Instruct", version, memory);
    c.run.settings.tensorParallelSize = tp;
    return c.term("runtime");
  };
  CHECK(gib(outside("0.17.0", kH100, 1).bytes) == doctest::Approx(0.13).epsilon(0.05));
  CHECK(gib(outside("0.18.0", kH100, 1).bytes) == doctest::Approx(0.25).epsilon(0.05));
  CHECK(gib(outside("0.19.0", kH100, 2).bytes) == doctest::Approx(2.07).epsilon(0.05));
  CHECK(gib(outside("0.11.0", kH100, 2).bytes) == doctest::Approx(0.55).epsilon(0.05));
  CHECK(gib(outside("0.7.3", 31.74, 1).bytes) == doctest::Approx(0.09).epsilon(0.2));
  // Before 0.7 the CUDA context counted too.
  CHECK(gib(outside("0.6.4", 7.92, 1).bytes) == doctest::Approx(0.44).epsilon(0.2));
}

TEST_CASE("the pool that vLLM logs, from the configuration alone") {
  const struct {
    const char* model;
    const char* version;
    double memory, fraction;
    std::int64_t tensorParallel, maxModelLen;
    double gib;
  } rows[] = {{"meta-llama/Llama-3.1-8B-Instruct", "0.19.0", kH100, 0.95, 1, 8192, 58.11},
              {"Qwen/Qwen2.5-7B-Instruct", "0.19.0", kH100, 0.95, 1, 8192, 58.53},
              {"google/gemma-2-27b-it", "0.19.0", kH100, 0.95, 1, 8192, 20.59},
              {"Qwen/Qwen1.5-MoE-A2.7B", "0.19.0", kH100, 0.95, 1, 8192, 45.83},
              {"Qwen/Qwen3-0.6B", "0.11.0", 79.18, 0.9, 1, 16000, 64.45},
              {"meta-llama/Llama-3.1-8B-Instruct", "0.25.0", 79.25, 0.92, 1, 131072, 56.21},
              {"Qwen/Qwen2.5-0.5B-Instruct", "0.24.0", 15.55, 0.9, 1, 32768, 11.94},
              {"meta-llama/Llama-3.2-1B", "0.6.4", 7.92, 0.95, 1, 105088, 3.60}};
  for (const auto& row : rows) {
    CAPTURE(row.model);
    CAPTURE(row.version);
    Case c(row.model, row.version, row.memory);
    c.run.settings.maxModelLen = row.maxModelLen;
    c.run.settings.memoryFraction = row.fraction;
    const auto result = estimate(c.input);
    REQUIRE(result);
    const auto pool = kvPool(c.input, *result, *c.input.device.memory);
    REQUIRE(pool);
    CHECK(std::abs(gib(pool->bytes) - row.gib) < 0.1);
  }
}
