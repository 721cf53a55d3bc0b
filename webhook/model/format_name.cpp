#include "model/format_name.hpp"

#include <algorithm>

#include "base/ascii.hpp"
#include "model/gguf.hpp"
#include "model/spelling.hpp"

namespace rightslice::model {
namespace {

/// What a word says: how the weights were quantised, or how wide they are.
enum class Says : unsigned char { Nothing, Awq, Gptq, Bnb, Fp8, Nvfp4, Mxfp4, Mxfp8, Int, Hqq, Aqlm, Eetq, Wide, Gguf };
struct Word {
  std::string_view text;
  Says says;
  int bits = 0;
  bool block = false;
  bool kvFp8 = false;  ///< the checkpoint brings scales for a KV cache in fp8
};
// Names of organisations and of their quantisers: Qwen, RedHatAI and neuralmagic, nvidia, amd, unsloth, cpatonn,
// QuantTrio, Intel, ISTA-DASLab, TheBloke, pytorch. Words that say nothing by themselves may stand among the others.
constexpr Word kWords[] = {
    {"awq", Says::Awq},
    {"gptq", Says::Gptq},
    {"gptqmodel", Says::Gptq},
    {"autoround", Says::Gptq},
    {"bnb", Says::Bnb},
    {"nf4", Says::Bnb, 4},
    {"fp8", Says::Fp8, 8},
    {"float8", Says::Fp8, 8},
    {"nvfp4", Says::Nvfp4, 4},
    {"nvfp4a16", Says::Nvfp4, 4},
    {"fp4", Says::Nvfp4, 4},
    {"w4a4", Says::Nvfp4, 4},
    {"mxfp4", Says::Mxfp4, 4},
    {"mxfp8", Says::Mxfp8, 8},
    {"int2", Says::Int, 2},
    {"int3", Says::Int, 3},
    {"int4", Says::Int, 4},
    {"int8", Says::Int, 8},
    {"w4a16", Says::Int, 4},
    {"w4a8", Says::Int, 4},
    {"w8a8", Says::Int, 8},
    {"w8a16", Says::Int, 8},
    {"2bit", Says::Int, 2},
    {"3bit", Says::Int, 3},
    {"4bit", Says::Int, 4},
    {"8bit", Says::Int, 8},
    {"w4a16g128", Says::Int, 4},
    {"hqq", Says::Hqq},
    {"aqlm", Says::Aqlm},
    {"eetq", Says::Eetq},
    {"bf16", Says::Wide},
    {"fp16", Says::Wide},
    {"gguf", Says::Gguf},
    {"dynamic", Says::Nothing},
    {"static", Says::Nothing},
    {"kv", Says::Nothing, 0, false, true},
    {"block", Says::Nothing, 0, true},
    {"tensor", Says::Nothing},
    {"channel", Says::Nothing},
    {"per", Says::Nothing},
    {"sym", Says::Nothing},
    {"asym", Says::Nothing},
    {"marlin", Says::Nothing},
    {"quantized", Says::Nothing},
    {"quant", Says::Nothing},
    {"unsloth", Says::Nothing},
    {"dq", Says::Nothing},
    {"qat", Says::Nothing},
    {"torchao", Says::Nothing},
    {"quark", Says::Nothing},
    {"modelopt", Says::Nothing},
    {"inc", Says::Nothing},
    {"actorder", Says::Nothing},
    {"mse", Says::Nothing},
    {"fp8kv", Says::Nothing, 0, false, true},
    {"kv8", Says::Nothing, 0, false, true},
    {"1x16", Says::Nothing},
    {"2x8", Says::Nothing},
    {"mixed", Says::Nothing},
    {"autofp8", Says::Fp8, 8},
};

const Word* wordOf(std::string_view text) {
  for (const Word& word : kWords) {
    if (word.text == text) return &word;
  }
  return nullptr;
}

bool allDigits(std::string_view text) { return !text.empty() && std::all_of(text.begin(), text.end(), isDigitAscii); }

/// "128g", "g32", "gs128": the size of a group; 0 if it is none.
int groupOf(std::string_view text) {
  std::string_view digits;
  if (text.starts_with("gs"))
    digits = text.substr(2);
  else if (text.starts_with("g"))
    digits = text.substr(1);
  else if (text.ends_with("g"))
    digits = text.substr(0, text.size() - 1);
  if (!allDigits(digits) || digits.size() > 4) return 0;
  int value = 0;
  for (const char c : digits) value = value * 10 + (c - '0');
  return value >= 8 ? value : 0;
}

bool isRelease(std::string_view text) { return text.size() == 2 && text[0] == 'v' && isDigitAscii(text[1]); }

/// All words of a name's end together.
struct Found {
  Says says = Says::Nothing;
  int bits = 0, group = 0;
  bool block = false, any = false, kvFp8 = false;

