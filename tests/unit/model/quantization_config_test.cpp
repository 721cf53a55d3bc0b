#include "model/quantization_config.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "json/document.hpp"
#include "model/catalogue.hpp"
#include "model/footprint.hpp"

using namespace rightslice;
using namespace rightslice::model;

namespace {

Architecture quantised(const char* model, const std::string& text) {
  Architecture a = *Catalogue::builtIn().find(model)->architecture;
  a.format = Format::None;
  const auto document = json::Document::parse(text);
  REQUIRE_MESSAGE(document, text);
  readQuantization(document->root(), a);
  return a;
}

std::int32_t wide(const Architecture& a, Role role) {
  return a.quantization.wideLayers[static_cast<std::size_t>(role)];
}

double weightsGib(const Architecture& a, std::int64_t tp = 1) {
  EngineRun run;
  run.engine = findEngine("vllm");
  run.settings.tensorParallelSize = tp;
  const Resolved resolved{&a, Confidence::High, std::nullopt, true, "config.json"};
  const auto result = estimate(estimateInput(resolved, run, {}, {}));
  REQUIRE(result);
  return static_cast<double>(result->weights) / static_cast<double>(kGiB);
}

}  // namespace

TEST_CASE("bits, groups and zero points come from the checkpoint") {
  const struct {
    const char* config;
    Format format;
    int bits, group;
    std::optional<bool> zeroPoints;
  } rows[] = {
      {R"({"quant_method": "awq", "bits": 4, "group_size": 64, "zero_point": true})", Format::Awq, 0, 64, true},
      {R"({"quant_method": "gptq", "bits": 3, "group_size": 32, "desc_act": true})", Format::Gptq, 3, 32, {}},
      {R"({"quant_method": "gptq", "bits": 2, "group_size": -1})", Format::Gptq, 2, -1, {}},
      {R"({"quant_method": "gptq", "bits": 8, "group_size": 128})", Format::GptqInt8, 0, 128, {}},
      {R"({"quant_method": "auto-round", "bits": 4, "group_size": 128, "sym": true})", Format::Gptq, 0, 128, {}},
      {R"({"quant_method": "compressed-tensors", "format": "pack-quantized", "config_groups": {"group_0": {"targets": ["Linear"],
          "weights": {"num_bits": 4, "type": "int", "symmetric": false, "strategy": "group", "group_size": 32}}}})",
       Format::W4A16, 0, 32, true},
      {R"({"quant_method": "compressed-tensors", "format": "pack-quantized", "config_groups": {"group_0": {"targets": ["Linear"],
          "weights": {"num_bits": 8, "type": "int", "symmetric": true, "strategy": "group", "group_size": 128}}}})",
       Format::Int8,
       0,
       128,
       {}},
      {R"({"quant_method": "compressed-tensors", "config_groups": {"group_0": {"targets": ["Linear"],
          "weights": {"num_bits": 4, "type": "int", "symmetric": true, "strategy": "channel"}}}})",
       Format::W4A16,
       0,
       -1,
       {}},
      {R"({"quant_method": "compressed-tensors", "format": "nvfp4-pack-quantized", "config_groups": {"group_0":
          {"targets": ["Linear"], "weights": {"num_bits": 4, "type": "float", "group_size": 16}}}})",
       Format::Nvfp4,
       0,
       0,
       {}},
      {R"({"quant_method": "compressed-tensors", "format": "mxfp4-pack-quantized", "config_groups": {"group_0":
          {"targets": ["Linear"], "weights": {"num_bits": 4, "type": "float", "group_size": 32}}}})",
       Format::Mxfp4,
       0,
       0,
       {}},
      {R"({"quant_method": "compressed-tensors", "config_groups": {"group_0": {"targets": ["Linear"], "weights":
          {"num_bits": 8, "type": "float", "strategy": "block", "block_structure": [128, 128]}}}})",
       Format::Fp8Block,
       0,
       0,
       {}},
      {R"({"quant_method": "modelopt", "quant_algo": "NVFP4", "group_size": 16})", Format::Nvfp4, 0, 16, {}},
      {R"({"quantization": {"quant_algo": "FP8"}, "quant_method": "modelopt"})", Format::Fp8, 0, 0, {}},
      {R"({"quant_method": "modelopt", "quant_algo": "W4A16_AWQ", "group_size": 128})", Format::W4A16, 0, 128, {}},
      {R"({"quant_method": "quark", "global_quant_config": {"weight": {"dtype": "fp4", "group_size": 32}}})",
       Format::Mxfp4,
       0,
       0,
       {}},
      {R"({"quant_method": "quark", "global_quant_config": {"weight": {"dtype": "fp8_e4m3", "qscheme": "per_tensor"}}})",
       Format::Fp8,
       0,
       0,
       {}},
      {R"({"quant_method": "torchao", "quant_type": {"default": {"_type": "Int4WeightOnlyConfig", "_data": {"group_size": 64}}}})",
       Format::W4A16, 0, 64, true},
      {R"({"quant_method": "hqq", "quant_config": {"weight_quant_params": {"nbits": 8, "group_size": 128}}})",
       Format::Hqq,
       8,
       128,
       {}},
      {R"({"quant_method": "fbgemm_fp8"})", Format::Fp8, 0, 0, {}},
      {R"({"quant_method": "eetq"})", Format::Int8, 0, 0, {}},
  };
  for (const auto& row : rows) {
    CAPTURE(row.config);
    const Architecture a = quantised("meta-llama/Llama-3.1-8B", row.config);
    CHECK(a.format == row.format);
    CHECK(a.quantization.bits == row.bits);
    CHECK(a.quantization.group == row.group);
    CHECK(a.quantization.zeroPoints == row.zeroPoints);
    CHECK_FALSE(a.quantization.unclear);
    CHECK(a.unmodelled == "");
  }
}

