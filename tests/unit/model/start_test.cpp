#include <algorithm>
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "model/footprint.hpp"

using namespace rightslice;
using namespace rightslice::model;

namespace {

Bytes gibs(double count) { return static_cast<Bytes>(count * static_cast<double>(kGiB)); }

struct Case {
  EngineRun run;
  EstimateInput input;
  explicit Case(const char* model) {
    run.engine = findEngine("vllm");
    const auto found = Catalogue::builtIn().find(model);
    REQUIRE_MESSAGE(found, model);
    input = estimateInput(*found, run, Load{}, Device{});
  }
  Case(const Case&) = delete;
  Case& operator=(const Case&) = delete;
  Estimate estimateOn(Bytes usable) {
    input.device.memory = usable;
    const auto result = estimate(input);
    REQUIRE(result);
    return *result;
  }
  Start on(Bytes usable) {
    const Estimate e = estimateOn(usable);
    return startsOn(input, e, usable);
  }
};

/// Writes the flags of a remedy into settings, as a person would into the command line.
void apply(const Start& start, Settings& settings) {
  for (const auto& [flag, value] : start.flags) {
    CAPTURE(flag);
    if (flag == "--max-model-len") settings.maxModelLen = std::stoll(value), settings.maxModelLenAuto = false;
    else if (flag == "--max-num-seqs") settings.maxNumSeqs = std::stoll(value);
    else if (flag == "--gpu-memory-utilization") settings.memoryFraction = std::stod(value);
    else if (flag == "--enforce-eager") settings.enforceEager = true;
    else FAIL("unknown flag");
  }
}

}  // namespace

