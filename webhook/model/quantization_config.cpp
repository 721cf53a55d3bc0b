// Sources of the keys: vLLM's model_executor/layers/quantization/*.py, compressed-tensors' quant_config.py, ModelOpt's
// hf_quant_config, Quark, AutoRound, TorchAO and HQQ as their config.json files have them.
#include "model/quantization_config.hpp"

#include <fmt/format.h>

#include "model/module_list.hpp"
#include "model/spelling.hpp"

namespace rightslice::model {
namespace {

class Reader {
 public:
  Reader(json::View q, Architecture& a) : q_(q), a_(a) {}

  void read() {
    const std::string method = lowered(q_["quant_method"].stringOr(q_["quant_type"].stringOr("")));
    format_ = parseFormat(method);
    if (method == "fp8" || method == "fbgemm_fp8" || method == "ptpc_fp8")
      readFp8();
    else if (method == "gptq" || method == "gptq_marlin" || method == "auto-round" || method == "auto_round")
      readGptq();
    else if (method == "awq")
      readAwq();
    else if (method == "bitsandbytes")
      readBitsAndBytes();
    else if (method == "compressed-tensors")
      readCompressedTensors();
    else if (method.starts_with("modelopt"))
      readModelOpt();
    else if (method == "quark")
      readQuark();
    else if (method == "torchao")
      readTorchAo();
    else if (method == "hqq")
      readHqq();
    else if (method == "mxfp4")
      wide_.addAll(q_["modules_to_not_convert"], detail_);
    else if (method == "aqlm")
      wide_.addAll(q_["linear_weights_not_to_quantize"], detail_);
    else if (method == "eetq")
      wide_.addAll(q_["modules_to_not_convert"], detail_);
    if (!format_) {
      if (a_.unmodelled.empty())
        a_.unmodelled = fmt::format("quantization method {} is not known; counted in 16 bit",
                                    method.empty() ? "without a name" : method.substr(0, 40));
      return;
    }
    countWide(wide_, covered_, a_, detail_);
    detail_.headQuantised = detail_.headQuantised && !wide_.holdsHead();
    a_.format = *format_;
    a_.quantization = std::move(detail_);
  }

 private:
  bool flag(std::string_view key) const { return q_[key].boolean().value_or(false); }
  static int small(json::View value, int least, int most) {
    const auto number = value.integer();
    return number && *number >= least && *number <= most ? static_cast<int>(*number) : 0;
  }
  void readGroup(json::View group) {
    if (group.integer() == -1)
      detail_.group = -1;
    else
      detail_.group = small(group, 1, 1 << 20);
  }

  void readFp8() {
    format_ = q_["weight_block_size"].isArray() ? Format::Fp8Block : Format::Fp8;
    if (q_["weight_block_size"].isArray() && q_["weight_block_size"].at(0).integer() == 1) {  // MXFP8: 1 x 32
      format_ = Format::Mxfp8;
    }
    for (const char* key : {"modules_to_not_convert", "ignored_layers"}) wide_.addAll(q_[key], detail_);
  }

  void readGptq() {
    const auto bits = q_["bits"].integer().value_or(4);
    if (bits != 2 && bits != 3 && bits != 4 && bits != 8) {
      format_.reset();
      return;
    }
    format_ = bits == 8 ? Format::GptqInt8 : Format::Gptq;
    if (bits < 4) detail_.bits = static_cast<int>(bits);
    readGroup(q_["group_size"]);
    detail_.headQuantised = flag("lm_head");
    for (const auto& [rule, value] : q_["dynamic"].members()) {  // GPTQModel: "-:" leaves out, "+:" or none changes
      if (rule.starts_with("-:"))
        wide_.add(fmt::format("re:{}", rule.substr(2)), detail_);
      else if (value["bits"].exists() && value["bits"].integer() != bits)
        detail_.unclear = true;
    }
    for (const auto& [module, value] : q_["extra_config"].members()) {  // AutoRound
      if (value["bits"].integer().value_or(bits) >= 16)
        wide_.add(module, detail_);
      else if (value["bits"].exists() && value["bits"].integer() != bits)
        detail_.unclear = true;
    }
    for (const json::View block : q_["modules_in_block_to_quantize"].elements()) {
      if (block.isString()) covered_.add(block.stringOr(""), detail_);
      covered_.addAll(block, detail_);
    }
  }

