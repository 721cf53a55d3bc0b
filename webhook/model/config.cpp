// A Hugging Face config.json as an architecture. Defaults of missing keys differ by class: model_class.cpp.
#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "model/architecture.hpp"
#include "model/attention_pattern.hpp"
#include "model/class_rules.hpp"
#include "model/model_class.hpp"
#include "model/quantization_config.hpp"
#include "model/shape.hpp"
#include "model/spelling.hpp"
#include "model/tower.hpp"

namespace rightslice::model {
namespace {

/// The same field under the names that classes give it; the first is Hugging Face's usual one.
struct Spelling {
  std::int64_t Architecture::* member;
  std::array<std::string_view, 5> keys;
};
constexpr Spelling kSpellings[] = {
    {&Architecture::layers, {"num_hidden_layers", "n_layer", "num_layers", "n_layers"}},
    {&Architecture::hidden, {"hidden_size", "n_embd", "d_model", "model_dim", "n_embed"}},
    {&Architecture::intermediate, {"intermediate_size", "n_inner", "ffn_dim", "ffn_hidden_size"}},
    {&Architecture::heads, {"num_attention_heads", "n_head", "n_heads", "num_heads"}},
    {&Architecture::kvHeads, {"num_key_value_heads", "num_kv_heads", "n_head_kv", "multi_query_group_num"}},
    {&Architecture::headDim, {"head_dim", "attention_head_dim"}},
    {&Architecture::vocab, {"vocab_size", "padded_vocab_size"}},
    {&Architecture::maxPositions,
     {"max_position_embeddings", "n_positions", "max_seq_len", "seq_length", "max_sequence_length"}},
    {&Architecture::experts, {"num_experts", "num_local_experts", "n_routed_experts", "moe_num_experts"}},
    {&Architecture::expertsPerToken, {"num_experts_per_tok", "moe_topk", "moe_k", "num_experts_per_token", "moe_top_k"}},
    {&Architecture::moeIntermediate, {"moe_intermediate_size"}},
    {&Architecture::sharedIntermediate, {"shared_expert_intermediate_size"}},
    {&Architecture::sharedExperts,
     {"n_shared_experts", "num_shared_experts", "num_shared_expert", "moe_num_shared_experts"}},
    {&Architecture::firstDenseLayers, {"first_k_dense_replace"}},
    {&Architecture::moeLayerStep, {"interleave_moe_layer_step", "decoder_sparse_step", "moe_layer_freq"}},
    {&Architecture::denseIntermediate, {"intermediate_size_mlp"}},
    {&Architecture::kvLoraRank, {"kv_lora_rank"}},
    {&Architecture::qLoraRank, {"q_lora_rank"}},
    {&Architecture::qkRopeDim, {"qk_rope_head_dim"}},
    {&Architecture::qkNopeDim, {"qk_nope_head_dim"}},
    {&Architecture::vHeadDim, {"v_head_dim"}},
    {&Architecture::indexHeads, {"index_n_heads"}},
    {&Architecture::indexHeadDim, {"index_head_dim"}},
    {&Architecture::typeRows, {"type_vocab_size"}},
};

/// Objects that hold the text model of a model that also sees or hears, the outermost first.
constexpr std::array<std::string_view, 4> kNested{"thinker_config", "text_config", "llm_config", "language_config"};

class ConfigReader {
 public:
  ConfigReader(json::View config, std::string_view name) : config_(config) { a_.id = std::string(name); }

