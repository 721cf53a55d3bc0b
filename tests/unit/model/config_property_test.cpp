// Any JSON object is either a shape with sane counts or an error with a message.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <rapidcheck.h>

#include "json/document.hpp"
#include "model/footprint.hpp"

using namespace rightslice;
using namespace rightslice::model;

namespace {

std::string anyValue() {
  return *rc::gen::element<std::string>("0", "1", "2", "7", "64", "128", "4096", "151936", "-1", "1.5", "1e3", "1e30",
                                        "99999999", "9223372036854775807", "null", "true", "false", "\"x\"", "[]",
                                        "[1]", "{}", "\"yarn\"", "\"sliding_attention\"");
}

/// Half of them hostile, half with ordinary numbers.
std::string anyConfig() {
  static const std::vector<std::string> types{"llama",   "qwen2", "qwen3_moe", "deepseek_v3", "gemma3", "falcon",
                                              "gpt_oss", "bert",  "whisper",   "opt",         "odd",    "qwen3_next",
                                              "jamba",   "lfm2",  "mamba2",    "nemotron_h",  "t5",     "nemotron-nas",
                                              "gemma3n", "mllama", "qwen2_vl", "openelm",     "new",    "ernie4_5_moe",
                                              "chatglm", "clip",  "mistral3",  "granitemoehybrid", "bart", "kimi_linear"};
  const bool hostile = *rc::gen::arbitrary<bool>();
  const auto value = [hostile] {
    if (hostile && *rc::gen::inRange(0, 3) == 0) return anyValue();
    return *rc::gen::element<std::string>("1", "2", "64", "4096", "99999");
  };
  std::string text = fmt::format("{{\"model_type\": \"{}\", \"num_key_value_heads\": 1", *rc::gen::elementOf(types));
  for (const char* key : {"num_hidden_layers", "hidden_size", "intermediate_size", "num_attention_heads", "vocab_size",
                          "max_position_embeddings", "head_dim"}) {
    text += fmt::format(", \"{}\": {}", key, value());
  }
  for (const char* key : {"num_experts", "moe_intermediate_size", "kv_lora_rank", "q_lora_rank", "qk_rope_head_dim",
                          "qk_nope_head_dim", "v_head_dim", "sliding_window", "first_k_dense_replace",
                          "interleave_moe_layer_step", "sliding_window_pattern"}) {
    if (*rc::gen::arbitrary<bool>()) text += fmt::format(", \"{}\": {}", key, value());
  }
  for (const char* key : {"mamba_expand", "mamba_d_state", "linear_num_value_heads", "encoder_layers", "d_ff",
                          "moe_layer_end_index", "hidden_size_per_layer_input", "block_ff_dim", "num_labels"}) {
    if (*rc::gen::inRange(0, 4) == 0) text += fmt::format(", \"{}\": {}", key, value());
  }
  if (*rc::gen::arbitrary<bool>())
    text += fmt::format(R"(, "vision_config": {{"hidden_size": {}, "depth": {}, "spatial_merge_size": {}, "patch_size": {}}})",
                        value(), value(), value(), value());
  for (const char* key : {"layer_types", "hybrid_override_pattern", "block_configs", "num_query_heads", "mlp_only_layers", "rope_scaling", "quantization_config", "text_config",
                          "tie_word_embeddings", "torch_dtype"}) {
    if (hostile && *rc::gen::arbitrary<bool>()) text += fmt::format(", \"{}\": {}", key, anyValue());
  }
  return text + "}";
}

}  // namespace

TEST_CASE("any configuration is a shape with sane counts or an error with a message") {
  int shapes = 0;
  CHECK(rc::check([&shapes] {
    const auto document = json::Document::parse(anyConfig());
    RC_ASSERT(document.has_value());
    const auto read = fromConfig(document->root(), "config.json");
    if (!read) {
      RC_ASSERT(!read.error().message.empty());
      return;
    }
    ++shapes;
    const ParameterCount count = countParameters(*read);
    for (const std::int64_t part :
         {count.total, count.linear, count.kvProjection, count.experts, count.embedding, count.replicated})
      RC_ASSERT(part >= 0);
    EngineRun run;
    run.engine = findEngine("vllm");
    EstimateInput input;
    input.architecture = &*read;
    input.run = &run;
    const auto e = estimate(input);
    RC_ASSERT(e.has_value() == (count.total > 0));
    if (!e) return;
    RC_ASSERT(e->need.minimum <= e->need.bytes);
    RC_ASSERT(e->need.bytes <= kMaxBytes);
    startsOn(input, *e, 40 * kGiB);
    alternatives(input, 40 * kGiB, 100);
    settingsAdvice(input, *e, 40 * kGiB);
    kvPool(input, *e, 40 * kGiB);
  }));
  CHECK(shapes > 10);  // the generator reaches the part that computes
}
