// A Hugging Face config.json as an architecture. Defaults of missing keys differ by class: facts/footprint 1.1.
#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "model/architecture.hpp"
#include "model/quantization_config.hpp"
#include "model/shape.hpp"
#include "model/spelling.hpp"

namespace rightslice::model {
namespace {

/// What the class of a model_type implies where config.json is silent.
struct Class {
  std::string_view modelType, family;
  bool tied = false, qkvBias = false, allBias = false, normBias = false, gated = true;
  int norms = 2;
  std::string_view qkNorm = {};
  std::string_view unmodelled = {};
};

constexpr std::string_view kLinear = "layers with linear attention or Mamba state";

constexpr Class kClasses[] = {
    {"llama", "llama"},
    {"mistral", "llama"},
    {"mistral3", "llama"},
    {"ministral", "llama"},
    {"phi3", "llama"},
    {"granite", "llama"},
    {"exaone", "llama"},
    {"internlm2", "llama"},
    {"olmo", "llama"},
    {"smollm3", "llama", true},
    {"olmo2", "llama", false, false, false, false, true, 2, "full"},
    {"qwen2", "qwen2", false, true},
    {"qwen2_vl", "qwen2_vl", false, true},
    {"qwen2_5_vl", "qwen2_vl", false, true},
    {"qwen2_moe", "moe", false, true},
    {"qwen3", "qwen3", false, false, false, false, true, 2, "head"},
    {"qwen3_vl", "qwen3", false, false, false, false, true, 2, "head"},
    {"qwen3_vl_text", "qwen3", false, false, false, false, true, 2, "head"},
    {"qwen3_moe", "moe", false, false, false, false, true, 2, "head"},
    {"qwen3_vl_moe", "moe", false, false, false, false, true, 2, "head"},
    {"qwen3_vl_moe_text", "moe", false, false, false, false, true, 2, "head"},
    {"mixtral", "moe"},
    {"deepseek_v2", "mla_moe"},
    {"deepseek_v3", "mla_moe"},
    {"kimi_k2", "mla_moe"},
    {"gemma", "gemma", true},
    {"gemma2", "gemma2", true, false, false, false, true, 4},
    {"gemma3", "gemma3", true, false, false, false, true, 4, "head"},
    {"gemma3_text", "gemma3", true, false, false, false, true, 4, "head"},
    {"glm4", "llama", false, true, false, false, true, 4},
    {"cohere", "llama", true, false, false, false, true, 1},
    {"cohere2", "llama", true, false, false, false, true, 1},
    {"phi", "phi", false, false, true, true, false, 1},
    {"gpt_neox", "gpt_neox", false, false, true, true, false},
    {"falcon", "falcon", true, false, false, true, false, 1},
    {"starcoder2", "starcoder2", true, false, true, true, false},
    {"opt", "opt", true, false, true, true, false},
    {"gpt_oss", "gpt_oss"},
    {"bert", "bert", true, false, true, true, false},
    {"roberta", "bert", true, false, true, true, false},
    {"xlm-roberta", "bert", true, false, true, true, false},
    {"llama4", "llama4"},
    {"llama4_text", "llama4"},
    {"mllama", "llama", false, false, false, false, true, 2, {}, "cross-attention layers"},
    {"whisper", "whisper", true, false, true, true, false, 2, {}, "encoder and cross attention"},
    {"qwen3_next", "hybrid", false, false, false, false, true, 2, {}, kLinear},
    {"qwen3_5", "hybrid", false, false, false, false, true, 2, {}, kLinear},
    {"qwen3_5_moe", "hybrid", false, false, false, false, true, 2, {}, kLinear},
    {"nemotron_h", "hybrid", false, false, false, false, true, 2, {}, kLinear},
    {"nemotron-nas", "hybrid", false, false, false, false, true, 2, {}, "layers of different shape"},
    {"jamba", "hybrid", false, false, false, false, true, 2, {}, kLinear},
    {"bamba", "hybrid", false, false, false, false, true, 2, {}, kLinear},
    {"mamba", "hybrid", false, false, false, false, true, 2, {}, kLinear},
    {"mamba2", "hybrid", false, false, false, false, true, 2, {}, kLinear},
    {"falcon_h1", "hybrid", false, false, false, false, true, 2, {}, kLinear},
    {"granitemoehybrid", "hybrid", false, false, false, false, true, 2, {}, kLinear},
    {"kimi_linear", "hybrid", false, false, false, false, true, 2, {}, kLinear},
    {"lfm2", "hybrid", false, false, false, false, true, 2, {}, kLinear},
    {"minimax", "hybrid", false, false, false, false, true, 2, {}, kLinear},
};

const Class* findClass(std::string_view modelType) {
  for (const Class& one : kClasses) {
    if (one.modelType == modelType) return &one;
  }
  return nullptr;
}

/// The same field under the names that classes give it; the first is Hugging Face's usual one.
struct Spelling {
  std::int64_t Architecture::* member;
  std::array<std::string_view, 4> keys;
};
constexpr Spelling kSpellings[] = {
    {&Architecture::layers, {"num_hidden_layers", "n_layer", "num_layers", "n_layers"}},
    {&Architecture::hidden, {"hidden_size", "n_embd", "d_model", "model_dim"}},
    {&Architecture::intermediate, {"intermediate_size", "n_inner", "ffn_dim", "ffn_hidden_size"}},
    {&Architecture::heads, {"num_attention_heads", "n_head", "n_heads", {}}},
    {&Architecture::kvHeads, {"num_key_value_heads", "num_kv_heads", "n_head_kv", "multi_query_group_num"}},
    {&Architecture::headDim, {"head_dim", "attention_head_dim", {}, {}}},
    {&Architecture::vocab, {"vocab_size", "padded_vocab_size", {}, {}}},
    {&Architecture::maxPositions, {"max_position_embeddings", "n_positions", "max_seq_len", "seq_length"}},
    {&Architecture::experts, {"num_experts", "num_local_experts", "n_routed_experts", {}}},
    {&Architecture::expertsPerToken, {"num_experts_per_tok", "moe_topk", {}, {}}},
    {&Architecture::moeIntermediate, {"moe_intermediate_size", {}, {}, {}}},
    {&Architecture::sharedIntermediate, {"shared_expert_intermediate_size", {}, {}, {}}},
    {&Architecture::sharedExperts, {"n_shared_experts", {}, {}, {}}},
    {&Architecture::firstDenseLayers, {"first_k_dense_replace", {}, {}, {}}},
    {&Architecture::moeLayerStep, {"interleave_moe_layer_step", "decoder_sparse_step", {}, {}}},
    {&Architecture::denseIntermediate, {"intermediate_size_mlp", {}, {}, {}}},
    {&Architecture::kvLoraRank, {"kv_lora_rank", {}, {}, {}}},
    {&Architecture::qLoraRank, {"q_lora_rank", {}, {}, {}}},
    {&Architecture::qkRopeDim, {"qk_rope_head_dim", {}, {}, {}}},
    {&Architecture::qkNopeDim, {"qk_nope_head_dim", {}, {}, {}}},
    {&Architecture::vHeadDim, {"v_head_dim", {}, {}, {}}},
    {&Architecture::typeRows, {"type_vocab_size", {}, {}, {}}},
};

class ConfigReader {
 public:
  ConfigReader(json::View config, std::string_view name) : config_(config) { a_.id = std::string(name); }

