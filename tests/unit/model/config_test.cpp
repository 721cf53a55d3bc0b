#include <doctest/doctest.h>

#include "json/document.hpp"
#include "model/architecture.hpp"

using namespace rightslice;
using namespace rightslice::model;

namespace {

Architecture read(const std::string& text) {
  const auto document = json::Document::parse(text);
  REQUIRE(document);
  const auto architecture = fromConfig(document->root(), "config.json");
  REQUIRE_MESSAGE(architecture, (architecture ? std::string() : architecture.error().message));
  return *architecture;
}

Error errorOf(const std::string& text) {
  const auto document = json::Document::parse(text);
  REQUIRE(document);
  const auto architecture = fromConfig(document->root(), "config.json");
  REQUIRE_FALSE(architecture);
  return architecture.error();
}

constexpr const char* kQwen3 =
    R"({"model_type": "qwen3", "hidden_size": 4096, "intermediate_size": 12288, "num_hidden_layers": 36,
  "num_attention_heads": 32, "num_key_value_heads": 8, "head_dim": 128, "vocab_size": 151936, "tie_word_embeddings": false,
  "max_position_embeddings": 40960, "torch_dtype": "bfloat16", "sliding_window": null)";

}  // namespace

TEST_CASE("configurations of each family give the published totals") {
  const struct {
    const char* what;
    std::string config;
    std::int64_t parameters;
  } rows[] = {
      {"Qwen3-8B", std::string(kQwen3) + "}", 8190735360},
      {"Llama-3.1-8B",
       R"({"model_type": "llama", "hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32,
        "num_attention_heads": 32, "num_key_value_heads": 8, "vocab_size": 128256, "max_position_embeddings": 131072,
        "rope_scaling": {"factor": 8.0, "rope_type": "llama3"}})",
       8030261248},
      {"Qwen2.5-0.5B",
       R"({"model_type": "qwen2", "hidden_size": 896, "intermediate_size": 4864, "num_hidden_layers": 24, "num_attention_heads": 14,
        "num_key_value_heads": 2, "vocab_size": 151936, "tie_word_embeddings": true, "max_position_embeddings": 32768, "sliding_window": 32768,
        "use_sliding_window": false})",
       494032768},
      {"Mixtral-8x7B",
       R"({"model_type": "mixtral", "hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32, "num_attention_heads": 32,
        "num_key_value_heads": 8, "vocab_size": 32000, "num_local_experts": 8, "num_experts_per_tok": 2, "max_position_embeddings": 32768,
        "sliding_window": null})",
       46702792704},
      {"Qwen3-30B-A3B",
       R"({"model_type": "qwen3_moe", "hidden_size": 2048, "intermediate_size": 6144, "num_hidden_layers": 48, "num_attention_heads": 32,
        "num_key_value_heads": 4, "head_dim": 128, "vocab_size": 151936, "num_experts": 128, "num_experts_per_tok": 8, "moe_intermediate_size": 768,
        "decoder_sparse_step": 1, "max_position_embeddings": 40960})",
       30532122624},
      {"Qwen1.5-MoE",
       R"({"model_type": "qwen2_moe", "hidden_size": 2048, "intermediate_size": 5632, "num_hidden_layers": 24, "num_attention_heads": 16,
        "num_key_value_heads": 16, "vocab_size": 151936, "num_experts": 60, "num_experts_per_tok": 4, "moe_intermediate_size": 1408,
        "shared_expert_intermediate_size": 5632, "max_position_embeddings": 32768})",
       14315784192},
      {"DeepSeek-V3",
       R"({"model_type": "deepseek_v3", "hidden_size": 7168, "intermediate_size": 18432, "num_hidden_layers": 61,
        "num_attention_heads": 128, "num_key_value_heads": 128, "vocab_size": 129280, "n_routed_experts": 256, "n_shared_experts": 1,
        "num_experts_per_tok": 8, "moe_intermediate_size": 2048, "first_k_dense_replace": 3, "kv_lora_rank": 512, "q_lora_rank": 1536,
        "qk_rope_head_dim": 64, "qk_nope_head_dim": 128, "v_head_dim": 128, "topk_method": "noaux_tc", "max_position_embeddings": 163840,
        "rope_scaling": {"type": "yarn", "factor": 40, "original_max_position_embeddings": 4096}})",
       671026419200},
      {"gemma-2-27b (tied by default)",
       R"({"model_type": "gemma2", "hidden_size": 4608, "intermediate_size": 36864, "num_hidden_layers": 46,
        "num_attention_heads": 32, "num_key_value_heads": 16, "head_dim": 128, "vocab_size": 256000, "max_position_embeddings": 8192,
        "sliding_window": 4096})",
       27227128320},
      {"falcon-7b",
       R"({"model_type": "falcon", "hidden_size": 4544, "num_hidden_layers": 32, "num_attention_heads": 71, "multi_query": true,
        "parallel_attn": true, "new_decoder_architecture": false, "vocab_size": 65024})",
       6921720704},
      {"gpt-oss-20b",
       R"({"model_type": "gpt_oss", "hidden_size": 2880, "intermediate_size": 2880, "num_hidden_layers": 24, "num_attention_heads": 64,
        "num_key_value_heads": 8, "head_dim": 64, "vocab_size": 201088, "num_local_experts": 32, "num_experts_per_tok": 4,
        "max_position_embeddings": 131072, "sliding_window": 128, "quantization_config": {"quant_method": "mxfp4"}})",
       20914757184},
      {"pythia-6.9b",
       R"({"model_type": "gpt_neox", "hidden_size": 4096, "intermediate_size": 16384, "num_hidden_layers": 32, "num_attention_heads": 32,
        "vocab_size": 50432, "max_position_embeddings": 2048})",
       6857302016},
      {"phi-2",
       R"({"model_type": "phi", "hidden_size": 2560, "intermediate_size": 10240, "num_hidden_layers": 32, "num_attention_heads": 32,
        "vocab_size": 51200, "max_position_embeddings": 2048})",
       2779683840},
      {"bge-base",
       R"({"model_type": "bert", "hidden_size": 768, "intermediate_size": 3072, "num_hidden_layers": 12, "num_attention_heads": 12,
        "vocab_size": 30522, "type_vocab_size": 2, "max_position_embeddings": 512})",
       109482240},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    const Architecture a = read(row.config);
    CHECK(countParameters(a).total == row.parameters);
    CHECK(a.unmodelled == "");
  }
}

