// What the values of vLLM's flags mean. Sources: vLLM, engine/arg_utils.py and config/.
#include "model/engines/vllm_values.hpp"

#include <algorithm>

#include "json/document.hpp"
#include "model/spelling.hpp"

namespace rightslice::model::vllm_value {

bool setLength(std::string_view value, EngineRun& run) {
  run.settings.maxModelLenAuto = value == "auto" || value == "-1";
  if (run.settings.maxModelLenAuto) {
    run.settings.maxModelLen.reset();
    return true;
  }
  return setCount(value, run.settings.maxModelLen);
}

bool setOffload(std::string_view value, EngineRun& run) {
  const auto number = decimalNumber(value);
  if (!number || *number < 0) return false;
  if (*number > 0) run.settings.cpuOffloadGb = *number;
  else run.settings.cpuOffloadGb.reset();
  return true;
}

/// A word that no release takes is set all the same: with it nothing is known of the weights.
bool setQuantization(std::string_view value, EngineRun& run) {
  // vLLM, model_executor/layers/quantization/__init__.py from 0.4 to 0.14; _ and - are the same to it in some of them.
  constexpr std::string_view kWords[] = {
      "none",         "null",          "aqlm",         "auto-round",   "awq",          "awq-marlin",     "bitblas",        "bitsandbytes",
      "cpu-awq",      "cpu-gptq",      "compressed-tensors",           "deepspeedfp",  "experts-int8",   "fbgemm-fp8",     "fp-quant",
      "fp8",          "fp8-per-block", "fp8-per-tensor",               "gguf",         "gptq",           "gptq-bitblas",   "gptq-marlin",
      "gptq-marlin-24",                "hqq",          "inc",          "ipex",         "marlin",         "modelopt",       "modelopt-fp4",
      "modelopt-mixed",                "modelopt-mxfp8",               "moe-wna16",    "mxfp4",          "mxfp8",          "neuron-quant",
      "petit-nvfp4",  "ptpc-fp8",      "qqq",          "quark",        "rtn",          "squeezellm",     "torchao",        "tpu-int8",
  };
  std::string word = lowered(value);
  std::replace(word.begin(), word.end(), '_', '-');
  return model::setQuantization(value, run) && std::find(std::begin(kWords), std::end(kWords), word) != std::end(kWords);
}

bool setLoadFormat(std::string_view value, EngineRun& run) {
  const std::string text = lowered(value);
  if ((text == "bitsandbytes" || text == "gguf") && !run.settings.quantization) run.settings.quantization = text;
  return true;
}

bool setRunner(std::string_view value, EngineRun& run) {
  run.settings.pooling = value != "generate" && value != "auto" && value != "none";
  return true;
}

/// The first whole number behind `kind`, or nothing.
static std::optional<std::int64_t> limitOf(std::string_view text, std::string_view kind) {
  std::size_t at = text.find(kind);
  if (at == std::string_view::npos) return std::nullopt;
  at = text.find_first_of("0123456789", at);
  if (at == std::string_view::npos) return std::nullopt;
  std::int64_t value = 0;
  for (; at < text.size() && isDigitAscii(text[at]); ++at) value = std::min<std::int64_t>(value * 10 + (text[at] - '0'), 1 << 20);
  return value;
}

bool setMediaLimit(std::string_view value, EngineRun& run) {  // {"image": 0}, {"image": {"count": 5, ...}} or image=0,video=0
  const auto images = limitOf(value, "image");
  const auto videos = limitOf(value, "video");
  const auto audios = limitOf(value, "audio");
  run.settings.imagesPerPrompt = images;
  run.settings.noVideo = videos == 0;
  const bool any = images || videos || audios;
  run.settings.textOnly = any && images.value_or(0) == 0 && videos.value_or(0) == 0 && audios.value_or(0) == 0;
  return true;
}

bool setWeightsUnsure(std::string_view value, EngineRun& run) {
  if (value != "false" && value != "0") run.settings.weightsUnsure = true;
  return true;
}

/// What rope scaling makes of the longest sequence: yarn, linear and dynamic stretch it, other kinds say nothing of it
/// (config/model.py, _get_and_verify_max_len).
static void readRope(json::View rope, EngineRun& run) {
  const std::string_view kind = rope["rope_type"].stringOr(rope["type"].stringOr(""));
  if (kind != "yarn" && kind != "linear" && kind != "dynamic") return;
  if (const auto factor = rope["factor"].number(); factor && *factor > 0 && *factor <= 1e6) run.settings.ropeFactor = *factor;
  if (const auto positions = rope["original_max_position_embeddings"].integer(); positions && *positions > 0)
    run.settings.maxPositions = std::min(*positions, kMaxBytes);
}

bool setRopeScaling(std::string_view value, EngineRun& run) {
  const auto document = json::Document::parse(value);
  if (!document || !document->root().isObject()) return false;
  readRope(document->root(), run);
  return true;
}

/// Overrides of config.json: those of positions are read, of others it is not known what they change.
bool setOverrides(std::string_view value, EngineRun& run) {
  const auto document = json::Document::parse(value);
  if (!document || !document->root().isObject()) {  // --hf-overrides.key value, or a function
    run.settings.weightsUnsure = true;
    remember(run.open, "--hf-overrides: it may change the model's shape");
    return true;
  }
  // Of no matrix's shape; the last four make a classifier of a few rows of the head (docs/models/pooling_models, Qwen3-Reranker).
  constexpr std::string_view kHarmless[] = {"rope_theta", "is_matryoshka", "matryoshka_dimensions", "classifier_from_token",
                                            "is_original_qwen3_reranker", "method", "use_pad_token"};
  for (const auto& [key, entry] : document->root().members()) {
    if (key == "rope_scaling" || key == "rope_parameters") {
      readRope(entry, run);
    } else if (key == "max_position_embeddings") {
      if (const auto positions = entry.integer(); positions && *positions > 0)
        run.settings.maxPositions = std::min(*positions, kMaxBytes);
    } else if (key == "architectures") {
      // vLLM pools with classes of these names (config/model.py, _SUFFIX_TO_DEFAULTS).
      for (const json::View name : entry.elements()) {
        const std::string_view text = name.stringOr("");
        for (const std::string_view end : {"ForSequenceClassification", "ForTokenClassification", "ClassificationModel", "RewardModel"})
          if (text.ends_with(end)) run.settings.pooling = true;
      }
    } else if (std::find(std::begin(kHarmless), std::end(kHarmless), key) == std::end(kHarmless)) {
      run.settings.weightsUnsure = true;
      remember(run.open, "--hf-overrides: it may change the model's shape");
    }
  }
  return true;
}

bool setLargestGraph(std::string_view value, EngineRun& run) {  // 1 2 4 or [1,2,4]
  std::int64_t largest = 0, number = 0;
  bool inNumber = false;
  for (const char c : value) {
    if (isDigitAscii(c)) {
      number = std::min<std::int64_t>(number * 10 + (c - '0'), 1 << 30);
      inNumber = true;
      largest = std::max(largest, number);
    } else if (c != ',' && c != ' ' && c != '[' && c != ']') {
      return false;
    } else {
      number = 0;
    }
  }
  if (inNumber) run.settings.graphBatch = std::max(run.settings.graphBatch.value_or(0), largest);
  return inNumber;
}

/// Without graphs as with --enforce-eager: cudagraph_mode NONE, and optimisation level 0 (config/compilation.py).
bool setCompilation(std::string_view value, EngineRun& run) {
  const std::string text = lowered(value);
  if (text == "none" || text == "0") {  // --compilation-config.cudagraph_mode NONE, --compilation-config 0
    run.settings.enforceEager = true;
    return true;
  }
  const auto document = json::Document::parse(value);
  if (!document || !document->root().isObject()) return true;
  const json::View root = document->root();
  const std::string mode = lowered(root["cudagraph_mode"].stringOr(""));
  if (mode == "none" || root["cudagraph_mode"].integer() == 0 || root["use_cudagraph"].boolean() == false ||
      root["level"].integer() == 0)
    run.settings.enforceEager = true;
  std::int64_t largest = root["max_cudagraph_capture_size"].integer().value_or(0);
  for (const json::View size : root["cudagraph_capture_sizes"].elements()) largest = std::max(largest, size.integer().value_or(0));
  if (largest > 0) run.settings.graphBatch = std::min<std::int64_t>(largest, 1 << 30);
  return true;
}

bool setOptimisation(std::string_view value, EngineRun& run) {
  if (value == "0" || value == "O0") run.settings.enforceEager = true;
  return true;
}

}  // namespace rightslice::model::vllm_value
