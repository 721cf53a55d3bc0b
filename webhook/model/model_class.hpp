// The classes of models by config.json's model_type: what each implies where the file is silent.
#pragma once
#include <cstdint>
#include <string_view>

#include "model/config_view.hpp"

namespace rightslice::model {

/// What a class has, apart from norms. Bits of ModelClass::traits.
enum Trait : unsigned {
  kTied = 1u << 0,             ///< the output matrix is the embedding unless tie_word_embeddings says otherwise
  kQkvBias = 1u << 1,
  kOutBias = 1u << 2,          ///< of the attention's output
  kMlpBias = 1u << 3,
  kBiasKeyIsQkv = 1u << 4,     ///< attention_bias speaks of q, k and v only
  kNormBias = 1u << 5,         ///< LayerNorm with bias instead of RMSNorm
  kPlainMlp = 1u << 6,         ///< two matrices instead of three
  kSinks = 1u << 7,
  kExpertBias = 1u << 8,
  kRouterBias = 1u << 9,
  kSharedGate = 1u << 10,
  kAttentionGate = 1u << 11,   ///< a query projection of twice the width
  kLmHeadBias = 1u << 12,
  kLearnedPositions = 1u << 13,
  kPooler = 1u << 14,
  kNoWindow = 1u << 15,        ///< sliding_window is there and not used
  kWindowByFlag = 1u << 16,    ///< sliding_window counts only with use_sliding_window
};

/// What the rule of a class works on: the object that holds the text model and the whole file.
struct ConfigScope {
  ConfigView text, root;
};

struct Architecture;
struct ModelClass {
  std::string_view modelType;
  std::string_view family;
  unsigned traits = 0;
  int norms = 2;                  ///< per layer
  std::string_view qkNorm = {};   ///< as Architecture::qkNorm
  /// What only this class has. Called after the fields that all classes share.
  void (*rule)(const ConfigScope& config, Architecture& a) = nullptr;

  bool has(Trait trait) const { return (traits & trait) != 0; }
};

/// Also finds "<type>_text", as nested configurations spell it. Null: not known.
const ModelClass* findModelClass(std::string_view modelType);

/// Hugging Face leaves out of a nested text configuration what is the default of its class. 0: the class has no default.
std::int64_t nestedDefault(std::string_view modelType, std::string_view key);

}  // namespace rightslice::model
