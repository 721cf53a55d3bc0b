#include <doctest/doctest.h>

#include <algorithm>

#include "cli/engine_flags.hpp"
#include "cli/size_devices.hpp"
#include "cli/what_if.hpp"

using namespace rightslice;
using namespace rightslice::cli;

namespace {

const gpu::Product& product(const char* name) {
  const auto* found = gpu::Catalogue::builtIn().find(name);
  REQUIRE(found != nullptr);
  return *found;
}

struct Case {
  model::EngineRun run;
  model::EstimateInput input;
  explicit Case(const char* model, std::int64_t devices = 1) {
    run.engine = model::findEngine("vllm");
    const auto resolved = model::Catalogue::builtIn().find(model);
    REQUIRE(resolved);
    model::Device device;
    device.count = devices;
    input = model::estimateInput(*resolved, run, model::Load{8, 4096, true}, device);
  }
  Case(const Case&) = delete;
  Case& operator=(const Case&) = delete;
};

const SizedDevice& of(const std::vector<SizedDevice>& devices, std::string_view name) {
  const auto found = std::find_if(devices.begin(), devices.end(), [&](const auto& device) { return device.name() == name; });
  REQUIRE(found != devices.end());
  return *found;
}

/// What engineRun says with these flags set: "" or the error.
std::string refusal(std::vector<std::pair<std::string, std::string>> values) {
  EngineFlags engine;
  Flags flags;
  engine.declare(flags);
  for (const auto& [name, value] : values) {
    const Flag* flag = flags.find(name);
    REQUIRE_MESSAGE(flag != nullptr, name);
    const auto set = flag->set(value);
    if (!set) return set.error().message;
  }
  const auto run = engine.run();
  return run ? "" : run.error().message;
}

}  // namespace

TEST_CASE("a slice fits where the high end fits with headroom and the engine surely starts; else it says with which flags") {
  Case c("Qwen/Qwen2.5-7B-Instruct");
  c.run.settings.maxModelLen = 8192;
  const auto slices = sizeSlices(c.input, {&product("H100-80GB-HBM3")}, 100);
  CHECK(of(slices, "3g.40gb").fits);
  CHECK(of(slices, "3g.40gb").withFlags.empty());
  CHECK(of(slices, "3g.40gb").freeBytes > 18 * kGiB);
  CHECK_FALSE(of(slices, "2g.20gb").fits);
  CHECK_FALSE(of(slices, "2g.20gb").withFlags.empty());
  CHECK_FALSE(of(slices, "1g.10gb").fits);
  CHECK(of(slices, "1g.10gb").withFlags.empty());
}

TEST_CASE("what several GPUs share fits whole GPUs, and no slice") {
  Case c("meta-llama/Llama-3.3-70B-Instruct", 4);
  c.run.settings.tensorParallelSize = 4;
  const std::vector<const gpu::Product*> products{&product("H100-80GB-HBM3")};
  for (const auto& slice : sizeSlices(c.input, products, 100)) {
    CHECK_FALSE(slice.fits);
    CHECK(slice.withFlags.empty());
  }
  const auto gpus = sizeGpus(c.input, products, 100);
  REQUIRE(gpus.size() == 1);
  CHECK(gpus[0].fits);
  CHECK(gpus[0].count == 4);
  CHECK(gpus[0].name() == "whole GPU");
}

