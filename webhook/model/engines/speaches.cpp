// speaches and its predecessor faster-whisper-server: Whisper on CTranslate2 (src/speaches/config.py, 0.1 to 0.9).
#include <algorithm>
#include <fmt/format.h>

#include "model/device_sizes.hpp"
#include "model/engines/engines.hpp"
#include "model/flag_table.hpp"
#include "model/spelling.hpp"

namespace rightslice::model::engine {
namespace {

constexpr std::string_view kPrograms[] = {"uvicorn speaches", "uvicorn faster_whisper_server"};
constexpr std::string_view kModules[] = {"speaches.main", "faster_whisper_server.main"};
constexpr std::string_view kImages[] = {"*speaches-ai/speaches*", "*faster-whisper-server*", "*/speaches"};
constexpr std::string_view kModelEnv[] = {"PRELOAD_MODELS", "WHISPER__MODEL"};

/// Bits of a weight by CTranslate2's compute types; repositories of faster-whisper are float16 ("default").
struct ComputeType {
  std::string_view name;
  int bits;
};
constexpr ComputeType kTypes[] = {{"default", 16}, {"auto", 16},     {"float16", 16},      {"bfloat16", 16},     {"float32", 32},
                                  {"int16", 16},   {"int8", 8},      {"int8_float16", 8},  {"int8_bfloat16", 8}, {"int8_float32", 8}};

const ComputeType* findType(std::string_view name) {
  const auto at = std::find_if(std::begin(kTypes), std::end(kTypes), [&](const ComputeType& type) { return type.name == name; });
  return at == std::end(kTypes) ? nullptr : &*at;
}

bool setModels(std::string_view value, EngineRun& run) {  // ["a", "b"], or a plain list
  std::size_t count = 0;
  while (!value.empty()) {
    constexpr std::string_view kBetween = "[]\"', \t\n";
    const auto start = value.find_first_not_of(kBetween);
    if (start == std::string_view::npos) break;
    value.remove_prefix(start);
    const std::size_t end = std::min(value.find_first_of(kBetween), value.size());
    const std::string name(value.substr(0, end));
    value.remove_prefix(end);
    const std::string folded = lowered(name);
    const bool speech = folded.find("whisper") != std::string::npos || folded.find('/') == std::string::npos;
    if (speech && count == 0) run.model = name;
    else remember(run.open, fmt::format("{}: memory of a further model is not counted", name.substr(0, 80)));
    if (speech) ++count;
  }
  return true;
}

constexpr Flag kFlags[] = {
    {"preload-models", Takes::Value, setModels, {}, "PRELOAD_MODELS"},
    {"model", Takes::Value, setModel, {}, "WHISPER__MODEL"},
    {"compute-type", Takes::Value,
     [](std::string_view v, EngineRun& run) {
       run.settings.dtype = lowered(v);
       return findType(lowered(v)) != nullptr;
     },
     {}, "WHISPER__COMPUTE_TYPE"},
    {"num-workers", Takes::Value, setMaxNumSeqs, {}, "WHISPER__NUM_WORKERS"},
    {"use-batched-mode", Takes::Value,
     [](std::string_view v, EngineRun& run) {
       if (lowered(v) == "true" || v == "1") run.settings.maxNumBatchedTokens = 8;  // windows at once
       return true;
     },
     {}, "WHISPER__USE_BATCHED_MODE"},
};
constexpr FlagTable kTable{.title = "speaches", .flags = kFlags};

void read(FlagSource& source, EngineRun& run) {
  readFlags(kTable, source, run);
  if (const ShellValue device = source.variable("WHISPER__INFERENCE_DEVICE"); device.isSet && device.known && device.text == "cpu")
    run.settings.weightsUnsure = true;
}

void plan(ServingPlan& plan, const EstimateInput& input) {
  plan.maxNumSeqs = std::clamp<std::int64_t>(input.run->settings.maxNumSeqs.value_or(1), 1, 64);
  plan.maxNumBatchedTokens = std::clamp<std::int64_t>(input.run->settings.maxNumBatchedTokens.value_or(1), 1, 64);
  plan.tensorParallel = plan.pipelineParallel = 1;
  plan.layers = plan.architecture->layers;
}

void size(DeviceSizes& sizes, const ServingPlan& plan, const EstimateInput& input) {
  const ComputeType* const type = findType(input.run->settings.dtype.value_or("default"));
  const std::int64_t bits = type != nullptr ? type->bits : 16;
  const Bytes weights = timesBytes(sizes.parameters, bits) / 8;
  sizes.weights = {weights / 100 * 97, weights, plusBytes(weights / 100 * 104, 32 * kMiB)};
  sizes.kv = {};
  // faster-whisper's README (large-v2, beam 5): 4525 MB in float16 and 2926 MB in int8 with the CUDA context, so 1 GiB beside
  // weights and context; 8 windows at once took 1.5 GiB more. It grows with the width of the model.
  const Bytes window = timesBytes(kGiB / 1280, std::clamp<std::int64_t>(plan.architecture->hidden, 1, 1 << 16));
  const Bytes more = timesBytes(window / 5, plan.maxNumBatchedTokens - 1);
  const Bytes each = plusBytes(window, more);
  sizes.activations = {each / 4, timesBytes(each, plan.maxNumSeqs), timesBytes(each * 3 / 2, plan.maxNumSeqs)};
  sizes.context = {205 * kMiB, 400 * kMiB, 563 * kMiB};
  sizes.nonTorch = {0, 64 * kMiB, 256 * kMiB};
  sizes.kvFrom = "in the decoder's buffers";
  sizes.activationsFrom = "encoder and decoder of 30 s windows, after faster-whisper's measurements";
  sizes.graphsFrom = "CTranslate2 captures none";
  sizes.runtimeFrom = "CUDA context, cuBLAS and cuDNN";
}

void explain(DeviceSizes& sizes, const ServingPlan& plan, const EstimateInput& input) {
  sizes.weightsNote = fmt::format("; CTranslate2 holds them as {}", input.run->settings.dtype.value_or("float16"));
  sizes.activationsFrom += fmt::format(", {} worker{}", plan.maxNumSeqs, plan.maxNumSeqs == 1 ? "" : "s");
}

}  // namespace

constinit const Engine speaches{
    .name = "speaches",
    .title = "speaches",
    .kvRule = KvRule::None,
    .whenShort = WhenShort::Refuses,
    .fractionOf = FractionOf::Nothing,
    .flags = {},
    .signature = {kPrograms, kModules, kImages, kModelEnv, false},
    .read = read,
    .plan = plan,
    .sizes = size,
    .explain = explain,
    .whyUnknown = "speaches loads the model that a request names; set PRELOAD_MODELS (e.g. [\"Systran/faster-whisper-large-v3\"]), or add the "
                  "annotation rightslice.io/model or rightslice.io/footprint with the measured peak (e.g. 5Gi)",
    .source = "speaches config.py; faster-whisper README",
};

}  // namespace rightslice::model::engine
