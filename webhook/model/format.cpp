#include "model/format.hpp"

#include <algorithm>
#include <array>

#include "model/spelling.hpp"

namespace rightslice::model {
namespace {

using Covers = FormatTraits::Covers;
constexpr int kBlock = FormatTraits::kBlock;
constexpr std::string_view kUsual = "embeddings and norms stay 16 bit";

// In the order of Format. Sizes are those of the tensors in a checkpoint, which engines keep: facts/footprint 1.2 and
// the sources named. AWQ and GPTQ files hold zero points also where all are equal; vLLM's kernels drop some of that,
// 0.1 % of the whole.
constexpr FormatTraits kTraits[] = {
    {Format::None, 16, 0, 0, 0, 0, Covers::Nothing, 15, 10, "", "16 bit"},
    {Format::Fp8, 8, 0, 32, 0, 0, Covers::Linear, 15, 10, kUsual, "vLLM fp8.py: one float32 scale per output at most"},
    {Format::Fp8Block, 8, kBlock, 32, 0, 0, Covers::Linear, 15, 10, kUsual,
     "DeepSeek-V3: weight_scale_inv per 128 x 128"},
    {Format::Int8, 8, 0, 16, 0, 0, Covers::Linear, 15, 10, kUsual,
     "compressed-tensors W8A8 and W8A16: one scale per output or group"},
    {Format::Awq, 4, 128, 16, 4, 0, Covers::Linear, 15, 10, kUsual, "AutoAWQ: qweight, qzeros, scales"},
    {Format::Gptq, 4, 128, 16, 4, 32, Covers::Linear, 15, 10, kUsual, "AutoGPTQ: qweight, qzeros, scales, g_idx"},
    {Format::GptqInt8, 8, 128, 16, 8, 32, Covers::Linear, 15, 10, kUsual, "AutoGPTQ with 8 bits"},
    {Format::W4A16, 4, 128, 16, 0, 0, Covers::Linear, 15, 10, kUsual, "compressed-tensors pack-quantized, symmetric"},
    {Format::Nf4, 4, 64, 32, 0, 0, Covers::Linear, 80, 170, kUsual,
     "bitsandbytes: float32 absmax per 64, which vLLM unpacks from nested statistics; builds keep more layers wide"},
    {Format::Mxfp4, 4, 32, 8, 0, 0, Covers::Experts, 15, 10, "all but the experts stays 16 bit", "OCP MX: e8m0 per 32"},
    {Format::Nvfp4, 4, 16, 8, 0, 0, Covers::Linear, 15, 10, kUsual, "ModelOpt: e4m3 per 16"},
    {Format::Mxfp8, 8, 32, 8, 0, 0, Covers::Linear, 15, 10, kUsual, "OCP MX: e8m0 per 32"},
    {Format::Hqq, 4, 64, 16, 16, 0, Covers::Linear, 80, 100, kUsual, "hqq: scale and zero point in 16 bit per group"},
    {Format::Aqlm, 2, 0, 16, 0, 0, Covers::Linear, 50, 300, kUsual,
     "AQLM 1x16: two bits, and a codebook for each matrix"},
    {Format::Gguf, 16, 0, 0, 0, 0, Covers::File, 10, 10, "", "gguf.cpp"},
};

struct Word {
  std::string_view text;
  Format format;
};

// Our own names come first: name() returns the first word of a format. Then the engines' and quantisers' words (vLLM
// quantization/__init__.py of all releases, SGLang server_args.py); what a word may mean besides: estimate_input.cpp.
constexpr Word kWords[] = {
    {"none", Format::None},
    {"fp8", Format::Fp8},
    {"fp8-block", Format::Fp8Block},
    {"int8", Format::Int8},
    {"awq", Format::Awq},
    {"gptq", Format::Gptq},
    {"gptq-int8", Format::GptqInt8},
    {"w4a16", Format::W4A16},
    {"nf4", Format::Nf4},
    {"mxfp4", Format::Mxfp4},
    {"nvfp4", Format::Nvfp4},
    {"mxfp8", Format::Mxfp8},
    {"hqq", Format::Hqq},
    {"aqlm", Format::Aqlm},
    {"gguf", Format::Gguf},
    {"bf16", Format::None},
    {"fp16", Format::None},
    {"bfloat16", Format::None},
    {"float16", Format::None},
    {"unquant", Format::None},
    {"fp8-e4m3", Format::Fp8},
    {"fp8-e5m2", Format::Fp8},
    {"fp8-dynamic", Format::Fp8},
    {"fp8-per-channel", Format::Fp8},
    {"float8-e4m3fn", Format::Fp8},
    {"torchao-fp8", Format::Fp8},
    {"quark", Format::Fp8},
    {"mxfp8-e4m3", Format::Mxfp8},
    {"modelopt-mxfp8", Format::Mxfp8},
    {"eetq", Format::Int8},
    {"bitsandbytes-int8", Format::Int8},
    {"bnb-8bit", Format::Int8},
    {"torchao-int8", Format::Int8},
    {"experts-fp8", Format::Fp8},
    {"torchao", Format::W4A16},
    {"int4wo", Format::W4A16},
    {"qqq", Format::W4A16},
    {"w4a8", Format::W4A16},
    {"w4afp8", Format::W4A16},
    {"bitsandbytes-fp4", Format::Nf4},
    {"nvfp4a16", Format::Nvfp4},
    {"w4a4-nvfp4", Format::Nvfp4},
    {"nvfp4-awq", Format::Nvfp4},
    {"modelopt-fp8", Format::Fp8},
    {"w4a4", Format::Nvfp4},
    {"fp8-per-tensor", Format::Fp8},
    {"fbgemm-fp8", Format::Fp8},
    {"ptpc-fp8", Format::Fp8},
    {"w8a8-fp8", Format::Fp8},
    {"modelopt", Format::Fp8},
    {"fp8-per-block", Format::Fp8Block},
    {"fp8-block-128", Format::Fp8Block},
    {"w8a8", Format::Int8},
    {"w8a8-int8", Format::Int8},
    {"w8a8-int", Format::Int8},
    {"w8a16", Format::Int8},
    {"int8-per-channel", Format::Int8},
    {"experts-int8", Format::Int8},
    {"tpu-int8", Format::Int8},
    {"neuron-quant", Format::Int8},
    {"blockwise-int8", Format::Int8},
    {"rtn", Format::Int8},
    {"deepspeedfp", Format::Fp8},
    {"modelopt-mixed", Format::Fp8},
    {"awq-marlin", Format::Awq},
    {"cpu-awq", Format::Awq},
    {"auto-awq", Format::Awq},
    {"awq-int4", Format::Awq},
    {"gptq-marlin", Format::Gptq},
    {"gptq-bitblas", Format::Gptq},
    {"gptq-marlin-24", Format::Gptq},
    {"cpu-gptq", Format::Gptq},
    {"inc", Format::Gptq},
    {"ipex", Format::Gptq},
    {"gptq-int4", Format::Gptq},
    {"auto-gptq", Format::Gptq},
    {"auto-round", Format::Gptq},
    {"moe-wna16", Format::Awq},
    {"compressed-tensors", Format::W4A16},
    {"marlin", Format::W4A16},
    {"squeezellm", Format::W4A16},
    {"bitblas", Format::W4A16},
    {"qoq", Format::W4A16},
    {"int4", Format::W4A16},
    {"bitsandbytes", Format::Nf4},
    {"bitsandbytes-nf4", Format::Nf4},
    {"bnb", Format::Nf4},
    {"bnb-4bit", Format::Nf4},
    {"modelopt-fp4", Format::Nvfp4},
    {"petit-nvfp4", Format::Nvfp4},
    {"nvfp4-online", Format::Nvfp4},
    {"fp-quant", Format::Nvfp4},
    {"fp4", Format::Nvfp4},
    {"mxfp4-moe", Format::Mxfp4},
};

}  // namespace

std::string_view name(Confidence confidence) {
  constexpr std::array<std::string_view, 3> names{"low", "medium", "high"};
  return names[static_cast<std::size_t>(confidence)];
}

std::string_view name(Format format) {
  for (const Word& word : kWords) {
    if (word.format == format) return word.text;
  }
  return "none";
}

std::optional<Format> parseFormat(std::string_view text) {
  std::string folded = lowered(text);
  for (char& c : folded) {
    if (c == '_') c = '-';
  }
  for (const Word& word : kWords) {
    if (word.text == folded) return word.format;
  }
  return std::nullopt;
}

std::vector<std::string> formatWords() {
  std::vector<std::string> words;
  for (const Word& word : kWords) words.emplace_back(word.text);
  return words;
}

const FormatTraits& traits(Format format) {
  static_assert(std::size(kTraits) == static_cast<std::size_t>(Format::Gguf) + 1);
  return kTraits[static_cast<std::size_t>(format)];
}

Int128 storedBits(const FormatTraits& t, const Quantization& detail, std::int64_t rows, std::int64_t columns) {
  const int bits = detail.bits > 0 ? detail.bits : t.bits;
  const int group = detail.group < 0 ? 0 : detail.group > 0 ? detail.group : t.group;
  const Int128 groups = group > 0         ? Int128{rows} * ceilDiv(columns, group)
                        : group == kBlock ? Int128{ceilDiv(rows, -kBlock)} * ceilDiv(columns, -kBlock)
                                          : Int128{rows};
  // Packed zero points are as wide as the weights.
  const bool hasZeros = detail.zeroPoints.value_or(t.zeroBits > 0);
  const int zero = !hasZeros ? 0 : t.zeroBits > t.bits ? t.zeroBits : bits;
  return Int128{rows} * columns * bits + groups * (t.scaleBits + zero) + Int128{columns} * t.indexBits;
}

std::int64_t wideLayersOf(const FormatTraits& t, const Quantization& detail, const Matrix& matrix, bool hasExperts) {
  switch (t.covers) {
    case Covers::Nothing:
      return matrix.layers;
    case Covers::File:
      return 0;
    case Covers::Experts:
      if (hasExperts && !isExpert(matrix.role)) return matrix.layers;
      break;
    case Covers::Linear:
      break;
  }
  const bool extra = (matrix.role == Role::Head && detail.headQuantised) ||
                     (matrix.role == Role::Embedding && detail.embeddingQuantised);
  if (!isLinear(matrix.role) && !extra) return matrix.layers;
  return std::clamp<std::int64_t>(detail.wideLayers[static_cast<std::size_t>(matrix.role)], 0, matrix.layers);
}

}  // namespace rightslice::model