  void readAwq() {
    if (q_["bits"].integer().value_or(q_["w_bit"].integer().value_or(4)) != 4) {
      format_.reset();
      return;
    }
    format_ = Format::Awq;
    readGroup(q_["group_size"].exists() ? q_["group_size"] : q_["q_group_size"]);
    if (q_["zero_point"].isBool()) detail_.zeroPoints = flag("zero_point");
    wide_.addAll(q_["modules_to_not_convert"], detail_);
  }

  void readBitsAndBytes() {
    const bool eight = flag("load_in_8bit") || flag("_load_in_8bit");
    format_ = eight ? Format::Int8 : Format::Nf4;
    wide_.addAll(q_["llm_int8_skip_modules"], detail_);
  }

  void readCompressedTensors() {
    if (const std::string_view status = q_["sparsity_config"]["format"].stringOr("dense"); status != "dense")
      detail_.unclear = true;
    const std::string_view packing = q_["format"].stringOr("");
    bool first = true;
    for (const auto& [name, group] : q_["config_groups"].members()) {
      if (!group["weights"].isObject()) continue;
      const std::string_view own = group["format"].stringOr(packing);
      Quantization detail;
      const auto format = formatOfGroup(group["weights"], own, detail);
      if (first) {
        format_ = format;
        detail_.group = detail.group;
        detail_.bits = detail.bits;
        detail_.zeroPoints = detail.zeroPoints;
      } else if (format != format_) {
        detail_.unclear = true;  // layers of several formats
      }
      addTargets(group["targets"]);
      first = false;
    }
    if (first) {
      format_ = packing.find("nvfp4") != std::string_view::npos   ? std::optional(Format::Nvfp4)
                : packing.find("mxfp4") != std::string_view::npos ? std::optional(Format::Mxfp4)
                                                                  : std::nullopt;
    }
    wide_.addAll(q_["ignore"], detail_);
    if (const json::View scheme = q_["kv_cache_scheme"]; scheme["num_bits"].integer() == 8)
      detail_.kvCacheDtype = scheme["type"].stringOr("") == "int" ? "int8" : "fp8";
  }

  static std::optional<Format> formatOfGroup(json::View weights, std::string_view packing, Quantization& detail) {
    const auto bits = weights["num_bits"].integer();
    const bool isFloat = weights["type"].stringOr("int") == "float";
    const std::string_view strategy = weights["strategy"].stringOr("");
    const int group = small(weights["group_size"], 1, 1 << 20);
    if (isFloat && bits == 4) {
      const bool mx = packing.find("mxfp4") != std::string_view::npos || group == 32;
      return mx ? Format::Mxfp4 : Format::Nvfp4;
    }
    if (isFloat && bits == 8) {
      if (packing.find("mxfp8") != std::string_view::npos) return Format::Mxfp8;
      return strategy == "block" ? Format::Fp8Block : Format::Fp8;
    }
    if (isFloat || !bits || *bits < 2 || *bits > 8) return std::nullopt;
    if (weights["symmetric"].isBool() && !*weights["symmetric"].boolean()) detail.zeroPoints = true;
    if (strategy == "channel" || strategy == "tensor")
      detail.group = -1;
    else if (group > 0)
      detail.group = group;
    if (*bits == 8) return Format::Int8;
    if (*bits != 4) detail.bits = static_cast<int>(*bits);
    return Format::W4A16;
  }

  /// "Linear" means all; names mean only those.
  void addTargets(json::View targets) {
    for (const json::View target : targets.elements()) {
      const std::string_view text = target.stringOr("");
      if (text == "Linear" || text.empty())
        coversAll_ = true;
      else
        covered_.add(text, detail_);
    }
    if (coversAll_) covered_ = {};
  }

