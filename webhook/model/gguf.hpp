// GGUF file types: which tensor type llama.cpp's quantiser picks for each matrix, and so how large a file is.
#pragma once
#include <cstdint>
#include <string_view>

#include "model/ggml_types.hpp"
#include "model/matrices.hpp"

namespace rightslice::model {

struct GgufType {
  std::string_view name;  ///< as in file names: "Q4_K_M"
  int fileType;           ///< general.file_type of the header; -1: a mix that is no file type of llama.cpp
  Ggml base;              ///< of all tensors that no rule names
  /// How far files of that name are off at most, in thousandths.
  int lowThousandths, highThousandths;
};

/// The type that a file or a tag names: "Q4_K_M", "qwen2.5-7b-instruct-q4_k_m.gguf"; null if it names none.
const GgufType* findGgufType(std::string_view text);
/// The type by a header's general.file_type; null if llama.cpp has none of that number.
const GgufType* ggufTypeOf(std::int64_t fileType);

struct GgufSize {
  Bytes tensors = 0;  ///< all tensors of the file
  Bytes device = 0;   ///< what llama.cpp puts on the device with all layers there: the token table stays on the host
                     ///< unless it serves as the output matrix too
};
/// As llama-quantize writes it. Vision towers lie in a file of their own and are not in it.
GgufSize ggufSize(const GgufType& type, const Architecture& a, const Matrices& matrices);

}  // namespace rightslice::model
