// Sources: transformers, src/transformers/models/<model_type>/{configuration,modeling}_*.py, and the repositories' own
// modeling files where the class is not part of transformers (chatglm, baichuan, exaone, internlm2, kimi_*, nemotron-nas).
#include "model/model_class.hpp"

#include "model/class_rules.hpp"

namespace rightslice::model {
namespace {

constexpr unsigned kAllBias = kQkvBias | kOutBias | kMlpBias;
constexpr unsigned kGptLike = kAllBias | kNormBias | kPlainMlp;
constexpr unsigned kBertLike = kTied | kGptLike | kLearnedPositions;

constexpr ModelClass kClasses[] = {
    // Decoders like Llama: RMSNorm twice a layer, a gated MLP, no biases.
    {"llama", "llama"},
    {"mistral", "llama"},
    {"ministral", "llama"},
    {"ministral3", "llama"},
    {"phi3", "llama"},
    {"phi4mm", "llama", 0, 2, {}, rules::phi4Multimodal},
    {"phi3_v", "llama", 0, 2, {}, rules::phi3Vision},
    {"granite", "llama"},
    {"exaone", "llama"},
    {"internlm", "llama", kQkvBias | kOutBias, 2, {}, rules::internLm},
    {"internlm2", "llama", 0, 2, {}, rules::internLm},
    {"internlm3", "llama", 0, 2, {}, rules::internLm},
    {"yi", "llama"},
    {"baichuan", "llama"},
    {"aquila", "llama"},
    {"xverse", "llama"},
    {"minicpm", "llama", kTied},
    {"smollm3", "llama", kTied | kNoWindow},
    {"seed_oss", "llama", kQkvBias | kBiasKeyIsQkv},
    {"ernie4_5", "llama", kTied, 2, {}, rules::useBias},
    {"mimo", "qwen2", kQkvBias},
    {"arcee", "llama", kPlainMlp},
    {"olmo", "llama", 0, 0, {}, rules::olmo},
    {"olmo2", "llama", 0, 2, "full"},
    {"olmo3", "llama", 0, 2, "full"},
    {"exaone4", "llama", 0, 2, "head"},
    {"hunyuan_v1_dense", "llama", 0, 2, {}, rules::hunyuan},
    {"qwen2", "qwen2", kQkvBias | kWindowByFlag},
    {"qwen2_vl", "qwen2_vl", kQkvBias | kWindowByFlag},
    {"qwen2_5_vl", "qwen2_vl", kQkvBias | kWindowByFlag},
    {"qwen2_5_omni", "qwen2", kQkvBias | kWindowByFlag},
    {"qwen2_audio", "qwen2", kQkvBias | kWindowByFlag},
    {"qwen", "qwen2", kQkvBias, 2, {}, rules::qwen1},
    {"qwen3", "qwen3", kWindowByFlag, 2, "head"},
    {"qwen3_vl", "qwen3", kWindowByFlag, 2, "head"},
    {"apertus", "llama", kPlainMlp, 2, "head", rules::apertus},
    {"cohere", "llama", kTied, 1, {}, rules::cohere},
    {"cohere2", "llama", kTied, 1, {}, rules::cohere},
    {"stablelm", "llama", kNormBias, 2, {}, rules::stableLm},
    {"stablelm_epoch", "llama", kNormBias, 2, {}, rules::stableLm},
    {"glm", "llama", kQkvBias | kBiasKeyIsQkv},
    {"glm4", "llama", kQkvBias | kBiasKeyIsQkv, 4},
    {"glm4v", "llama", kQkvBias | kBiasKeyIsQkv, 4},
    {"chatglm", "llama", kQkvBias, 2, {}, rules::chatGlm},
    {"gemma", "gemma", kTied},
    {"gemma2", "gemma2", kTied, 4},
    {"gemma3", "gemma3", kTied, 4, "head"},
    {"gemma3n", "gemma3n", kTied, 4, "head", rules::gemma3n},
    {"mllama", "llama", 0, 2, {}, rules::mllama},
    {"deci", "llama", 0, 2, {}, rules::variableGqa},
    {"openelm", "llama", kTied, 2, "head", rules::openElm},
    {"nemotron-nas", "llama", 0, 2, {}, rules::blockConfigs},
    // Older decoders: LayerNorm, plain MLPs, biases.
    {"phi", "phi", kGptLike | kLmHeadBias, 1},
    {"gpt_neox", "gpt_neox", kGptLike, 2, {}, rules::fourfold},
    {"gpt2", "gpt2", kTied | kGptLike | kLearnedPositions, 2, {}, rules::fourfold},
    {"gpt_bigcode", "gpt2", kTied | kGptLike | kLearnedPositions, 2, {}, rules::gptBigcode},
    {"gptj", "gptj", kMlpBias | kNormBias | kPlainMlp | kLmHeadBias, 1, {}, rules::fourfold},
    {"codegen", "gptj", kMlpBias | kNormBias | kPlainMlp | kLmHeadBias, 1, {}, rules::fourfold},
    {"bloom", "bloom", kTied | kGptLike, 2, {}, rules::bloom},
    {"mpt", "mpt", kTied | kPlainMlp, 2, {}, rules::mpt},
    {"opt", "opt", kTied | kGptLike | kLearnedPositions, 2, {}, rules::opt},
    {"falcon", "falcon", kTied | kNormBias | kPlainMlp, 1, {}, rules::falcon},
    {"refinedweb", "falcon", kTied | kNormBias | kPlainMlp, 1, {}, rules::falcon},
    {"refinedwebmodel", "falcon", kTied | kNormBias | kPlainMlp, 1, {}, rules::falcon},
    {"starcoder2", "starcoder2", kTied | kGptLike, 2, {}, rules::useBias},
    {"nemotron", "llama", kNormBias | kPlainMlp},
    // Mixtures of experts.
    {"mixtral", "moe"},
    {"phimoe", "moe", kQkvBias | kOutBias | kNormBias},
    {"granitemoe", "moe", kTied},
    {"qwen2_moe", "moe", kQkvBias | kSharedGate | kWindowByFlag},
    {"qwen3_moe", "moe", kWindowByFlag, 2, "head"},
    {"qwen3_vl_moe", "moe", kWindowByFlag, 2, "head"},
    {"qwen3_omni_moe", "moe", kWindowByFlag, 2, "head"},
    {"olmoe", "moe", 0, 2, "full"},
    {"gpt_oss", "gpt_oss", kQkvBias | kOutBias | kSinks | kExpertBias | kRouterBias},
    {"deepseek", "moe"},
    {"dots1", "moe", kRouterBias, 2, "head"},
    {"glm4_moe", "moe", kBiasKeyIsQkv | kRouterBias, 2, {}, rules::glm4Moe},
    {"glm4v_moe", "moe", kBiasKeyIsQkv | kRouterBias, 2, {}, rules::glm4Moe},
    {"ernie4_5_moe", "moe", kTied | kRouterBias, 2, {}, rules::ernieMoe},
    {"hunyuan_v1_moe", "moe", 0, 2, {}, rules::hunyuan},
    {"minimax_m2", "moe", kRouterBias, 2, "full"},
    {"llama4", "llama4"},
    // Multi-head latent attention.
    {"deepseek_v2", "mla_moe"},
    {"deepseek_v3", "mla_moe", kRouterBias},
    {"deepseek_v32", "mla_moe", kRouterBias},
    {"deepseek_vl_v2", "mla_moe"},
    {"kimi_k2", "mla_moe", kRouterBias},
    {"kimi_k25", "mla_moe", kRouterBias},
    {"kimi_vl", "mla_moe", kRouterBias},
    {"glm4_moe_lite", "mla_moe", kRouterBias},
    {"glm_moe_dsa", "mla_moe", kRouterBias},
    {"minicpm3", "mla", kTied},
    // Hybrids and models without attention.
    {"qwen3_next", "hybrid", kSharedGate | kAttentionGate, 2, "head", rules::gatedDelta},
    {"qwen3_5", "hybrid", kAttentionGate, 2, "head", rules::gatedDelta},
    {"qwen3_5_moe", "hybrid", kSharedGate | kAttentionGate, 2, "head", rules::gatedDelta},
    {"kimi_linear", "hybrid", kRouterBias, 2, {}, rules::kimiLinear},
    {"nemotron_h", "hybrid", kPlainMlp, 1, {}, rules::nemotronH},
    {"granitemoehybrid", "hybrid", kTied, 2, {}, rules::graniteHybrid},
    {"bamba", "hybrid", 0, 2, {}, rules::bamba},
    {"falcon_h1", "hybrid", 0, 2, {}, rules::falconH1},
    {"jamba", "hybrid", 0, 2, {}, rules::jamba},
    {"mamba", "mamba", kTied, 1, {}, rules::mamba},
    {"falcon_mamba", "mamba", kTied, 1, {}, rules::mamba},
    {"mamba2", "mamba", 0, 1, {}, rules::mamba2},
    {"lfm2", "hybrid", kTied, 2, "head", rules::lfm2},
    {"lfm2_moe", "hybrid", kTied | kRouterBias, 2, "head", rules::lfm2},
    {"minimax", "hybrid", 0, 2, {}, rules::minimaxText},
    {"minimax_text_01", "hybrid", 0, 2, {}, rules::minimaxText},
    {"minimax_m1", "hybrid", 0, 2, {}, rules::minimaxText},
    {"zamba2", "hybrid", kTied, 1, {}, rules::unknownHybrid},
    {"zamba", "hybrid", kTied, 1, {}, rules::unknownHybrid},
    {"recurrent_gemma", "hybrid", kTied, 2, {}, rules::unknownHybrid},
    {"rwkv", "hybrid", 0, 2, {}, rules::unknownHybrid},
    // Encoders.
    {"bert", "bert", kBertLike | kPooler},
    {"roberta", "bert", kBertLike | kPooler},
    {"xlm-roberta", "bert", kBertLike | kPooler},
    {"camembert", "bert", kBertLike | kPooler},
    {"electra", "bert", kBertLike},
    {"mpnet", "bert", kBertLike | kPooler, 2, {}, rules::mpnet},
    {"distilbert", "bert", kBertLike, 2, {}, rules::distilBert},
    {"deberta-v2", "bert", kBertLike, 2, {}, rules::deberta},
    {"nomic_bert", "bert", kTied | kNormBias, 2, {}, rules::nomicBert},
    {"new", "bert", kTied | kQkvBias | kOutBias | kNormBias, 2, {}, rules::gteNew},
    {"modernbert", "bert", kTied, 2, {}, rules::modernBert},
    {"eurobert", "bert", kTied},
    {"clip", "bert", kBertLike, 2, {}, rules::dualEncoder},
    {"siglip", "bert", kBertLike, 2, {}, rules::dualEncoder},
    // Encoder and decoder.
    {"whisper", "whisper", kTied | kMlpBias | kNormBias | kPlainMlp, 3, {}, rules::whisper},
    {"t5", "t5", kTied, 3, {}, rules::t5},
    {"mt5", "t5", 0, 3, {}, rules::t5},
    {"umt5", "t5", 0, 3, {}, rules::t5},
    {"bart", "bart", kTied | kGptLike, 3, {}, rules::bart},
    {"mbart", "bart", kTied | kGptLike, 3, {}, rules::bart},
    {"m2m_100", "bart", kTied | kGptLike, 3, {}, rules::bart},
};

struct NestedDefault {
  std::string_view modelType, key;
  std::int64_t value;
};
constexpr NestedDefault kNestedDefaults[] = {
    {"llama", "hidden_size", 4096},
    {"llama", "intermediate_size", 11008},
    {"llama", "num_hidden_layers", 32},
    {"llama", "num_attention_heads", 32},
    {"llama", "vocab_size", 32000},
    {"llama", "max_position_embeddings", 2048},
    {"mistral", "hidden_size", 4096},
    {"mistral", "intermediate_size", 14336},
    {"mistral", "num_hidden_layers", 32},
    {"mistral", "num_attention_heads", 32},
    {"mistral", "num_key_value_heads", 8},
    {"mistral", "vocab_size", 32000},
    {"mistral", "max_position_embeddings", 131072},
    {"qwen2", "hidden_size", 4096},
    {"qwen2", "intermediate_size", 22016},
    {"qwen2", "num_hidden_layers", 32},
    {"qwen2", "num_attention_heads", 32},
    {"qwen2", "num_key_value_heads", 32},
    {"qwen2", "vocab_size", 151936},
    {"qwen2", "max_position_embeddings", 32768},
    {"gemma", "hidden_size", 3072},
    {"gemma", "intermediate_size", 24576},
    {"gemma", "num_hidden_layers", 28},
    {"gemma", "num_attention_heads", 16},
    {"gemma", "num_key_value_heads", 16},
    {"gemma", "vocab_size", 256000},
    {"gemma", "max_position_embeddings", 8192},
    {"gemma2", "hidden_size", 2304},
    {"gemma2", "intermediate_size", 9216},
    {"gemma2", "num_hidden_layers", 26},
    {"gemma2", "num_attention_heads", 8},
    {"gemma2", "num_key_value_heads", 4},
    {"gemma2", "head_dim", 256},
    {"gemma2", "vocab_size", 256000},
    {"gemma2", "max_position_embeddings", 8192},
    {"gemma3", "hidden_size", 2304},
    {"gemma3", "intermediate_size", 9216},
    {"gemma3", "num_hidden_layers", 26},
    {"gemma3", "num_attention_heads", 8},
    {"gemma3", "num_key_value_heads", 4},
    {"gemma3", "head_dim", 256},
    {"gemma3", "vocab_size", 262208},
    {"gemma3", "max_position_embeddings", 131072},
};

std::string_view withoutText(std::string_view modelType) {
  constexpr std::string_view kEnding = "_text";
  return modelType.ends_with(kEnding) ? modelType.substr(0, modelType.size() - kEnding.size()) : modelType;
}

}  // namespace

const ModelClass* findModelClass(std::string_view modelType) {
  const std::string_view wanted = withoutText(modelType);
  for (const ModelClass& one : kClasses) {
    if (one.modelType == wanted) return &one;
  }
  return nullptr;
}

std::int64_t nestedDefault(std::string_view modelType, std::string_view key) {
  const std::string_view wanted = withoutText(modelType);
  for (const NestedDefault& one : kNestedDefaults) {
    if (one.modelType == wanted && one.key == key) return one.value;
  }
  return 0;
}

}  // namespace rightslice::model