  Result<Architecture> read() {
    if (!config_.isObject())
      return fail(fmt::format("config.json must be an object, not a {}", config_.typeName()), "");
    if (config_["_class_name"].exists()) {
      return fail(fmt::format("this describes a diffusion pipeline or a part of one ({}), whose files alone tell its size; "
                              "give --model with its repository, or declare the need with rightslice.io/footprint",
                              config_["_class_name"].stringOr("?")),
                  "/_class_name");
    }
    scope_.root = ConfigView(config_, "", &fault_);
    findText();
    findClass();
    a_.source = a_.id;
    readNumbers();
    if (!fault_) {
      readTraits();
      if (class_ != nullptr && class_->rule != nullptr) class_->rule(scope_, a_);
      readDefaults();
      readHead();
      readWindows(scope_, class_, a_);
      readRope(scope_, a_);
      readTowers(scope_.root, a_);
    }
    if (fault_) return tl::unexpected<Error>(std::move(*fault_));
    readQuantization(text_["quantization_config"].isObject() ? text_["quantization_config"]
                                                             : config_["quantization_config"],
                     a_);
    if (const auto fault = shapeFault(a_)) return fail(fault->message, at_ + "/" + std::string(fault->key));
    return std::move(a_);
  }

 private:
  void findText() {
    text_ = config_;
    for (const std::string_view nested : kNested) {
      if (!text_[nested].isObject()) continue;
      text_ = text_[nested];
      at_ += fmt::format("/{}", nested);
    }
    scope_.text = ConfigView(text_, at_, &fault_);
  }

  void findClass() {
    type_ = lowered(text_["model_type"].stringOr(config_["model_type"].stringOr("")));
    if (type_.empty()) {  // "LlamaForCausalLM"
      const std::string_view written = text_["architectures"].at(0).stringOr("");
      type_ = lowered(written.substr(0, written.find("For")));
    }
    class_ = findModelClass(type_);
    if (class_ == nullptr) class_ = findModelClass(lowered(config_["model_type"].stringOr("")));
    if (class_ != nullptr) {
      a_.family = class_->family;
      return;
    }
    a_.family = "llama";
    a_.unmodelled = type_.empty() ? "model_type is missing; counted as a decoder like Llama"
                                  : fmt::format("model_type {} is not known; counted as a decoder like Llama", type_);
  }

  /// A list with a value for each layer stands for that value where all are equal.
  static json::View first(json::View value) {
    if (!value.isArray() || value.size() == 0) return value;
    const json::View one = value.at(0);
    for (const json::View other : value.elements()) {
      if (!other.equals(one)) return {};
    }
    return one;
  }

  void readNumbers() {
    for (const Spelling& spelling : kSpellings) {
      for (const std::string_view key : spelling.keys) {
        if (key.empty()) break;
        const json::View written = text_[key];
        if (!written.exists() || written.isNull()) continue;
        const json::View value = written.isArray() && key != "num_hidden_layers" ? first(written) : written;
        if (!value.exists()) continue;
        const auto number = value.integer();
        if (!number || *number < 0) {
          scope_.text.refuse(key, fmt::format("{} must be a whole number, not {}", key, value.text().substr(0, 40)));
          return;
        }
        const std::int64_t most = spelling.member == &Architecture::maxPositions ? kMostPositions
                                  : spelling.member == &Architecture::layers     ? kMostLayers
                                                                                 : ConfigView::kMost;
        if (*number > most) {
          scope_.text.refuse(key, fmt::format("{} must be at most {}", key, most));
          return;
        }
        a_.*spelling.member = *number;
        break;
      }
    }
    if (at_.empty()) return;
    for (const IntegerField& field : integerFields()) {
      if (a_.*field.member == 0) a_.*field.member = nestedDefault(type_, field.key);
    }
  }

  bool flag(std::string_view key, bool fallback) const {
    return scope_.text.flag(key, scope_.root.flag(key, fallback));
  }

