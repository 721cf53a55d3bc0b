// Words and JSON by which engines are told to guess tokens ahead.
#pragma once
#include <string_view>

#include "model/attachments.hpp"

namespace rightslice::model {

/// vLLM's --speculative-config: a JSON object, or one value of it where the flag is written --speculative-config.KEY. False if the
/// engine would refuse it.
bool readSpeculativeConfig(std::string_view value, DraftSettings& draft);
/// A method by an engine's own word: "ngram", "eagle3", "deepseek_mtp", "NEXTN", "STANDALONE".
DraftSettings::Method draftMethod(std::string_view word);
/// The name of a draft: it may say the method too ("EAGLE3-LLaMA3.1-Instruct-8B").
void setDraftModel(std::string_view name, DraftSettings& draft);

}  // namespace rightslice::model