  void add(const Word& word) {
    any |= word.says != Says::Nothing;
    block |= word.block;
    kvFp8 |= word.kvFp8;
    // A method says more than a width: "AWQ-INT4", "bnb-4bit", "INT4-AutoRound".
    if (says == Says::Nothing || says == Says::Wide || (says == Says::Int && word.says != Says::Nothing)) {
      if (word.says != Says::Nothing) says = word.says;
    }
    if (word.bits != 0 && bits == 0) bits = word.bits;
  }

  std::optional<NamedFormat> format() const {
    const auto with = [&](Format format, bool ownBits = false) {
      return NamedFormat{format, ownBits ? bits : 0, group, {}, {}, false};
    };
    switch (says) {
      case Says::Nothing:
        return std::nullopt;
      case Says::Awq:
        return with(bits == 8 ? Format::Int8 : Format::Awq);
      case Says::Gptq:
        return bits == 8 ? with(Format::GptqInt8) : with(Format::Gptq, bits == 2 || bits == 3);
      case Says::Bnb:
        return NamedFormat{bits == 8 ? Format::Int8 : Format::Nf4, 0, 0, {}, {}, false};
      case Says::Fp8:
        return NamedFormat{block ? Format::Fp8Block : Format::Fp8, 0, 0, {}, {}, false};
      case Says::Nvfp4:
        return NamedFormat{Format::Nvfp4, 0, 0, {}, {}, false};
      case Says::Mxfp4:
        return NamedFormat{Format::Mxfp4, 0, 0, {}, {}, false};
      case Says::Mxfp8:
        return NamedFormat{Format::Mxfp8, 0, 0, {}, {}, false};
      case Says::Int:
        return bits == 8 ? with(Format::Int8) : with(Format::W4A16, bits == 2 || bits == 3);
      case Says::Hqq:
        return with(Format::Hqq, bits != 0);
      case Says::Aqlm:
        return NamedFormat{Format::Aqlm, 0, 0, {}, {}, false};
      case Says::Eetq:
        return NamedFormat{Format::Int8, 0, 0, {}, {}, false};
      case Says::Wide:
        return NamedFormat{Format::None, 0, 0, {}, {}, false};
      case Says::Gguf:
        return NamedFormat{Format::Gguf, 0, 0, {}, {}, false};
    }
    return std::nullopt;
  }
};

}  // namespace

std::optional<NamedFormat> formatInName(std::string_view name) {
  if (name.starts_with("mlx-community/") || name.find("-mlx") != std::string_view::npos) return std::nullopt;
  const std::size_t segment = name.rfind('/') + 1;  // npos + 1 is 0
  std::string bare(name);
  Found found;
  if (bare.ends_with(".gguf")) {
    bare.resize(bare.size() - 5);
    found.add({"gguf", Says::Gguf});
  }
  for (;;) {
    const std::size_t at = bare.find_last_of("-_.");
    if (at == std::string::npos || at <= segment) break;
    const std::string_view text = std::string_view(bare).substr(at + 1);
    if (const Word* word = wordOf(text))
      found.add(*word);
    else if (const int group = groupOf(text))
      found.group = group;
    else if (!isRelease(text))
      break;
    bare.resize(at);
  }
  auto result = found.any ? found.format() : std::nullopt;
  if (!result) return std::nullopt;
  if (result->format == Format::Gguf) {  // "-Q4_K_M-GGUF", "-q4_k_m.gguf"
    if (const GgufType* type = findGgufType(std::string_view(bare).substr(segment))) {
      const std::size_t length = type->name.size();
      if (bare.size() > segment + length + 1 &&
          equalsIgnoringCase(std::string_view(bare).substr(bare.size() - length), type->name))
        bare.resize(bare.size() - length - 1);
      if (bare.ends_with("-ud")) bare.resize(bare.size() - 3);
    }
  }
  // ModelOpt's repositories mostly have kv_cache_quant_algo FP8 in hf_quant_config.json, and their names do not say it.
  const bool modelOpt = name.starts_with("nvidia/") && (found.says == Says::Fp8 || found.says == Says::Nvfp4);
  if (found.kvFp8 || modelOpt) result->kvCacheDtype = "fp8";
  result->kvCachePerhaps = modelOpt && !found.kvFp8;
  result->bare = std::move(bare);
  return result;
}

}  // namespace rightslice::model