TEST_CASE("whether vLLM starts follows from fraction, weights, profile run and one longest sequence") {
  const struct {
    const char* what;
    const char* model;
    std::optional<std::int64_t> maxLen;
    std::optional<double> fraction;
    double usable;
    bool surelyNot, surely;
  } rows[] = {
      {"a 7B model in 16 bit on a 3g.40gb slice", "Qwen/Qwen2.5-7B-Instruct", 8192, std::nullopt, 39.5, false, true},
      {"its weights alone do not fit 10 GiB", "Qwen/Qwen2.5-7B-Instruct", 4096, std::nullopt, 9.5, true, false},
      {"131072 tokens of an 8B model take 16 GiB of KV cache", "meta-llama/Llama-3.1-8B-Instruct", std::nullopt,
       std::nullopt, 19.5, true, false},
      {"the same on 80 GB", "meta-llama/Llama-3.1-8B-Instruct", std::nullopt, std::nullopt, 79.2, false, true},
      {"a small model on 10 GiB leaves too little beside the fraction to be sure", "Qwen/Qwen2.5-1.5B-Instruct", 4096,
       std::nullopt, 9.5, false, false},
      {"and is sure with a lower one", "Qwen/Qwen2.5-1.5B-Instruct", 4096, 0.85, 9.5, false, true},
      {"a fraction that cannot hold the weights", "Qwen/Qwen2.5-7B-Instruct", 4096, 0.3, 39.5, true, false},
      {"a fraction of all memory leaves none for the context", "Qwen/Qwen2.5-1.5B-Instruct", 4096, 1.0, 39.5, true,
       false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    Case c(row.model);
    c.run.settings.maxModelLen = row.maxLen;
    c.run.settings.memoryFraction = row.fraction;
    const Start start = c.on(gibs(row.usable));
    CAPTURE(start.why);
    CHECK(start.surelyNot == row.surelyNot);
    CHECK(start.surely == row.surely);
    CHECK_FALSE(start.why.empty());
  }
}

TEST_CASE("a failed start that was logged is a failed start here") {
  Case c("meta-llama/Llama-3.3-70B-Instruct");  // T004: fp8 on 79.18 GiB, KV cache -1.44 GiB
  c.input.format = Format::Fp8;
  c.run.version = "0.11.0";
  c.run.settings.maxModelLen = 16000;
  CHECK(c.on(gibs(79.18)).surelyNot);
}

TEST_CASE("what started according to a log does not surely fail here") {
  const struct {
    const char* model;
    const char* version;
    std::int64_t maxLen;
    double fraction, usable;
  } rows[] = {
      {"Qwen/Qwen3-32B", "0.11.0", 16000, 0.9, 79.18},                         // T007
      {"Qwen/Qwen2.5-7B-Instruct", "0.8.5", 32768, 0.9, 31.74},                // T052
      {"deepseek-ai/DeepSeek-R1-Distill-Qwen-7B", "0.7.0", 2048, 0.9, 31.74},  // T042
      {"Qwen/Qwen2.5-1.5B-Instruct", "0.7.3", 32768, 0.5, 14.56},              // T049
      {"meta-llama/Llama-3.1-8B-Instruct", "0.15.0", 131072, 0.9, 39.5},       // T062
      {"meta-llama/Llama-3.1-8B-Instruct", "0.25.0", 131072, 0.92, 79.25},     // T064
      {"meta-llama/Llama-3.2-1B", "0.6.4", 105088, 0.95, 7.92},                // T069
      {"Qwen/Qwen2.5-0.5B-Instruct", "0.24.0", 32768, 0.9, 15.55},             // T044
      {"google/gemma-3-1b-it", "0.13.0", 2048, 0.9, 31.5},                     // T102
  };
  for (const auto& row : rows) {
    CAPTURE(row.model);
    Case c(row.model);
    c.run.version = row.version;
    c.run.settings.maxModelLen = row.maxLen;
    c.run.settings.memoryFraction = row.fraction;
    if (std::string_view(row.version) == "0.6.4")
      c.run.settings.maxNumBatchedTokens = 2048;  // chunked prefill above 32k
    const Start start = c.on(gibs(row.usable));
    CAPTURE(start.why);
    CHECK_FALSE(start.surelyNot);
  }
}

TEST_CASE("the remedy is verified: with its flags the engine surely starts") {
  const struct {
    const char* model;
    double usable;
    std::optional<double> fraction;
    const char* remedy;
  } rows[] = {
      {"meta-llama/Llama-3.1-8B-Instruct", 39.5, std::nullopt, "--gpu-memory-utilization 0.96"},
      {"meta-llama/Llama-3.1-8B-Instruct", 23.5, std::nullopt, "--max-model-len"},
      {"Qwen/Qwen2.5-7B-Instruct", 39.5, 0.3, "--gpu-memory-utilization 0.96"},
      {"Qwen/Qwen2.5-1.5B-Instruct", 39.5, 1.0, "--gpu-memory-utilization 0.96"},
      {"Qwen/Qwen2.5-0.5B-Instruct", 4.75, std::nullopt, "--max-num-seqs 8 --gpu-memory-utilization 0.73"},
      {"google/gemma-3-1b-it", 9.5, std::nullopt, "--gpu-memory-utilization 0.86"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.model);
    CAPTURE(row.usable);
    Case c(row.model);
    c.run.settings.memoryFraction = row.fraction;
    const Start before = c.on(gibs(row.usable));
    CAPTURE(before.remedy);
    if (before.surely) continue;
    REQUIRE_FALSE(before.flags.empty());
    CHECK(before.remedy.starts_with(row.remedy));
    apply(before, c.run.settings);
    const Start after = c.on(gibs(row.usable));
    CAPTURE(after.why);
    CHECK(after.surely);
    CHECK(after.flags.empty());
  }
}

TEST_CASE("where no flag helps there is no remedy") {
  Case c("meta-llama/Llama-3.3-70B-Instruct");
  const Start start = c.on(gibs(39.5));
  CHECK(start.surelyNot);
  CHECK(start.flags.empty());
  CHECK(start.remedy.empty());
}

TEST_CASE("a written pool must hold one longest sequence and fit beside the rest") {
  Case c("Qwen/Qwen2.5-7B-Instruct");
  c.run.settings.maxModelLen = 32768;  // 1.75 GiB
  c.run.settings.kvCacheMemoryBytes = kGiB;
  CHECK(c.on(gibs(39.5)).surelyNot);
  CHECK(c.on(gibs(39.5)).remedy.starts_with("--max-model-len"));
  c.run.settings.kvCacheMemoryBytes = 2 * kGiB;
  CHECK(c.on(gibs(39.5)).surely);
  c.run.settings.kvCacheMemoryBytes = 30 * kGiB;
  CHECK(c.on(gibs(39.5)).surelyNot);
}

TEST_CASE("the default fraction is that of the release, and both where it is not known") {
  // 26.9 GiB inside the fraction at most: 0.92 of 29.5 holds it, 0.9 does not.
  const auto fraction = [](const char* version) {
    Case c("Qwen/Qwen3-8B");
    c.run.version = version;
    return c.estimateOn(gibs(30)).memoryFraction;
  };
  CHECK(fraction("0.11.0") == 0.9);
  CHECK(fraction("0.25.0") == 0.92);
  CHECK(fraction("") == 0.92);
}

TEST_CASE("an open term keeps a start from being sure") {
  Case c("Qwen/Qwen2.5-7B-Instruct");
  c.run.settings.maxModelLen = 8192;
  REQUIRE(c.on(gibs(39.5)).surely);
  c.run.open.push_back("--enable-lora: LoRA adapters are not modelled");
  CHECK_FALSE(c.on(gibs(39.5)).surely);
  CHECK_FALSE(c.on(gibs(39.5)).surelyNot);
}

TEST_CASE("the pool is what vLLM logs") {
  const struct {
    const char* model;
    const char* version;
    std::int64_t maxLen;
    double fraction, usable, kvGib;
  } rows[] = {
      // facts/footprint 4: the identity holds within some tenths of a GiB from the configuration alone
      {"Qwen/Qwen3-0.6B", "0.11.0", 16000, 0.9, 79.18, 64.45},         // T006
      {"Qwen/Qwen3-32B", "0.11.0", 16000, 0.9, 79.18, 4.45},           // T007
      {"openai/gpt-oss-20b", "0.11.0", 16000, 0.9, 79.18, 50.28},      // T001
      {"Qwen/Qwen2.5-7B-Instruct", "0.7.3", 32768, 0.9, 31.74, 9.88},  // T052
  };
  for (const auto& row : rows) {
    CAPTURE(row.model);
    Case c(row.model);
    c.run.version = row.version;
    c.run.settings.maxModelLen = row.maxLen;
    c.run.settings.memoryFraction = row.fraction;
    const Estimate e = c.estimateOn(gibs(row.usable));
    const auto pool = kvPool(c.input, e, gibs(row.usable));
    REQUIRE(pool);
    CHECK(static_cast<double>(pool->bytes) / static_cast<double>(kGiB) == doctest::Approx(row.kvGib).epsilon(0.04));
    CHECK(pool->tokens % 16 == 0);
    CHECK(pool->bytes == pool->tokens * e.kvBytesPerToken);
  }
}

TEST_CASE("advice names flags that waste the slice or leave too little") {
  const auto advice = [](std::optional<double> fraction, double usable, std::optional<std::int64_t> maxLen = 4096) {
    Case c("Qwen/Qwen2.5-1.5B-Instruct");
    c.run.settings.memoryFraction = fraction;
    c.run.settings.maxModelLen = maxLen;
    const Estimate e = c.estimateOn(gibs(usable));
    return settingsAdvice(c.input, e, gibs(usable));
  };
  CHECK(advice(std::nullopt, 79).empty());
  CHECK(advice(0.9, 79).empty());
  REQUIRE(advice(0.95, 9.5).size() == 1);
  CHECK(advice(0.95, 9.5)[0].find("set it to 0.86") != std::string::npos);
  REQUIRE(advice(0.5, 39.5).size() == 1);
  CHECK(advice(0.5, 39.5)[0].find("unused") != std::string::npos);
  REQUIRE(advice(0.85, 19.5, 99999).size() == 1);
  CHECK(advice(0.85, 19.5, 99999)[0].find("32768 positions") != std::string::npos);
}

TEST_CASE("what seems unused beside flags that are not modelled is not advised away, and no remedy takes it") {
  Case c("Qwen/Qwen2.5-1.5B-Instruct");
  c.run.settings.memoryFraction = 0.45;
  c.run.open.emplace_back("the script starts another program");
  CHECK(settingsAdvice(c.input, c.estimateOn(gibs(39.5)), gibs(39.5)).empty());
  c.run.settings.maxModelLen = 32768;
  c.run.settings.memoryFraction = 0.4;
  const Start start = c.on(gibs(9.5));
  REQUIRE(start.surelyNot);
  CHECK(start.flags.empty());
  CHECK(start.perhaps != FlagList{});
  CHECK(flagsText(start.perhaps).find("utilization") == std::string::npos);
}

TEST_CASE("vLLM refuses lengths beyond the positions, unless told not to, and a tensor parallel size that does not divide the heads") {
  Case c("Qwen/Qwen2.5-7B-Instruct");
  CHECK(refusedFlags(c.input).empty());
  c.run.settings.maxModelLen = 200000;
  REQUIRE(refusedFlags(c.input).size() == 1);
  c.run.settings.vllm.longLength = true;
  CHECK(refusedFlags(c.input).empty());
  c.run.settings.tensorParallelSize = 4;
  CHECK(refusedFlags(c.input).empty());
  c.run.settings.tensorParallelSize = 3;
  REQUIRE(refusedFlags(c.input).size() == 1);
  CHECK(refusedFlags(c.input)[0].find("does not divide the 28 attention heads") != std::string::npos);
}

TEST_CASE("where only flags that the load feels surely help, gentler ones that may be enough are named too") {
  Case c("meta-llama/Llama-3.1-8B-Instruct");
  c.run.settings.maxModelLen = 8192;
  c.run.settings.quantization = "fp8";
  c.run.settings.kvCacheDtype = "fp8";
  c.run.settings.maxNumSeqs = 32;
  const Start start = c.on(gibs(9.75));
  REQUIRE(start.surelyNot);
  CHECK(start.flags.empty());
  REQUIRE(!start.perhaps.empty());
  for (const auto& [flag, value] : start.perhaps) {
    if (flag == "--gpu-memory-utilization") c.run.settings.memoryFraction = std::stod(value);
    else if (flag == "--max-model-len") c.run.settings.maxModelLen = std::stoll(value);
    else if (flag == "--enforce-eager") c.run.settings.enforceEager = true;
    else if (flag == "--max-num-seqs") c.run.settings.maxNumSeqs = std::stoll(value);
  }
  CHECK_FALSE(c.on(gibs(9.75)).surelyNot);
}

TEST_CASE("advice on flags far above the load says what another value would save") {
  const auto advice = [](const char* model, double usable, auto&& set, Load load = {4, 4096, true}) {
    Case c(model);
    c.input.load = load;
    set(c.run.settings);
    const Estimate e = c.estimateOn(gibs(usable));
    return settingsAdvice(c.input, e, gibs(usable));
  };
  const auto sequences = advice("google/gemma-2-2b", 19.5, [](Settings& s) { s.maxNumSeqs = 256, s.maxModelLen = 4096; });
  REQUIRE(sequences.size() == 1);
  CHECK(sequences[0].starts_with("--max-num-seqs 256 is far above the load of 4 requests: --max-num-seqs 8 would save 2."));
  // Nobody wrote it, or nobody said what the load is: no word.
  CHECK(advice("google/gemma-2-2b", 19.5, [](Settings& s) { s.maxModelLen = 4096; }).empty());
  CHECK(advice("google/gemma-2-2b", 19.5, [](Settings& s) { s.maxNumSeqs = 256, s.maxModelLen = 4096; }, {4, 4096, false}).empty());

  const auto batch = advice("Qwen/Qwen2.5-7B-Instruct", 39.5, [](Settings& s) { s.maxNumBatchedTokens = 65536, s.maxModelLen = 8192; });
  REQUIRE(batch.size() == 1);
  CHECK(batch[0].starts_with("--max-num-batched-tokens 65536 takes 8."));
  CHECK(batch[0].find("--max-num-batched-tokens 2048 would save") != std::string::npos);

  const auto length = advice("meta-llama/Llama-3.1-8B-Instruct", 39.5, [](Settings& s) { s.maxModelLen = 131072; });
  REQUIRE(length.size() == 1);
  CHECK(length[0] == "--max-model-len 131072 keeps 16 GiB for one sequence, and the load of 4 x 4096 tokens needs 2 GiB: a shorter one "
                     "would save up to 14 GiB");
  CHECK(advice("meta-llama/Llama-3.1-8B-Instruct", 79, [](Settings& s) { s.maxModelLen = 8192; }).empty());
}

TEST_CASE("what other flags would save is what they save") {
  Case c("Qwen/Qwen2.5-7B-Instruct");
  c.input.load = {8, 4096, true};
  const Bytes before = estimate(c.input)->need.bytes;
  const auto found = savings(c.input);
  REQUIRE(found.size() == 3);
  CHECK(flagsText(found[0].flags) == "--max-num-seqs 8");
  CHECK(std::is_sorted(found.begin(), found.end(), [](const Saving& a, const Saving& b) { return a.bytes > b.bytes; }));
  c.run.settings.maxNumSeqs = 8;
  CHECK(before - estimate(c.input)->need.bytes == found[0].bytes);
}