TEST_CASE("lists of modules decide which layers stay 16 bit") {
  const Architecture attention = quantised("meta-llama/Llama-3.1-8B", R"({"quant_method": "compressed-tensors",
      "ignore": ["lm_head", "re:.*self_attn.*", "model.layers.0.mlp.down_proj", "model.layers.31.mlp"],
      "config_groups": {"group_0": {"targets": ["Linear"], "weights": {"num_bits": 8, "type": "float"}}}})");
  CHECK(wide(attention, Role::Query) == 32);
  CHECK(wide(attention, Role::AttentionOut) == 32);
  CHECK(wide(attention, Role::Down) == 2);
  CHECK(wide(attention, Role::Gate) == 1);
  const Architecture modelopt =
      quantised("deepseek-ai/DeepSeek-R1", R"({"quant_method": "modelopt", "quant_algo": "NVFP4",
      "exclude_modules": ["*self_attn*", "lm_head", "model.layers.61*"], "kv_cache_quant_algo": "FP8"})");
  CHECK(wide(modelopt, Role::KvUp) == 61);
  CHECK(wide(modelopt, Role::ExpertUp) == 0);
  CHECK(wide(modelopt, Role::Gate) == 0);
  CHECK(modelopt.quantization.kvCacheDtype == "fp8");
  const Architecture bnb =
      quantised("meta-llama/Llama-3.1-8B", R"({"quant_method": "bitsandbytes", "load_in_4bit": true,
      "llm_int8_skip_modules": ["lm_head", "model.layers.1.mlp", "model.layers.4.self_attn.o_proj"]})");
  CHECK(wide(bnb, Role::Up) == 1);
  CHECK(wide(bnb, Role::AttentionOut) == 1);
  CHECK(wide(bnb, Role::Query) == 0);
  const Architecture gptq = quantised("Qwen/Qwen3-30B-A3B", R"({"quant_method": "gptq", "bits": 4, "group_size": 128,
      "lm_head": true, "dynamic": {"-:.*mlp.gate$": {}, "-:.*attn.*": {}}})");
  CHECK(wide(gptq, Role::Query) == 48);
  CHECK(wide(gptq, Role::ExpertUp) == 0);
  CHECK(gptq.quantization.headQuantised);
  const Architecture moe = quantised("mistralai/Mixtral-8x7B-v0.1", R"({"quant_method": "awq", "bits": 4,
      "modules_to_not_convert": ["gate"]})");
  CHECK(wide(moe, Role::ExpertGate) == 0);
  const Architecture targets =
      quantised("meta-llama/Llama-3.1-8B", R"({"quant_method": "compressed-tensors", "config_groups":
      {"group_0": {"targets": ["re:.*mlp.*"], "weights": {"num_bits": 8, "type": "float"}}}})");
  CHECK(wide(targets, Role::Query) == 32);
  CHECK(wide(targets, Role::Up) == 0);
}

TEST_CASE("what a list says unclearly widens the interval") {
  const Architecture unclear = quantised("meta-llama/Llama-3.1-8B", R"({"quant_method": "compressed-tensors",
      "ignore": ["re:^(?!.*mlp).*"], "config_groups": {"g": {"targets": ["Linear"], "weights": {"num_bits": 8, "type": "float"}}}})");
  CHECK(unclear.quantization.unclear);
  CHECK(quantised("meta-llama/Llama-3.1-8B", R"({"quant_method": "modelopt", "quant_algo": "MIXED_PRECISION"})")
            .quantization.unclear);
}

TEST_CASE("unknown methods and bits are named") {
  for (const char* config : {R"({"quant_method": "superquant"})", R"({"quant_method": "gptq", "bits": 5})",
                             R"({"quant_method": "awq", "bits": 8})", R"({})"}) {
    CAPTURE(config);
    const Architecture a = quantised("meta-llama/Llama-3.1-8B", config);
    CHECK(a.format == Format::None);
    CHECK_FALSE(a.unmodelled.empty());
  }
}

TEST_CASE("the official FP8 of Llama-3.1-405B keeps attention and two layers in 16 bit") {
  std::string list =
      R"("lm_head", "model.layers.0.mlp.up_proj", "model.layers.0.mlp.gate_proj", "model.layers.0.mlp.down_proj",
      "model.layers.125.mlp.up_proj", "model.layers.125.mlp.gate_proj", "model.layers.125.mlp.down_proj")";
  for (int layer = 0; layer < 126; ++layer) {
    for (const char* module : {"q_proj", "k_proj", "v_proj", "o_proj"})
      list += fmt::format(R"(, "model.layers.{}.self_attn.{}")", layer, module);
  }
  Architecture a = quantised("meta-llama/Llama-3.1-405B",
                             R"({"quant_method": "fbgemm_fp8", "modules_to_not_convert": [)" + list + "]}");
  CHECK(wide(a, Role::Up) == 2);
  CHECK(wide(a, Role::Query) == 126);
  a.kvHeads = 16;  // as it was published in July 2024, when the run was logged
  CHECK(weightsGib(a, 8) == doctest::Approx(57.752).epsilon(0.0025));  // T014, vLLM issue 6746
}
