#include "model/format_name.hpp"

#include <doctest/doctest.h>

#include "model/catalogue.hpp"
#include "model/footprint.hpp"

using namespace rightslice;
using namespace rightslice::model;

TEST_CASE("the words at the end of a name say the format") {
  const struct {
    const char* name;
    const char* bare;
    Format format;
    int bits, group;
  } rows[] = {
      {"qwen/qwen2.5-7b-instruct-awq", "qwen/qwen2.5-7b-instruct", Format::Awq, 0, 0},
      {"qwen/qwen2.5-7b-instruct-gptq-int4", "qwen/qwen2.5-7b-instruct", Format::Gptq, 0, 0},
      {"qwen/qwen2.5-7b-instruct-gptq-int8", "qwen/qwen2.5-7b-instruct", Format::GptqInt8, 0, 0},
      {"a/m-awq-int4-marlin", "a/m", Format::Awq, 0, 0},
      {"a/m-gptq-4bit-128g-actorder", "a/m", Format::Gptq, 0, 128},
      {"a/m-gptq-3bit-32g", "a/m", Format::Gptq, 3, 32},
      {"a/llama-13b-4bit-128g", "a/llama-13b", Format::W4A16, 0, 128},
      {"a/m-int4-g32", "a/m", Format::W4A16, 0, 32},
      {"a/m-w4a16-g128", "a/m", Format::W4A16, 0, 128},
      {"redhatai/llama-3.3-70b-instruct-fp8-dynamic", "redhatai/llama-3.3-70b-instruct", Format::Fp8, 0, 0},
      {"a/m-fp8-dynamic-kv", "a/m", Format::Fp8, 0, 0},
      {"amd/llama-3.1-8b-instruct-fp8-kv", "amd/llama-3.1-8b-instruct", Format::Fp8, 0, 0},
      {"redhatai/qwen3-8b-fp8-block", "redhatai/qwen3-8b", Format::Fp8Block, 0, 0},
      {"nm/qwen3-8b-quantized.w4a16", "nm/qwen3-8b", Format::W4A16, 0, 0},
      {"nm/m-quantized.w8a8", "nm/m", Format::Int8, 0, 0},
      {"nvidia/llama-3.3-70b-instruct-nvfp4", "nvidia/llama-3.3-70b-instruct", Format::Nvfp4, 0, 0},
      {"nvidia/deepseek-r1-0528-fp4-v2", "nvidia/deepseek-r1-0528", Format::Nvfp4, 0, 0},
      {"a/m-nvfp4a16", "a/m", Format::Nvfp4, 0, 0},
      {"amd/m-mxfp4", "amd/m", Format::Mxfp4, 0, 0},
      {"unsloth/m-unsloth-bnb-4bit", "unsloth/m", Format::Nf4, 0, 0},
      {"a/m-bnb-8bit", "a/m", Format::Int8, 0, 0},
      {"kaitchup/m-autoround-gptq-4bit-asym", "kaitchup/m", Format::Gptq, 0, 0},
      {"intel/m-int4-autoround-inc", "intel/m", Format::Gptq, 0, 0},
      {"cpatonn/m-awq-8bit", "cpatonn/m", Format::Int8, 0, 0},
      {"ista-daslab/m-aqlm-2bit-1x16", "ista-daslab/m", Format::Aqlm, 0, 0},
      {"pytorch/qwen3-8b-int4-torchao", "pytorch/qwen3-8b", Format::W4A16, 0, 0},
      {"unsloth/gpt-oss-20b-bf16", "unsloth/gpt-oss-20b", Format::None, 0, 0},
      {"a/m-gguf", "a/m", Format::Gguf, 0, 0},
      {"a/m-q4_k_m-gguf", "a/m", Format::Gguf, 0, 0},
      {"/models/m-ud-q4_k_xl.gguf", "/models/m", Format::Gguf, 0, 0},
  };
  for (const auto& row : rows) {
    CAPTURE(row.name);
    const auto found = formatInName(row.name);
    REQUIRE(found);
    CHECK(found->bare == row.bare);
    CHECK(found->format == row.format);
    CHECK(found->bits == row.bits);
    CHECK(found->group == row.group);
  }
}