  void readTraits() {
    const auto has = [&](Trait trait) { return class_ != nullptr && class_->has(trait); };
    a_.dtype = std::string(text_["torch_dtype"].stringOr(
        text_["dtype"].stringOr(config_["torch_dtype"].stringOr(config_["dtype"].stringOr("bfloat16")))));
    a_.tiedEmbeddings = a_.isEncoder() || flag("tie_word_embeddings", has(kTied));
    a_.qkvBias = flag("attention_bias", flag("qkv_bias", flag("use_qkv_bias", has(kQkvBias))));
    a_.outBias = has(kBiasKeyIsQkv) ? flag("attention_out_bias", false) : flag("attention_bias", has(kOutBias));
    a_.mlpBias = flag("mlp_bias", has(kMlpBias));
    a_.normBias = has(kNormBias);
    a_.gatedMlp = !has(kPlainMlp);
    a_.attentionGate = has(kAttentionGate) && flag("attn_output_gate", true);
    a_.attentionSinks = has(kSinks);
    a_.expertBias = has(kExpertBias);
    a_.routerBias = has(kRouterBias) || scope_.text.text("topk_method") == "noaux_tc";
    a_.sharedGate = has(kSharedGate);
    a_.lmHeadBias = flag("lm_head_bias", has(kLmHeadBias));
    a_.pooler = has(kPooler);
    a_.normsPerLayer = class_ != nullptr ? class_->norms : 2;
    a_.qkNorm = std::string(class_ != nullptr ? class_->qkNorm : "");
    if (a_.maxPositions == 0) a_.maxPositions = a_.isEncoder() ? 512 : 2048;
    if (has(kLearnedPositions)) a_.positionRows = std::min(a_.maxPositions, ConfigView::kMost);
    if (!a_.isEncoder()) a_.typeRows = 0;
    else if (!scope_.text.has("type_vocab_size")) a_.typeRows = 2;
  }

  /// What follows from the rest of the shape where the file is silent. After the rule of the class, which may know better.
  void readDefaults() {
    if (a_.kvHeads == 0) a_.kvHeads = a_.heads;
    if (a_.headDim == 0 && a_.heads > 0) a_.headDim = a_.family.starts_with("gemma") ? 256 : a_.hidden / a_.heads;
    if (a_.experts > 0 && a_.moeIntermediate == 0) a_.moeIntermediate = a_.intermediate;
    if (a_.experts > 0 && a_.expertsPerToken == 0) a_.expertsPerToken = 1;
    if (a_.experts == 0) a_.moeIntermediate = a_.sharedIntermediate = a_.sharedExperts = a_.moeLayers = 0;
    if (a_.moeLayerStep == 0) a_.moeLayerStep = 1;
    if (a_.family == "llama4") a_.sharedIntermediate = a_.moeIntermediate;
    if (const json::View dense = text_["mlp_only_layers"]; a_.experts > 0 && dense.size() > 0) {
      const std::int64_t sparse = a_.layers / a_.moeLayerStep;
      a_.moeLayers = std::max<std::int64_t>(1, sparse - static_cast<std::int64_t>(dense.size()));
    }
  }

  /// What follows the layers: a matrix back to the vocabulary, a classifier, or nothing.
  void readHead() {
    const std::string_view head = config_["architectures"].at(0).stringOr("");
    const bool classifies = head.find("ForSequenceClassification") != std::string_view::npos ||
                            head.find("ForTokenClassification") != std::string_view::npos ||
                            head.find("ForReward") != std::string_view::npos;
    if (classifies) {
      const auto named = static_cast<std::int64_t>(std::min<std::size_t>(config_["id2label"].size(), 100'000));
      const Int128 labels = scope_.root.number("num_labels", named > 0 ? named : 2);
      rules::addTo(a_.extraParameters, labels * (Int128{a_.hidden} + (a_.isEncoder() ? 1 : 0)));
    }
    // Repositories of embedders name the bare model: "MistralModel", "Qwen2Model".
    const bool bare = head.ends_with("Model") && !head.ends_with("LMHeadModel") && !config_["auto_map"].exists() &&
                      at_.empty() && a_.encoderTokens == 0;
    if ((classifies || bare) && !a_.isEncoder()) {
      a_.tiedEmbeddings = true;
      a_.lmHeadBias = false;
    }
  }

  json::View config_, text_;
  std::string at_, type_;
  ConfigScope scope_;
  std::optional<Error> fault_;
  const ModelClass* class_ = nullptr;
  Architecture a_;
};

}  // namespace

Result<Architecture> fromConfig(json::View config, std::string_view name) { return ConfigReader(config, name).read(); }

}  // namespace rightslice::model
