// What single classes of models have beside the table's columns. One function each, called by ModelClass::rule: it sets
// fields of the shape, or counts odd modules into extraLinear and extraParameters.
#pragma once
#include <initializer_list>

#include "base/bytes.hpp"
#include "model/architecture.hpp"
#include "model/model_class.hpp"

namespace rightslice::model::rules {

using Rule = void(const ConfigScope& config, Architecture& a);
// decoder_rules.cpp
Rule phi4Multimodal, phi3Vision, internLm, useBias, olmo, hunyuan, qwen1, cohere, stableLm, chatGlm, gemma3n, mllama, fourfold,
    gptBigcode, bloom, mpt, opt, falcon, glm4Moe, ernieMoe, apertus;
// layer_rules.cpp: layers that differ
Rule variableGqa, openElm, blockConfigs;
// hybrid_rules.cpp
Rule gatedDelta, kimiLinear, nemotronH, graniteHybrid, bamba, falconH1, jamba, mamba, mamba2, lfm2, minimaxText, unknownHybrid;
// encoder_rules.cpp
Rule mpnet, distilBert, deberta, nomicBert, gteNew, modernBert, dualEncoder, whisper, t5, bart;

/// Adds to a count of parameters without overflow.
inline void addTo(std::int64_t& count, Int128 more) {
  const Int128 sum = count + more;
  count = sum > kMaxBytes ? kMaxBytes : static_cast<std::int64_t>(sum);
}

/// How many elements of a list of layers equal one of `names`.
std::int64_t layersNamed(json::View list, std::initializer_list<std::string_view> names);

}  // namespace rightslice::model::rules
