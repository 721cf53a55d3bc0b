// The weight format in a repository's name: "Qwen2.5-7B-Instruct-GPTQ-Int4", "Llama-3.3-70B-Instruct-FP8-dynamic".
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "model/architecture.hpp"

namespace rightslice::model {

struct NamedFormat {
  Format format = Format::None;
  int bits = 0, group = 0;  ///< as in Quantization; 0: the name does not say
  std::string bare;         ///< the name without the words that say it
  std::string kvCacheDtype = {};  ///< as in Quantization
  bool kvCachePerhaps = false;
};
/// Reads the words at the end of a name in lower case. Nothing if they name no format, or one for no GPU (MLX).
std::optional<NamedFormat> formatInName(std::string_view name);

}  // namespace rightslice::model