  void readModelOpt() {
    // config.json has the keys at the top, hf_quant_config.json below "quantization".
    const json::View q = q_["quantization"].isObject() ? q_["quantization"] : q_;
    const std::string algo = lowered(q["quant_algo"].stringOr(q_["quant_method"].stringOr("")));
    const auto has = [&](std::string_view word) { return algo.find(word) != std::string::npos; };
    if (has("mixed")) {
      format_ = Format::Fp8;  // layers of several formats, listed one by one
      detail_.unclear = true;
    } else if (has("mxfp8")) {
      format_ = Format::Mxfp8;
    } else if (has("fp4")) {
      format_ = has("mxfp4") ? Format::Mxfp4 : Format::Nvfp4;
    } else if (has("w4a")) {
      format_ = Format::W4A16;
    } else if (has("int8") || has("w8a8_sq")) {
      format_ = Format::Int8;
    } else {
      format_ = has("pb") || has("block") ? Format::Fp8Block : Format::Fp8;
    }
    if (format_ != Format::Fp8 && format_ != Format::Fp8Block) readGroup(q["group_size"]);
    for (const char* key : {"exclude_modules", "ignore"}) wide_.addAll(q[key], detail_);
    const std::string kv = lowered(q["kv_cache_quant_algo"].stringOr(""));
    if (kv == "fp8" || q["kv_cache_scheme"]["num_bits"].integer() == 8)
      detail_.kvCacheDtype = "fp8";
    else if (kv == "nvfp4")
      detail_.kvCacheDtype = "nvfp4";
  }

  void readQuark() {
    const json::View weight = q_["global_quant_config"]["weight"].isArray() ? q_["global_quant_config"]["weight"].at(0)
                                                                            : q_["global_quant_config"]["weight"];
    const std::string_view dtype = weight["dtype"].stringOr("");
    if (dtype == "fp4")
      format_ = weight["group_size"].integer() == 16 ? Format::Nvfp4 : Format::Mxfp4;
    else if (dtype.starts_with("fp8"))
      format_ = weight["qscheme"].stringOr("") == "per_group" ? Format::Mxfp8 : Format::Fp8;
    else if (dtype == "int8")
      format_ = Format::Int8;
    else if (dtype == "int4" || dtype == "uint4")
      format_ = Format::W4A16;
    else
      format_.reset();
    if (format_ == Format::W4A16) readGroup(weight["group_size"]);
    if (q_["layer_quant_config"].size() > 0) detail_.unclear = true;
    wide_.addAll(q_["exclude"], detail_);
    if (q_["kv_cache_quant_config"].size() > 0) detail_.kvCacheDtype = "fp8";
  }

  void readTorchAo() {
    const json::View type = q_["quant_type"]["default"];
    const std::string name = lowered(type["_type"].stringOr(q_["quant_type"].stringOr("")));
    const auto has = [&](std::string_view word) { return name.find(word) != std::string::npos; };
    if (has("float8"))
      format_ = Format::Fp8;
    else if (has("int4"))
      format_ = Format::W4A16;
    else if (has("int8"))
      format_ = has("int4weight") ? Format::W4A16 : Format::Int8;
    else
      format_.reset();
    if (format_ == Format::W4A16) {
      readGroup(type["_data"]["group_size"]);
      detail_.zeroPoints = true;
    }
    wide_.addAll(q_["modules_to_not_convert"], detail_);
  }

  void readHqq() {
    const json::View weight = q_["quant_config"]["weight_quant_params"];
    detail_.bits = small(weight["nbits"], 1, 8);
    readGroup(weight["group_size"]);
    wide_.addAll(q_["skip_modules"], detail_);
  }

  json::View q_;
  Architecture& a_;
  std::optional<Format> format_;
  Quantization detail_;
  ModuleList wide_, covered_;
  bool coversAll_ = false;
};

}  // namespace

void readQuantization(json::View q, Architecture& a) {
  if (q.isObject()) Reader(q, a).read();
}

}  // namespace rightslice::model
