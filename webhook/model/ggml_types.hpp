// Tensor types of GGML: blocks of weights and what they take. Source: llama.cpp, ggml/src/ggml-common.h and ggml.h.
#pragma once
#include <cstdint>
#include <string_view>

#include "base/bytes.hpp"

namespace rightslice::model {

enum class Ggml : std::uint8_t {
  F32,
  F16,
  BF16,
  F64,
  I8,
  I16,
  I32,
  I64,
  Q1_0,
  Q2_0,
  Q4_0,
  Q4_1,
  Q5_0,
  Q5_1,
  Q8_0,
  Q8_1,
  Q2_K,
  Q3_K,
  Q4_K,
  Q5_K,
  Q6_K,
  Q8_K,
  IQ1_S,
  IQ1_M,
  IQ2_XXS,
  IQ2_XS,
  IQ2_S,
  IQ3_XXS,
  IQ3_S,
  IQ4_NL,
  IQ4_XS,
  TQ1_0,
  TQ2_0,
  MXFP4,
  NVFP4
};

struct GgmlType {
  Ggml type;
  std::uint32_t id;  ///< in a GGUF file
  std::string_view name;
  int block;  ///< weights of one block; rows are whole blocks
  int bytes;  ///< of one block
};
const GgmlType& ggmlType(Ggml type);
/// Null for ids that no release of llama.cpp has, and for those that it withdrew.
const GgmlType* ggmlTypeOf(std::uint32_t id);
/// Without case: "q8_0"; null if there is none.
const GgmlType* ggmlTypeNamed(std::string_view name);

/// Bytes of `elements` weights in whole blocks.
Int128 ggmlBytes(Ggml type, Int128 elements);

}  // namespace rightslice::model
