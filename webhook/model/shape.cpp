#include "model/shape.hpp"

namespace rightslice::model {
namespace {

constexpr IntegerField kIntegers[] = {
    {"num_hidden_layers", &Architecture::layers, 1, kMostLayers},
    {"hidden_size", &Architecture::hidden, 1, kMostWidth},
    {"intermediate_size", &Architecture::intermediate, 0, kMostWidth},
    {"num_attention_heads", &Architecture::heads, 1, kMostWidth},
    {"num_key_value_heads", &Architecture::kvHeads, 1, kMostWidth},
    {"head_dim", &Architecture::headDim, 1, kMostWidth},
    {"vocab_size", &Architecture::vocab, 1, kMostWidth},
    {"max_position_embeddings", &Architecture::maxPositions, 1, kMostPositions},
    {"sliding_window", &Architecture::slidingWindow, 0, kMostPositions},
    {"sliding_layers", &Architecture::slidingLayers, 0, kMostLayers},
    {"full_attention_layers", &Architecture::fullLayers, 0, kMostLayers},
    {"num_experts", &Architecture::experts, 0, kMostWidth},
    {"num_experts_per_tok", &Architecture::expertsPerToken, 0, kMostWidth},
    {"moe_intermediate_size", &Architecture::moeIntermediate, 0, kMostWidth},
    {"shared_expert_intermediate_size", &Architecture::sharedIntermediate, 0, kMostWidth},
    {"n_shared_experts", &Architecture::sharedExperts, 0, kMostWidth},
    {"first_k_dense_replace", &Architecture::firstDenseLayers, 0, kMostLayers},
    {"moe_layer_step", &Architecture::moeLayerStep, 1, kMostLayers},
    {"dense_intermediate_size", &Architecture::denseIntermediate, 0, kMostWidth},
    {"kv_lora_rank", &Architecture::kvLoraRank, 0, kMostWidth},
    {"q_lora_rank", &Architecture::qLoraRank, 0, kMostWidth},
    {"qk_rope_head_dim", &Architecture::qkRopeDim, 0, kMostWidth},
    {"qk_nope_head_dim", &Architecture::qkNopeDim, 0, kMostWidth},
    {"v_head_dim", &Architecture::vHeadDim, 0, kMostWidth},
    {"position_rows", &Architecture::positionRows, 0, kMostWidth},
    {"type_rows", &Architecture::typeRows, 0, kMostWidth},
    {"vision_parameters", &Architecture::visionParameters, 0, kMostPositions},
    {"extra_parameters", &Architecture::extraParameters, 0, kMostPositions},
    {"extra_linear_parameters", &Architecture::extraLinear, 0, kMostPositions},
    {"moe_layers", &Architecture::moeLayers, 0, kMostLayers},
    {"expert_hidden_size", &Architecture::expertHidden, 0, kMostWidth},
    {"index_n_heads", &Architecture::indexHeads, 0, kMostWidth},
    {"index_head_dim", &Architecture::indexHeadDim, 0, kMostWidth},
    {"final_norms", &Architecture::finalNorms, 0, 16},
    {"shared_kv_layers", &Architecture::sharedKvLayers, 0, kMostLayers},
    {"encoder_tokens", &Architecture::encoderTokens, 0, kMostWidth},
};

constexpr FlagField kFlags[] = {
    {"tie_word_embeddings", &Architecture::tiedEmbeddings},
    {"attention_bias", &Architecture::qkvBias},
    {"attention_out_bias", &Architecture::outBias},
    {"mlp_bias", &Architecture::mlpBias},
    {"attention_output_gate", &Architecture::attentionGate},
    {"attention_sinks", &Architecture::attentionSinks},
    {"expert_bias", &Architecture::expertBias},
    {"pooler", &Architecture::pooler},
    {"bias", &Architecture::allBias},
    {"norm_bias", &Architecture::normBias},
    {"gated_mlp", &Architecture::gatedMlp},
    {"shared_expert_gate", &Architecture::sharedGate},
    {"lm_head_bias", &Architecture::lmHeadBias},
    {"router_bias", &Architecture::routerBias},
    {"vision", &Architecture::vision},
};

}  // namespace

std::span<const IntegerField> integerFields() { return kIntegers; }
std::span<const FlagField> flagFields() { return kFlags; }

std::optional<ShapeFault> shapeFault(const Architecture& a) {
  for (const IntegerField& field : kIntegers) {
    const std::int64_t value = a.*field.member;
    if (value == 0 && field.least > 0) {
      return ShapeFault{field.key, std::string(field.key) + " is missing"};
    }
    if (value < 0 || value > field.most) {
      return ShapeFault{field.key, std::string(field.key) + " must be a number from " + std::to_string(field.least) +
                                       " to " + std::to_string(field.most)};
    }
  }
  if (a.kvHeads > a.heads)
    return ShapeFault{"num_key_value_heads", "num_key_value_heads is larger than num_attention_heads"};
  if (a.experts > 0 && a.moeIntermediate == 0)
    return ShapeFault{"moe_intermediate_size", "moe_intermediate_size is missing beside num_experts"};
  if (a.layersWithoutAttention < 0 || a.layersWithoutAttention > a.layers || a.layersWithoutFeedForward < 0 ||
      a.layersWithoutFeedForward > a.layers || a.sharedKvLayers > a.attentionLayers())
    return ShapeFault{"num_hidden_layers", "more layers differ than num_hidden_layers has"};
  const RecurrentShape& r = a.recurrent;
  for (const std::int64_t width : {r.inner, r.state, r.heads, r.groups, r.conv, r.rank}) {
    if (width > kMostWidth) return ShapeFault{"hidden_size", "the layers with a state are impossibly wide"};
  }
  if (a.slidingLayers + a.fullLayers > a.layers) {
    return ShapeFault{"sliding_layers", "sliding_layers and full_attention_layers are more than num_hidden_layers"};
  }
  if (a.slidingLayers > 0 && a.slidingWindow == 0)
    return ShapeFault{"sliding_window", "sliding_window is missing beside sliding_layers"};
  if (a.isMla() && (a.qkRopeDim == 0 || a.qkNopeDim == 0 || a.vHeadDim == 0)) {
    return ShapeFault{"kv_lora_rank", "kv_lora_rank needs qk_rope_head_dim, qk_nope_head_dim and v_head_dim beside it"};
  }
  return std::nullopt;
}

}  // namespace rightslice::model
