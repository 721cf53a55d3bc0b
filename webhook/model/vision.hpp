// Image encoders of vision-language models, as far as the profile run of an engine meets them.
#pragma once
#include <cstdint>
#include <string_view>

namespace rightslice::model {

/// One encoder, with the largest image that its processor makes by default.
struct VisionEncoder {
  std::string_view name;             ///< model_type of config.json
  std::int64_t tokens = 0;           ///< of the language model, per image
  std::int64_t patches = 0;          ///< that go through the encoder, per image
  std::int64_t hidden = 0, intermediate = 0;
  bool gated = false;                ///< its MLP holds three times its width at once, else twice
  std::int64_t pixels = 0;           ///< elements of input per patch
  std::int64_t kept = 0;             ///< elements per patch that are collected from inner layers
  std::int64_t imagesOfVideo = 1;    ///< the longest video counts as so many images, where the length allows
  std::int64_t outputs = 1;          ///< hidden sizes of the language model per token
  bool crossAttention = false;       ///< images are an encoder's states, one set per sequence
  std::string_view source;

  std::int64_t feedForward() const { return (gated ? 3 : 2) * intermediate; }
};

/// Null if no encoder of that name is known.
const VisionEncoder* findVisionEncoder(std::string_view modelType);

}  // namespace rightslice::model
