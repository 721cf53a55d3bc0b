#include "model/ggml_types.hpp"

#include <iterator>

#include "model/spelling.hpp"

namespace rightslice::model {
namespace {

// In the order of Ggml.
constexpr GgmlType kTypes[] = {
    {Ggml::F32, 0, "f32", 1, 4},
    {Ggml::F16, 1, "f16", 1, 2},
    {Ggml::BF16, 30, "bf16", 1, 2},
    {Ggml::F64, 28, "f64", 1, 8},
    {Ggml::I8, 24, "i8", 1, 1},
    {Ggml::I16, 25, "i16", 1, 2},
    {Ggml::I32, 26, "i32", 1, 4},
    {Ggml::I64, 27, "i64", 1, 8},
    {Ggml::Q1_0, 41, "q1_0", 128, 18},
    {Ggml::Q2_0, 42, "q2_0", 64, 18},
    {Ggml::Q4_0, 2, "q4_0", 32, 18},
    {Ggml::Q4_1, 3, "q4_1", 32, 20},
    {Ggml::Q5_0, 6, "q5_0", 32, 22},
    {Ggml::Q5_1, 7, "q5_1", 32, 24},
    {Ggml::Q8_0, 8, "q8_0", 32, 34},
    {Ggml::Q8_1, 9, "q8_1", 32, 36},
    {Ggml::Q2_K, 10, "q2_K", 256, 84},
    {Ggml::Q3_K, 11, "q3_K", 256, 110},
    {Ggml::Q4_K, 12, "q4_K", 256, 144},
    {Ggml::Q5_K, 13, "q5_K", 256, 176},
    {Ggml::Q6_K, 14, "q6_K", 256, 210},
    {Ggml::Q8_K, 15, "q8_K", 256, 292},
    {Ggml::IQ1_S, 19, "iq1_s", 256, 50},
    {Ggml::IQ1_M, 29, "iq1_m", 256, 56},
    {Ggml::IQ2_XXS, 16, "iq2_xxs", 256, 66},
    {Ggml::IQ2_XS, 17, "iq2_xs", 256, 74},
    {Ggml::IQ2_S, 22, "iq2_s", 256, 82},
    {Ggml::IQ3_XXS, 18, "iq3_xxs", 256, 98},
    {Ggml::IQ3_S, 21, "iq3_s", 256, 110},
    {Ggml::IQ4_NL, 20, "iq4_nl", 32, 18},
    {Ggml::IQ4_XS, 23, "iq4_xs", 256, 136},
    {Ggml::TQ1_0, 34, "tq1_0", 256, 54},
    {Ggml::TQ2_0, 35, "tq2_0", 256, 66},
    {Ggml::MXFP4, 39, "mxfp4", 32, 17},
    {Ggml::NVFP4, 40, "nvfp4", 64, 36},
};
static_assert(std::size(kTypes) == static_cast<std::size_t>(Ggml::NVFP4) + 1);

}  // namespace

const GgmlType& ggmlType(Ggml type) { return kTypes[static_cast<std::size_t>(type)]; }

const GgmlType* ggmlTypeOf(std::uint32_t id) {
  for (const GgmlType& type : kTypes) {
    if (type.id == id) return &type;
  }
  return nullptr;
}

const GgmlType* ggmlTypeNamed(std::string_view name) {
  for (const GgmlType& type : kTypes) {
    if (equalsIgnoringCase(type.name, name)) return &type;
  }
  return nullptr;
}

Int128 ggmlBytes(Ggml type, Int128 elements) {
  const GgmlType& t = ggmlType(type);
  if (elements <= kMaxBytes / 2) return Int128{ceilDiv(static_cast<std::int64_t>(elements), t.block)} * t.bytes;
  return (elements + t.block - 1) / t.block * t.bytes;
}

}  // namespace rightslice::model