TEST_CASE("the format comes from quantization_config") {
  const struct {
    const char* config;
    Format format;
  } rows[] = {
      {R"({"quant_method": "awq", "bits": 4})", Format::Awq},
      {R"({"quant_method": "gptq", "bits": 4})", Format::Gptq},
      {R"({"quant_method": "gptq", "bits": 8})", Format::GptqInt8},
      {R"({"quant_method": "fp8"})", Format::Fp8},
      {R"({"quant_method": "fp8", "weight_block_size": [128, 128]})", Format::Fp8Block},
      {R"({"quant_method": "mxfp4"})", Format::Mxfp4},
      {R"({"quant_method": "bitsandbytes", "load_in_4bit": true})", Format::Nf4},
      {R"({"quant_method": "bitsandbytes", "load_in_8bit": true})", Format::Int8},
      {R"({"quant_method": "modelopt", "quant_algo": "NVFP4"})", Format::Nvfp4},
      {R"({"quant_method": "modelopt", "quant_algo": "FP8"})", Format::Fp8},
      {R"({"quant_method": "compressed-tensors", "config_groups": {"group_0": {"weights": {"num_bits": 4, "type": "int"}}}})",
       Format::W4A16},
      {R"({"quant_method": "compressed-tensors", "config_groups": {"group_0": {"weights": {"num_bits": 8, "type": "int"}}}})",
       Format::Int8},
      {R"({"quant_method": "compressed-tensors", "config_groups": {"group_0": {"weights": {"num_bits": 8, "type": "float"}}}})",
       Format::Fp8},
      {R"({"quant_method": "compressed-tensors", "format": "nvfp4-pack-quantized"})", Format::Nvfp4},
  };
  for (const auto& row : rows) {
    CAPTURE(row.config);
    const Architecture a = read(std::string(kQwen3) + ", \"quantization_config\": " + row.config + "}");
    CHECK(a.format == row.format);
    CHECK(a.unmodelled == "");
  }
  const Architecture unknown = read(std::string(kQwen3) + R"(, "quantization_config": {"quant_method": "superquant"}})");
  CHECK(unknown.unmodelled.find("superquant") != std::string::npos);
}

