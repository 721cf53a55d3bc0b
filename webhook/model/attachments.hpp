// What is served beside the model itself, as flags say it: slots for LoRA adapters and a draft for speculative decoding.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

namespace rightslice::model {

/// Slots that are allocated when the engine starts, whatever adapters come later.
struct LoraSettings {
  bool enabled = false;
  std::optional<std::int64_t> slots, rank, extraVocabulary;
  bool fullySharded = false;   ///< both halves are split by tensor parallelism (vLLM)
  std::string targets;         ///< modules, where the engine wants them named (SGLang); "all": every linear layer
};

/// How tokens are guessed ahead.
struct DraftSettings {
  enum class Method {
    None,
    Weightless,  ///< looks them up in the text: ngram, suffix
    Model,       ///< a smaller model of its own
    Eagle,       ///< one layer on top of the target's features
    Eagle3,
    Medusa,      ///< heads beside the target's
    Mtp,         ///< the layer that the checkpoint itself brings
    Unknown,
  };
  Method method = Method::None;
  std::string model;
  std::optional<std::int64_t> tokens;  ///< guessed at a time
};

}  // namespace rightslice::model
