// The formulas against what engines logged.
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
  double weightsGib;  // 0: not logged
  double kvGib;
  std::int64_t kvTokens;
  const char* source;
};
constexpr Measured kMeasured[] = {
    {"T001", "openai/gpt-oss-20b", "", 1, 13.47, 0, 0,
     "llm-d-planner empirical-vllm-memory-results, vLLM 0.11.0, H100"},
    {"T002", "openai/gpt-oss-120b", "", 1, 64.38, 0, 0,
     "llm-d-planner empirical-vllm-memory-results, vLLM 0.11.0, H100"},
    {"T004", "meta-llama/Llama-3.3-70B-Instruct", "fp8", 1, 67.72, 0, 0, "llm-d-planner empirical-vllm-memory-results"},
    {"T006", "Qwen/Qwen3-0.6B", "", 1, 1.12, 0, 0, "llm-d-planner empirical-vllm-memory-results"},
    {"T007", "Qwen/Qwen3-32B", "", 1, 61.03, 0, 0, "llm-d-planner empirical-vllm-memory-results"},
    {"T011", "meta-llama/Meta-Llama-3-8B", "", 2, 7.48, 0, 0, "vLLM pull request 10511"},
    {"T042", "deepseek-ai/DeepSeek-R1-Distill-Qwen-7B", "", 1, 14.2717, 12.8, 239744,
     "public engine log, vLLM 0.7, V100"},
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

TEST_CASE("weights include what PyTorch's allocator keeps beside the tensors") {
  const struct {
    const char* model;
    double gib;  // as logged; parameters alone are 0.1 to 0.6 % less
  } rows[] = {{"Qwen/Qwen2.5-7B-Instruct", 14.25},                    // T052
              {"deepseek-ai/DeepSeek-R1-Distill-Qwen-7B", 14.2717},   // T042
              {"Qwen/Qwen2.5-3B-Instruct", 5.7915},                   // T112
              {"Qwen/Qwen2.5-1.5B-Instruct", 2.8875},                 // T049
              {"deepseek-ai/DeepSeek-R1-Distill-Qwen-1.5B", 3.3466},  // T076
              {"meta-llama/Llama-3.2-1B", 2.3185},                    // T069
              {"Qwen/Qwen3-8B", 15.2684}};                            // T079
  for (const auto& row : rows) {
    CAPTURE(row.model);
    CHECK(gib(Case(row.model).get().weights) == doctest::Approx(row.gib).epsilon(0.0005));
  }
}

TEST_CASE("activation peaks agree with measured runs") {
  const struct {
    const char* model;
    std::int64_t seqs, tokens;
    double gib;
  } rows[] = {
      // facts/footprint 3, rows T001 to T064
      {"openai/gpt-oss-20b", 1024, 8192, 7.38},
      {"Qwen/Qwen3-0.6B", 1024, 8192, 5.56},
      {"Qwen/Qwen3-32B", 1024, 8192, 5.64},
      {"meta-llama/Meta-Llama-3-8B", 256, 8192, 1.26},
      {"Qwen/Qwen2.5-1.5B-Instruct", 256, 32768, 2.02},
      {"Qwen/Qwen2.5-7B-Instruct", 256, 32768, 4.35},
      {"deepseek-ai/DeepSeek-R1-Distill-Qwen-7B", 256, 2048, 1.40},
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