TEST_CASE("parts that are not modelled are named") {
  CHECK(read(std::string(kQwen3) + R"(, "vision_config": {"depth": 32}})").unmodelled.find("tower") !=
        std::string::npos);
  std::string unknown = kQwen3;
  unknown.replace(unknown.find("qwen3"), 5, "newest");
  CHECK(read(unknown + "}").unmodelled.find("newest is not known") != std::string::npos);
}

TEST_CASE("a nested text_config is read, with the defaults of its class where it is silent") {
  const Architecture a = read(
      R"({"model_type": "gemma3", "text_config": {"model_type": "gemma3_text", "hidden_size": 2560,
    "intermediate_size": 10240, "num_hidden_layers": 34, "sliding_window": 1024},
    "vision_config": {"model_type": "siglip_vision_model", "hidden_size": 1152, "intermediate_size": 4304,
    "num_hidden_layers": 27, "num_attention_heads": 16, "image_size": 896, "patch_size": 14}})");
  CHECK(a.tiedEmbeddings);
  CHECK(a.heads == 8);
  CHECK(a.headDim == 256);
  CHECK(a.slidingLayers == 29);
  CHECK(a.fullLayers == 5);
  CHECK(a.vision);
  CHECK(a.unmodelled == "");
  CHECK(countParameters(a).total == 4300079472);
}

TEST_CASE("a thinker holds the text model of a model that also speaks") {
  const Architecture a = read(
      R"({"model_type": "qwen2_5_omni", "thinker_config": {"text_config": {"model_type": "qwen2_5_omni_text", "hidden_size": 3584,
    "intermediate_size": 18944, "num_hidden_layers": 28, "num_attention_heads": 28, "num_key_value_heads": 4, "vocab_size": 152064,
    "max_position_embeddings": 32768}}})");
  CHECK(a.layers == 28);
  CHECK(a.qkvBias);
}

TEST_CASE("the class is taken from architectures where model_type is missing") {
  std::string nameless = kQwen3;
  nameless.replace(nameless.find("\"model_type\": \"qwen3\""), 21, "\"architectures\": [\"Qwen3ForCausalLM\"]");
  CHECK(countParameters(read(nameless + "}")).total == 8190735360);
}

TEST_CASE("a bare model and a classifier have no matrix back to the vocabulary") {
  const std::string base = kQwen3;
  CHECK(countParameters(read(base + R"(, "architectures": ["Qwen3Model"]})")).total == 8190735360 - 151936LL * 4096);
  CHECK(countParameters(read(base + R"(, "architectures": ["Qwen3ForSequenceClassification"], "id2label": {"0": "yes"}})"))
            .total == 8190735360 - 151936LL * 4096 + 4096);
}

TEST_CASE("sliding layers are counted from layer_types, a pattern or the class") {
  std::string base = std::string(kQwen3).substr(0, std::string(kQwen3).find(", \"sliding_window\""));
  CHECK(read(base + R"(, "sliding_window": 4096})").slidingLayers == 0);  // Qwen asks for it by a flag
  CHECK(read(base + R"(, "sliding_window": 4096, "use_sliding_window": true, "max_window_layers": 28})").slidingLayers ==
        8);
  base.replace(base.find("qwen3"), 5, "mistral");
  CHECK(read(base + R"(, "sliding_window": 4096})").slidingLayers == 36);
  CHECK(read(base + R"(, "sliding_window": 4096, "sliding_window_pattern": 4})").slidingLayers == 27);
  CHECK(read(base + R"(, "sliding_window": 4096, "sliding_window_pattern": "LLLG"})").slidingLayers == 27);
  CHECK(read(base + R"(, "sliding_window": 4096, "layer_types": ["full_attention", "sliding_attention"]})")
            .slidingLayers == 1);
  CHECK(read(base + R"(, "sliding_window": 4096, "use_sliding_window": false})").slidingLayers == 0);
  CHECK(read(base + R"(, "sliding_window": 99999})").slidingLayers == 0);
}

