// NIM. The image names the model; which engine and precision runs it is a profile that the container chooses at the start
// (NVIDIA NIM for LLMs: configuration 1.x, environment variables and model profiles 2.x).
#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "model/device_sizes.hpp"
#include "model/engines/engines.hpp"
#include "model/engines/vllm_flags.hpp"
#include "model/engines/vllm_memory.hpp"
#include "model/flag_table.hpp"
#include "model/spelling.hpp"

namespace rightslice::model::engine {
namespace {

constexpr std::string_view kImages[] = {"nvcr.io/nim/*", "*/nim/*/*"};
constexpr std::string_view kModelEnv[] = {"NIM_MODEL_PATH", "NIM_MODEL_NAME"};

bool setEager(std::string_view value, EngineRun& run) {
  run.settings.enforceEager = value != "0" && lowered(value) != "false";
  return true;
}

// All of it comes from the environment; the names are those of the variables.
constexpr Flag kFlags[] = {
    {"model-path", Takes::Value, setModel},
    {"model-name", Takes::Value, setModel},
    {"max-model-len", Takes::Value, setMaxModelLen},
    {"tensor-parallel-size", Takes::Value, setTensorParallel},
    {"pipeline-parallel-size", Takes::Value, setPipelineParallel},
    {"max-num-seqs", Takes::Value, setMaxNumSeqs},
    {"max-batch-size", Takes::Value, setMaxNumSeqs},
    {"max-num-batched-tokens", Takes::Value, setMaxNumBatchedTokens},
    {"kvcache-percent", Takes::Value, setFraction},
    {"kv-cache-percent", Takes::Value, setFraction},
    {"gpu-mem-fraction", Takes::Value, setFraction},
    {"disable-cuda-graph", Takes::Nothing, setEager},
    {"ft-model", Takes::Value, nullptr, "the shape of fine-tuned weights is not known here"},
    {"peft-source", Takes::Value, nullptr, "LoRA adapters are not modelled"},
    {"max-gpu-loras", Takes::Value, nullptr, "LoRA adapters are not modelled"},
    {"draft-model-path", Takes::Value, nullptr, "the draft model is not modelled"},
    {"num-kv-cache-seq-lens", Takes::Value, nullptr, "a KV cache of so many sequences is not modelled"},
};
constexpr FlagTable kTable{.title = "NIM", .flags = kFlags, .hasEnv = true, .envPrefix = "NIM_"};

/// NIM_MODEL_PROFILE: "vllm-bf16-tp2", "tensorrt_llm-h100-fp8-tp1-throughput"; hashes say nothing here.
void readProfile(std::string_view profile, EngineRun& run) {
  const std::string text = lowered(profile);
  const auto has = [&](std::string_view word) { return text.find(word) != std::string::npos; };
  if (!has("-tp")) return;
  if (has("vllm") && !has("trt")) run.backendWords = "vllm";
  else if (has("tensorrt") || has("trt")) run.backendWords = "tensorrt";
  for (const auto& [word, format] : {std::pair{"-nvfp4", "nvfp4"}, {"-mxfp4", "mxfp4"}, {"-fp8", "fp8"}, {"-int4", "w4a16"},
                                     {"-bf16", "none"}, {"-fp16", "none"}}) {
    if (!has(word)) continue;
    run.settings.quantization = format;
    break;
  }
  std::optional<std::int64_t> parallel;
  const auto at = text.find("-tp") + 3;
  if (setCount(std::string_view(text).substr(at, text.find('-', at) - at), parallel)) run.settings.tensorParallelSize = *parallel;
  if (has("-lora")) run.open.emplace_back("NIM_MODEL_PROFILE: LoRA adapters are not modelled");
}

void read(FlagSource& source, EngineRun& run) {
  const bool first = run.version.starts_with("1.");  // 1.x takes TensorRT-LLM where it has an engine for the GPU
  run.version.clear();                               // NIM's own, not the engine's
  run.versionFromImage = false;
  run.backendWords = first ? "any" : "vllm";
  const std::string& image = source.image->name;
  if (const auto at = image.find("nim/"); at != std::string::npos && at + 4 < image.size()) {
    run.model = image.substr(at + 4);
    run.modelConfidence = Confidence::Medium;
  }
  readFlags(kTable, source, run);
  if (const ShellValue arguments = source.variable("NIM_PASSTHROUGH_ARGS"); arguments.isSet) {
    if (!arguments.known) run.open.emplace_back("env NIM_PASSTHROUGH_ARGS: its value is not known here");
    FlagSource extra{{}, source.variable, source.image, {}, {}, source.program, {}, {}};
    for (const ShellCommand& command : readShell(arguments.text, source.variable, {})) {
      for (const ShellWord& word : command) extra.words.push_back({word, {false, kNoPlace, false, true}});
    }
    readVllmFlags(extra, run);
  }
  if (const ShellValue profile = source.variable("NIM_MODEL_PROFILE"); profile.isSet && profile.known) readProfile(profile.text, run);
  // Embedders and rerankers are TensorRT engines behind Triton.
  for (const std::string_view word : {"embed", "rerank"}) {
    if (image.find(word) == std::string::npos) continue;
    run.settings.pooling = true;
    run.open.emplace_back("the workspace of the TensorRT engine is not modelled");
    break;
  }
}

bool isVllm(const EngineRun& run) { return run.backendWords != "any" && run.backendWords != "tensorrt"; }

/// The profile is chosen for the GPUs that are there: over how many of them it splits the model is not known before.
bool splitIsChosen(const ServingPlan& plan, const EngineRun& run) { return plan.tensorParallel > 1 && !run.settings.tensorParallelSize; }

void plan(ServingPlan& plan, const EstimateInput& input) {
  if (!input.run->settings.tensorParallelSize) plan.tensorParallel = std::clamp<std::int64_t>(input.device.count, 1, 64);
  planVllm(plan, input);
  if (isVllm(*input.run)) return;
  // Which engine runs, and what it demands at the start, is not known: a block of KV cache is all that is sure.
  plan.fractionOf = FractionOf::Nothing;
  plan.whenShort = WhenShort::Shrinks;
  plan.maxNumBatchedTokens = std::max<std::int64_t>(plan.maxNumBatchedTokens, 8192);
}

void size(DeviceSizes& sizes, const ServingPlan& plan, const EstimateInput& input) {
  sizeVllm(sizes, plan, input);
  const EngineRun& run = *input.run;
  if (splitIsChosen(plan, run)) {  // over all at the low end, as is expected; one holds it all at the high end
    ServingPlan unsplit = plan;
    unsplit.tensorParallel = 1;
    const DeviceSizes most = deviceSizes(input, unsplit);
    for (Interval DeviceSizes::* part : {&DeviceSizes::weights, &DeviceSizes::kv, &DeviceSizes::kvOfOneSequence, &DeviceSizes::activations, &DeviceSizes::graphs})
      (sizes.*part).high = std::max((sizes.*part).high, (most.*part).high);
  }
  if (!isVllm(run)) {
    sizes.activations.low = sizes.graphs.low = 0;
    sizes.activationsFrom = "as vLLM's profile run; TensorRT-LLM may take less or more";
    sizes.activations.high = timesBytes(sizes.activations.high, 2);
  }
  if (run.settings.quantization || plan.format != Format::None || plan.elementBytes != 2) return;
  // The profile that fits the GPU best is chosen: 16 bit at most, 8 bit (2.x: 4 bit) where the GPU can.
  ServingPlan narrow = plan;
  narrow.format = isVllm(run) ? Format::Nvfp4 : Format::Fp8;
  const Interval least = weightsOn(narrow, countParameters(*plan.architecture), run, input.device.isA100, input.device.memory.has_value());
  sizes.weights.low = std::min(sizes.weights.low, least.low);
}

void explain(DeviceSizes& sizes, const ServingPlan& plan, const EstimateInput& input) {
  if (splitIsChosen(plan, *input.run))
    sizes.weightsNote = fmt::format("; NIM chooses over how many of the {} GPUs it splits the model (NIM_TENSOR_PARALLEL_SIZE)", plan.tensorParallel);
  if (!input.run->settings.quantization && plan.format == Format::None)
    sizes.weightsNote += "; the precision is that of the profile chosen at the start (NIM_MODEL_PROFILE), 16 bit at most";
}

}  // namespace

constinit const Engine nim{
    .name = "nim",
    .title = "NIM",
    .kvRule = KvRule::Pooled,
    .whenShort = WhenShort::Refuses,
    .fractionOf = FractionOf::Total,
    .flags = {.fraction = {}, .maxLength = "NIM_MAX_MODEL_LEN", .sequences = {}, .batchTokens = {}, .eager = {}},
    .signature = {{}, {}, kImages, kModelEnv, false},
    .read = read,
    .plan = plan,
    .sizes = size,
    .explain = explain,
    .whyUnknown = "the NIM image does not name its model; add the annotation rightslice.io/model, or rightslice.io/footprint with the "
                  "measured peak (e.g. 7Gi)",
    .source = "NVIDIA NIM for LLMs, environment variables and model profiles",
};

}  // namespace rightslice::model::engine