TEST_CASE("what-if: the need grows with both, and the slice is the smallest that holds it") {
  Case c("Qwen/Qwen2.5-7B-Instruct");
  const auto tables = whatIf(c.input, {&product("A100-SXM4-80GB")}, 100);
  REQUIRE(tables.size() == 1);
  const WhatIf& table = tables[0];
  CHECK(table.contexts == std::vector<std::int64_t>{2048, 4096, 8192, 16384, 32768});  // the model's own positions
  CHECK(table.concurrencies == std::vector<std::int64_t>{1, 2, 4, 8, 16, 32, 64});
  CHECK(table.lengthFollows);
  REQUIRE(table.cells.size() == 35);
  Bytes last = 0;
  for (const auto& cell : table.cells) {
    CAPTURE(cell.context);
    CAPTURE(cell.concurrency);
    CHECK(cell.high.value_or(0) >= cell.need);
    if (cell.device) CHECK(holdsWithHeadroom(cell.device->usable.bytes, *cell.high, 100));
    last = cell.concurrency == 1 ? 0 : last;
    CHECK(cell.need >= last);
    last = cell.need;
  }
  REQUIRE(table.cells.front().device);
  CHECK(table.cells.front().device->name() == "3g.40gb");
  CHECK_FALSE(table.cells.back().device);  // 64 x 32768 tokens take 112 GiB

  // A written maximum length ends the rows, and a written limit of sequences the columns.
  c.run.settings.maxModelLen = 8192;
  c.run.settings.maxNumSeqs = 16;
  const auto limited = whatIf(c.input, {&product("A100-SXM4-80GB")}, 100);
  CHECK(limited[0].contexts.back() == 8192);
  CHECK(limited[0].concurrencies.back() == 16);
  CHECK_FALSE(limited[0].lengthFollows);
  const std::string text = whatIfText(limited, Style{});
  CHECK(text.find("3g.40gb") != std::string::npos);
}

TEST_CASE("the table is no wider than a narrow terminal") {
  Case c("Qwen/Qwen2.5-14B-Instruct");
  for (const char* name : {"H100-80GB-HBM3", "H200", "B200"}) {
    if (gpu::Catalogue::builtIn().find(name) == nullptr) continue;
    Style style;
    style.width = 80;
    const std::string text = whatIfText(whatIf(c.input, {&product(name)}, 100), style);
    std::size_t start = 0;
    while (start < text.size()) {
      const std::size_t end = std::min(text.find('\n', start), text.size());
      CHECK(end - start <= 80);
      start = end + 1;
    }
  }
}

TEST_CASE("a flag that means nothing on the engine is refused by name") {
  CHECK(refusal({{"--max-num-seqs", "8"}, {"--gpu-memory-utilization", "0.9"}}) == "");
  CHECK(refusal({{"--engine", "sglang"}, {"--gpu-memory-utilization", "0.8"}}) == "");
  CHECK(refusal({{"--engine", "vlm"}}).find("did you mean 'vllm'?") != std::string::npos);
  const auto* tei = model::findEngine("tei");
  if (tei->kvRule)  // an engine without generation has none of these
    CHECK(refusal({{"--engine", "tei"}, {"--gpu-memory-utilization", "0.9"}}).find("TEI has no memory fraction") != std::string::npos);
}

TEST_CASE("values that no engine takes are refused, with what was meant") {
  const struct {
    const char* flag;
    const char* value;
    const char* refusal;
  } rows[] = {
      {"--quantization", "fp-8", "'fp-8' is no format that is known (did you mean 'fp8'?)"},
      {"--quantization", "awq_marlin", ""},
      {"--quantization", "gptq_bitblas", ""},
      {"--quantization", "nope",
       "'nope' is no format that is known (did you mean 'none'?)"},
      {"--quantization", "q4",
       "'q4' is no format that is known; write none, fp8, fp8-block, int8, awq, gptq, gptq-int8, w4a16, nf4, mxfp4, nvfp4 or the engine's own word"},
      {"--quantization", "Q4_K_M", "'Q4_K_M' is a type of GGUF files: write --gguf Q4_K_M"},
      {"--dtype", "bf16", ""},
      {"--dtype", "half", ""},
      {"--dtype", "bf15", "'bf15' is no type of weights and activations (did you mean 'bf16'?)"},
      {"--dtype", "int8", "'int8' is no type of weights and activations; write auto, bfloat16, float16 or float32"},
      {"--max-model-len", "8k", ""},
      {"--max-model-len", "8K", ""},
      {"--max-model-len", "32768", ""},
      {"--max-model-len", "0", "'0' is no number of tokens; write 8192, 8k or 8K"},
      {"--max-model-len", "lots", "'lots' is no number of tokens; write 8192, 8k or 8K"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.flag);
    CAPTURE(row.value);
    CHECK(refusal({{row.flag, row.value}}) == row.refusal);
  }
}