TEST_CASE("a diffusion pipeline is an error that says what to give instead") {
  const Error error = errorOf(R"({"_class_name": "FluxPipeline", "vae": ["diffusers", "AutoencoderKL"]})");
  CHECK(error.message.find("--model") != std::string::npos);
  CHECK(error.message.find("rightslice.io/footprint") != std::string::npos);
}

TEST_CASE("impossible numbers of any part are errors with their place") {
  CHECK(errorOf(R"({"model_type": "falcon_h1", "num_hidden_layers": 2, "hidden_size": 64, "num_attention_heads": 2, "vocab_size": 10,
      "mamba_d_state": -4})").where == "/mamba_d_state");
  CHECK(errorOf(R"({"model_type": "nemotron_h", "num_hidden_layers": 2, "hidden_size": 64, "num_attention_heads": 2, "vocab_size": 10})")
            .where == "/hybrid_override_pattern");
  CHECK(errorOf(R"({"model_type": "nemotron-nas", "num_hidden_layers": 2, "hidden_size": 64, "num_attention_heads": 2, "vocab_size": 10,
      "block_configs": [{}]})").where == "/block_configs");
}

TEST_CASE("rope scaling stretches the longest sequence, once") {
  const std::string base = kQwen3;
  CHECK(read(base +
             R"(, "rope_scaling": {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 40960}})")
            .ropeFactor == 4);
  CHECK(read(base +
             R"(, "rope_scaling": {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 10240}})")
            .ropeFactor == 1);
  CHECK(read(base + R"(, "rope_scaling": {"type": "linear", "factor": 2.0}})").ropeFactor == 2);
  CHECK(read(base + R"(, "rope_scaling": {"rope_type": "llama3", "factor": 8.0}})").ropeFactor == 1);
}

TEST_CASE("Gemma 3's positions are the stretched ones; its tables of angles are one stretched and one for the windows") {
  constexpr std::string_view kText = R"({"model_type": "gemma3_text", "hidden_size": 2560, "intermediate_size": 10240,
      "num_hidden_layers": 34, "num_attention_heads": 8, "num_key_value_heads": 4, "head_dim": 256, "vocab_size": 262208,
      "max_position_embeddings": 131072, "sliding_window": 1024)";
  const auto linear = read(std::string(kText) + R"(, "rope_scaling": {"rope_type": "linear", "factor": 8.0}})");
  CHECK(linear.ropeFactor == 1);
  CHECK(linear.maxPositions == 131072);
  CHECK(linear.rotaryFactor == 9);
  const auto perKind = read(std::string(kText) + R"(, "rope_parameters": {"sliding_attention": {"rope_type": "default"},
      "full_attention": {"rope_type": "linear", "factor": 8.0}}})");
  CHECK(perKind.rotaryFactor == 9);
  CHECK(read(std::string(kText) + "}").rotaryFactor == 2);
}

TEST_CASE("a configuration that is none is an error with its place") {
  CHECK(errorOf("[]").message.find("must be an object") != std::string::npos);
  CHECK(errorOf("{}").where == "/num_hidden_layers");
  CHECK(errorOf(R"({"model_type": "llama", "num_hidden_layers": "many"})").where == "/num_hidden_layers");
  CHECK(errorOf(R"({"model_type": "llama", "num_hidden_layers": -1})").where == "/num_hidden_layers");
  CHECK(errorOf(R"({"model_type": "llama", "num_hidden_layers": 1e12})").message.find("num_hidden_layers") !=
        std::string::npos);
  CHECK(errorOf(R"({"text_config": {"num_hidden_layers": 2.5}})").where == "/text_config/num_hidden_layers");
}
