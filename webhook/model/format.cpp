#include <array>

#include "model/architecture.hpp"
#include "model/spelling.hpp"

namespace rightslice::model {
namespace {

struct Word {
  std::string_view text;
  Format format;
};

// Our own names come first: name() returns the first word of a format. Then the engines' and quantisers' words.
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
    {"gguf", Format::Gguf},
    {"bf16", Format::None},
    {"fp16", Format::None},
    {"bfloat16", Format::None},
    {"float16", Format::None},
    {"fp8-e4m3", Format::Fp8},
    {"fp8-e5m2", Format::Fp8},
    {"fp8-dynamic", Format::Fp8},
    {"fp8-per-tensor", Format::Fp8},
    {"fbgemm-fp8", Format::Fp8},
    {"ptpc-fp8", Format::Fp8},
    {"w8a8-fp8", Format::Fp8},
    {"modelopt", Format::Fp8},
    {"fp8-per-block", Format::Fp8Block},
    {"fp8-block-128", Format::Fp8Block},
    {"w8a8", Format::Int8},
    {"w8a8-int8", Format::Int8},
    {"w8a16", Format::Int8},
    {"int8-per-channel", Format::Int8},
    {"experts-int8", Format::Int8},
    {"awq-marlin", Format::Awq},
    {"auto-awq", Format::Awq},
    {"awq-int4", Format::Awq},
    {"gptq-marlin", Format::Gptq},
    {"gptq-int4", Format::Gptq},
    {"auto-gptq", Format::Gptq},
    {"auto-round", Format::Gptq},
    {"moe-wna16", Format::Awq},
    {"compressed-tensors", Format::W4A16},
    {"int4", Format::W4A16},
    {"bitsandbytes", Format::Nf4},
    {"bitsandbytes-nf4", Format::Nf4},
    {"bnb", Format::Nf4},
    {"bnb-4bit", Format::Nf4},
    {"modelopt-fp4", Format::Nvfp4},
    {"petit-nvfp4", Format::Nvfp4},
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

}  // namespace rightslice::model
