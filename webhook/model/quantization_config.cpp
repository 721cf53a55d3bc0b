#include "model/quantization_config.hpp"

#include <fmt/format.h>

#include "model/spelling.hpp"

namespace rightslice::model {
namespace {

bool flagOf(json::View view, std::string_view key) { return view[key].boolean().value_or(false); }

std::optional<Format> compressed(json::View q) {
  const std::string_view packing = q["format"].stringOr("");
  if (packing.find("nvfp4") != std::string_view::npos) return Format::Nvfp4;
  if (packing.find("mxfp4") != std::string_view::npos) return Format::Mxfp4;
  for (const auto& [key, group] : q["config_groups"].members()) {
    const json::View weights = group["weights"];
    const auto bits = weights["num_bits"].integer();
    if (bits == 4) return weights["type"].stringOr("int") == "float" ? Format::Nvfp4 : Format::W4A16;
    if (bits == 8)
      return weights["type"].stringOr("int") != "float"    ? Format::Int8
             : weights["strategy"].stringOr("") == "block" ? Format::Fp8Block
                                                           : Format::Fp8;
  }
  return std::nullopt;
}

}  // namespace

void readQuantization(json::View q, Architecture& a) {
  if (!q.isObject()) return;
  const std::string method = lowered(q["quant_method"].stringOr(""));
  const auto bits = q["bits"].integer();
  std::optional<Format> format = parseFormat(method);
  if (method == "fp8") format = q["weight_block_size"].isArray() ? Format::Fp8Block : Format::Fp8;
  else if (method == "gptq")
    format = bits == 8 ? Format::GptqInt8 : bits.value_or(4) == 4 ? std::optional(Format::Gptq) : std::nullopt;
  else if (method == "awq") format = bits.value_or(4) == 4 ? std::optional(Format::Awq) : std::nullopt;
  else if (method == "bitsandbytes") format = flagOf(q, "load_in_8bit") ? Format::Int8 : Format::Nf4;
  else if (method == "compressed-tensors") format = compressed(q);
  else if (method == "modelopt")
    format = q["quant_algo"].stringOr("").find("FP4") != std::string_view::npos ? Format::Nvfp4 : Format::Fp8;
  if (format) {
    a.format = *format;
  } else if (a.unmodelled.empty()) {
    a.unmodelled = fmt::format("quantization method {} is not known; counted in 16 bit",
                               method.empty() ? "without a name" : method);
  }
}

}  // namespace rightslice::model