  Result<Architecture> read() {
    if (!config_.isObject())
      return fail(fmt::format("config.json must be an object, not a {}", config_.typeName()), "");
    text_ = config_;
    for (const std::string_view nested : {"text_config", "llm_config", "language_config"}) {
      if (config_[nested].isObject()) {
        text_ = config_[nested];
        at_ = fmt::format("/{}", nested);
        break;
      }
    }
    std::string type(text_["model_type"].stringOr(config_["model_type"].stringOr("")));
    class_ = findClass(type);
    if (class_ == nullptr) class_ = findClass(config_["model_type"].stringOr(""));
    if (class_ != nullptr) {
      a_.family = class_->family;
      a_.unmodelled = class_->unmodelled;
    } else {
      a_.family = "llama";
      a_.unmodelled = type.empty() ? "model_type is missing; counted as a decoder like Llama"
                                   : fmt::format("model_type {} is not known; counted as a decoder like Llama", type);
    }
    a_.source = a_.id;
    if (auto fault = readNumbers()) return *fault;
    readClassParts();
    readSliding();
    readRope();
    readVision();
    readQuantization(text_["quantization_config"].isObject() ? text_["quantization_config"]
                                                             : config_["quantization_config"],
                     a_);
    if (const auto fault = shapeFault(a_)) return fail(fault->message, at_ + "/" + std::string(fault->key));
    return std::move(a_);
  }

 private:
  using Fault = std::optional<tl::unexpected<Error>>;

  Fault readNumbers() {
    for (const Spelling& spelling : kSpellings) {
      for (const std::string_view key : spelling.keys) {
        if (key.empty()) break;
        const json::View value = text_[key];
        if (!value.exists() || value.isNull() || (value.isArray() && key != "num_hidden_layers")) continue;
        const auto number = value.integer();
        if (!number || *number < 0)
          return fail(fmt::format("{} must be a whole number, not {}", key, value.text().substr(0, 40)),
                      fmt::format("{}/{}", at_, key));
        a_.*spelling.member = *number;
        break;
      }
    }
    return std::nullopt;
  }

  bool flag(std::string_view key, bool fallback) const {
    const auto value = text_[key].boolean();
    return value ? *value : config_[key].boolean().value_or(fallback);
  }

