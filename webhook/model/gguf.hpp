// GGUF file types and the bits that their mix of blocks takes per weight.
#pragma once
#include <string_view>

namespace rightslice::model {

struct GgufType {
  std::string_view name;
  int bitsPerThousand;  ///< thousandths of a bit per weight, of the whole file
};

/// The type that a file or a tag names: "Q4_K_M", "qwen2.5-7b-instruct-q4_k_m.gguf"; null if it names none.
const GgufType* findGgufType(std::string_view text);

}  // namespace rightslice::model