TEST_CASE("names without a format, and formats for no GPU, say nothing") {
  for (const char* name :
       {"", "/", "-awq", "a/b", "qwen/qwen3-8b", "a/m-v2", "a/m-dynamic", "mlx-community/qwen3-8b-4bit",
        "a/qwen3-8b-mlx-4bit", "mistralai/mistral-7b-instruct-v0.2", "a/m-awq-uncensored"}) {
    CAPTURE(name);
    CHECK_FALSE(formatInName(name));
  }
}

TEST_CASE("a group in the name changes the weights") {
  const auto weights = [](const char* name) {
    EngineRun run;
    run.engine = findEngine("vllm");
    const auto found = Catalogue::builtIn().find(name);
    REQUIRE(found);
    const auto result = estimate(estimateInput(*found, run, {}, {}));
    REQUIRE(result);
    return result->weights;
  };
  CHECK(weights("a/Llama-3.1-8B-Instruct-INT4-g32") > weights("a/Llama-3.1-8B-Instruct-INT4-g128"));
  CHECK(weights("a/Llama-3.1-8B-Instruct-INT4-g128") == weights("a/Llama-3.1-8B-Instruct-INT4"));
}

TEST_CASE("a flag that names a method lets the files say the rest") {
  const auto formatWith = [](const char* name, const char* flag) {
    EngineRun run;
    run.engine = findEngine("vllm");
    run.settings.quantization = flag;
    const auto found = Catalogue::builtIn().find(name);
    REQUIRE(found);
    return estimateInput(*found, run, {}, {});
  };
  CHECK(formatWith("Qwen/Qwen2.5-7B-Instruct-GPTQ-Int8", "gptq_marlin").format == Format::GptqInt8);
  CHECK(formatWith("Qwen/Qwen2.5-7B-Instruct", "gptq").format == Format::Gptq);
  CHECK(formatWith("Qwen/Qwen2.5-7B-Instruct", "gptq").formatConfidence == Confidence::High);
  CHECK(formatWith("a/Qwen2.5-7B-Instruct-quantized.w8a8", "compressed-tensors").format == Format::Int8);
  CHECK(formatWith("Qwen/Qwen2.5-7B-Instruct", "compressed-tensors").formatConfidence == Confidence::Medium);
  CHECK(formatWith("Qwen/Qwen2.5-7B-Instruct-AWQ", "fp8").format == Format::Fp8);
  CHECK(formatWith("a/Qwen2.5-7B-Instruct-bnb-8bit", "bitsandbytes").format == Format::Int8);
}

TEST_CASE("a name tells of a KV cache in 8 bits, or lets it be expected") {
  const struct {
    const char* name;
    const char* kv;
    bool perhaps;
  } rows[] = {
      {"amd/llama-3.1-8b-instruct-fp8-kv", "fp8", false},      {"redhatai/meta-llama-3.1-8b-instruct-fp8-kv", "fp8", false},
      {"a/m-fp8-dynamic-kv", "fp8", false},                    {"a/m-fp8kv-fp8", "fp8", false},
      {"nvidia/llama-3.1-8b-instruct-fp8", "fp8", true},       {"nvidia/llama-3.1-8b-instruct-fp4", "fp8", true},
      {"nvidia/qwen3-8b-nvfp4", "fp8", true},                  {"redhatai/llama-3.1-8b-instruct-fp8", "", false},
      {"nvidia/llama-3.1-8b-instruct-int4-awq", "", false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.name);
    const auto named = formatInName(row.name);
    REQUIRE(named);
    CHECK(named->kvCacheDtype == row.kv);
    CHECK(named->kvCachePerhaps == row.perhaps);
  }
  const auto found = Catalogue::builtIn().find("nvidia/Llama-3.1-8B-Instruct-FP8");
  REQUIRE(found);
  CHECK(found->kvCacheFromName == "fp8");
  CHECK(found->kvCachePerhaps);
}