  void readClassParts() {
    const Class fallback{"", "llama"};
    const Class& c = class_ != nullptr ? *class_ : fallback;
    a_.dtype = std::string(text_["torch_dtype"].stringOr(
        text_["dtype"].stringOr(config_["torch_dtype"].stringOr(config_["dtype"].stringOr("bfloat16")))));
    a_.tiedEmbeddings = a_.isEncoder() || flag("tie_word_embeddings", c.tied);
    a_.qkvBias = flag("attention_bias", flag("qkv_bias", c.qkvBias));
    a_.allBias = c.allBias;
    a_.normBias = c.normBias;
    a_.gatedMlp = c.gated;
    a_.normsPerLayer = c.norms;
    a_.qkNorm = std::string(c.qkNorm);
    if (a_.family == "falcon") {
      const bool newDecoder = flag("new_decoder_architecture", false);
      if (!newDecoder && flag("multi_query", true)) a_.kvHeads = 1;
      a_.normsPerLayer = newDecoder || !flag("parallel_attn", true) ? 2 : 1;
      if (a_.intermediate == 0) a_.intermediate = 4 * std::min<std::int64_t>(a_.hidden, 1 << 24);
    }
    if (a_.kvHeads == 0) a_.kvHeads = a_.heads;
    if (a_.headDim == 0 && a_.heads > 0) a_.headDim = a_.family.starts_with("gemma") ? 256 : a_.hidden / a_.heads;
    if (a_.isEncoder() || a_.family == "opt")
      a_.positionRows = std::min<std::int64_t>(a_.maxPositions, std::int64_t{1} << 60) + (a_.family == "opt" ? 2 : 0);
    if (a_.family != "bert") a_.typeRows = 0;
    if (a_.isEncoder() && a_.typeRows == 0) a_.typeRows = 2;
    a_.lmHeadBias = a_.family == "phi";
    if (a_.experts > 0 && a_.moeIntermediate == 0) a_.moeIntermediate = a_.intermediate;
    if (a_.experts > 0 && a_.expertsPerToken == 0) a_.expertsPerToken = 1;
    if (a_.experts == 0) a_.moeIntermediate = a_.sharedIntermediate = a_.sharedExperts = 0;
    if (a_.moeLayerStep == 0) a_.moeLayerStep = 1;
    if (a_.family == "llama4") a_.sharedIntermediate = a_.moeIntermediate;
    a_.sharedGate = text_["model_type"].stringOr("") == "qwen2_moe";
    a_.routerBias =
        text_["topk_method"].stringOr("") == "noaux_tc" || text_["model_type"].stringOr("") == "deepseek_v3";
    if (a_.maxPositions == 0) a_.maxPositions = text_["max_target_positions"].integer().value_or(2048);
  }

  void readSliding() {
    const auto window = text_["sliding_window"].integer();
    if (!window || *window <= 0 || *window >= a_.maxPositions || !flag("use_sliding_window", true)) return;
    if (a_.family == "qwen2" && !flag("use_sliding_window", false)) return;
    a_.slidingWindow = *window;
    std::int64_t sliding = 0;
    if (text_["layer_types"].isArray()) {
      for (const json::View layer : text_["layer_types"].elements())
        sliding += layer.stringOr("") == "sliding_attention" ? 1 : 0;
    } else if (const auto pattern = text_["sliding_window_pattern"].integer(); pattern && *pattern > 0) {
      sliding = a_.layers - a_.layers / *pattern;
    } else if (a_.family == "gemma3") {
      sliding = a_.layers - a_.layers / 6;  // every sixth layer is full
    } else if (a_.family == "gemma2" || a_.family == "gpt_oss") {
      sliding = a_.layers / 2;
    } else {
      sliding = a_.layers;
    }
    a_.slidingLayers = std::min(sliding, a_.layers);
    a_.fullLayers = a_.layers - a_.slidingLayers;
    if (a_.slidingLayers == 0) a_.slidingWindow = 0;
  }

  void readRope() {
    const json::View scaling = text_["rope_scaling"];
    const std::string_view type = scaling["rope_type"].stringOr(scaling["type"].stringOr(""));
    const double factor = scaling["factor"].number().value_or(1);
    if (!(factor > 1 && factor < 1e6)) return;
    if (type == "yarn" || type == "linear" || type == "dynamic") {
      a_.ropeFactor = factor;
      if (const auto original = scaling["original_max_position_embeddings"].integer();
          type == "yarn" && original && *original > 0) {
        // Some files already hold the stretched length, as DeepSeek's do.
        const double stretched = static_cast<double>(*original) * factor;
        a_.ropeFactor = std::max(1.0, stretched / static_cast<double>(std::max<std::int64_t>(a_.maxPositions, 1)));
      }
    }
  }

  void readVision() {
    const bool hasTower =
        config_["vision_config"].isObject() || config_["audio_config"].isObject() || config_["vision_tower"].exists();
    if (!hasTower) return;
    a_.vision = true;
    if (a_.unmodelled.empty()) a_.unmodelled = "the vision or audio tower, whose size config.json does not tell";
  }

  json::View config_, text_;
  std::string at_;
  const Class* class_ = nullptr;
  Architecture a_;
};

}  // namespace

Result<Architecture> fromConfig(json::View config, std::string_view name) { return ConfigReader(config, name).read(); }

}  // namespace rightslice::model
