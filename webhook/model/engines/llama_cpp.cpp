// llama.cpp's server, and llama-cpp-python's. Defaults and what is done when memory is short: common/arg.cpp, common/common.h,
// common/fit.cpp, tools/server/server.cpp by build; llama_cpp/server/settings.py.
#include <algorithm>
#include <charconv>
#include <fmt/format.h>

#include "model/engine_defaults.hpp"
#include "model/engines/engines.hpp"
#include "model/engines/ggml_memory.hpp"
#include "model/engines/llama_cpp_flags.hpp"
#include "model/gguf.hpp"
#include "model/spelling.hpp"

namespace rightslice::model::engine {
namespace {

constexpr std::string_view kPrograms[] = {"llama-server", "llama-cli"};
constexpr std::string_view kModules[] = {"llama_cpp.server"};
constexpr std::string_view kImages[] = {"*ggml-org/llama.cpp*", "*ggerganov/llama.cpp*", "*llama-cpp-python*"};
constexpr std::string_view kModelEnv[] = {"LLAMA_ARG_HF_REPO", "LLAMA_ARG_MODEL"};

using Flavour = GgmlSettings::Flavour;

/// "server-cuda-b5170" -> "b5170"; empty where the tag moves.
std::string_view buildOf(std::string_view tag) {
  const std::string_view last = tag.substr(tag.rfind('-') + 1);
  return last.starts_with('b') && parseVersion(last) ? last : std::string_view();
}

void read(FlagSource& source, EngineRun& run) {
  const bool python = source.program == "llama_cpp.server" || source.image->name.find("llama-cpp-python") != std::string::npos;
  run.ggml.flavour = python ? Flavour::Python : Flavour::Server;
  if (!python) {
    run.version = buildOf(source.image->tag);
    run.versionFromImage = !run.version.empty();
    const bool official = source.image->name.find("/llama.cpp") != std::string::npos;
    run.ggml.rolling = official && run.version.empty() && !source.image->tag.empty();
  }
  if (const ShellValue swaps = source.variable("GGML_CUDA_ENABLE_UNIFIED_MEMORY"); swaps.isSet && swaps.text != "0")
    run.ggml.swaps = true;
  readLlamaCppFlags(source, run);
  // Only a repository brings its image encoder along; a file comes alone.
  const bool repository = run.places.contains("hf-repo") || source.variable("LLAMA_ARG_HF_REPO").isSet;
  if (python || !repository) run.settings.textOnly = true;
  run.settings.maxModelLenAuto = !python && !run.settings.maxModelLen && !run.ggml.contextOfModel;
}

/// Whether the build has what came with `build`.
Certain since(const ServingPlan& plan, const EngineRun& run, int build) {
  if (run.ggml.flavour == Flavour::Python) return Certain::Perhaps;
  if (plan.version) return plan.version->major >= build ? Certain::Yes : Certain::No;
  return run.ggml.rolling ? Certain::Yes : Certain::Perhaps;
}

/// Of two defaults that of newer builds is expected.
bool expected(Certain certain) { return certain != Certain::No; }

GgmlCache cacheOf(const ServingPlan& plan) {
  return {plan.preallocatedTokens, plan.maxNumSeqs, plan.slots == 1, plan.maxNumBatchedTokens};
}

void readSlots(ServingPlan& plan, const EngineRun& run) {
  const bool python = run.ggml.flavour == Flavour::Python;
  const bool automatic = !python && !run.settings.maxNumSeqs && expected(since(plan, run, kAutoSlotsBuild));
  if (!run.settings.maxNumSeqs) plan.maxNumSeqs = automatic ? 4 : 1;
  const bool unified = run.ggml.unifiedKv.value_or(automatic) || plan.maxNumSeqs == 1;
  plan.slots = unified ? 1 : std::min<std::int64_t>(plan.maxNumSeqs, 1 << 16);
}

/// The context of all slots, and whether it is cut where memory is short.
void readContext(ServingPlan& plan, const EngineRun& run, const Load& load) {
  const bool python = run.ggml.flavour == Flavour::Python;
  const std::int64_t trained = plan.maxModelLen;  // where nothing is written
  const bool fits = !python && expected(since(plan, run, kFitBuild)) && run.ggml.fit.value_or(true);
  plan.autoLength = false;
  if (run.settings.maxModelLen || run.ggml.contextOfModel) return;
  if (python) {
    plan.maxModelLen = 2048;
  } else if (!expected(since(plan, run, kFitBuild))) {
    plan.maxModelLen = 4096;
  } else if (fits) {
    // What the device holds decides; what the load asks for must fit, and it is never cut below --fit-ctx.
    const std::int64_t least = std::min(run.ggml.fitContext.value_or(4096), trained);
    plan.autoLength = true;
    const std::int64_t requests = std::clamp<std::int64_t>(load.concurrency, 1, plan.maxNumSeqs);
    const std::int64_t asked = timesBytes(requests, std::clamp<std::int64_t>(load.context, 1, trained));
    plan.preallocatedTokens = std::clamp(asked, least, std::max(least, trained));
    return;
  }
}

WhenShort whenShort(const ServingPlan& plan, const EngineRun& run) {
  const GgmlSettings& ggml = run.ggml;
  if (ggml.swaps) return WhenShort::Spills;
  const bool fits = ggml.flavour == Flavour::Server && expected(since(plan, run, kFitBuild)) && ggml.fit.value_or(true);
  // Layers that are written are not moved, nor are any beside a tensor that is placed by hand (common/fit.cpp).
  const bool placed = ggml.gpuLayers || ggml.overridesTensors || ggml.hostExpertLayers > 0;
  if (fits && !placed) return WhenShort::Spills;
  return plan.autoLength ? WhenShort::Shrinks : WhenShort::Refuses;
}

/// Layers of the model on devices, of a + 1 with the output matrix.
std::int64_t deviceLayers(const ServingPlan& plan, const EngineRun& run) {
  const std::int64_t all = plan.architecture->layers + 1;
  if (run.ggml.gpuLayers) return std::min(*run.ggml.gpuLayers, all);
  if (run.ggml.flavour == Flavour::Python || !expected(since(plan, run, kAllLayersBuild))) return 0;
  return all;
}

void plan(ServingPlan& plan, const EstimateInput& input) {
  const EngineRun& run = *input.run;
  const GgmlSettings& ggml = run.ggml;
  plan.format = Format::Gguf;
  if (run.ggml.flavour == Flavour::Python) plan.version.reset();  // its releases count otherwise than builds
  readSlots(plan, run);
  readContext(plan, run, input.load);
  if (!plan.autoLength) plan.preallocatedTokens = paddedCells(plan.maxModelLen, plan.slots);
  const std::int64_t batch = ggml.batch.value_or(run.ggml.flavour == Flavour::Python ? 512 : 2048);
  plan.maxNumBatchedTokens =
      std::max<std::int64_t>(1, std::min({run.settings.maxNumBatchedTokens.value_or(512), batch, plan.maxModelLen}));
  plan.whenShort = whenShort(plan, run);
  plan.blockSize = 256;
  if (input.device.count > 1 && !ggml.oneDevice && plan.pipelineParallel == 1) {
    plan.pipelineParallel = std::clamp<std::int64_t>(input.device.count, 1, std::max<std::int64_t>(plan.architecture->layers, 1));
    plan.layers = ceilDiv(plan.architecture->layers, plan.pipelineParallel);
  }
}

Interval scaled(const Interval& size, Int128 part, Int128 whole) {
  if (whole <= 0) return size;
  const auto one = [&](Bytes bytes) { return static_cast<Bytes>(Int128{bytes} * part / whole); };
  return {one(size.low), one(size.bytes), one(size.high)};
}

void placeWeights(DeviceSizes& sizes, const ServingPlan& plan, const EstimateInput& input) {
  const EngineRun& run = *input.run;
  const Architecture& a = *plan.architecture;
  // Of the file, and of what lies on the device with all layers there: the token table does only where it is the output matrix
  // too. The low end counts with the latter.
  const Int128 embedding = Int128{a.vocab} * a.hidden;
  const Int128 file = std::max<Int128>(Int128{sizes.parameters} - a.visionParameters, 1);
  const Int128 onDevice = std::max<Int128>(file - (a.tiedEmbeddings ? 0 : embedding), 1);
  const auto keep = [&](Int128 taken) {  // all but these parameters stay
    const Bytes low = scaled(sizes.weights, std::max<Int128>(onDevice - taken, 0), onDevice).low;
    sizes.weights = scaled(sizes.weights, std::max<Int128>(file - taken, 0), file);
    sizes.weights.low = low;
  };
  if (const std::int64_t experts = countParameters(a).experts; run.ggml.hostExpertLayers > 0 && experts > 0)
    keep(Int128{experts} * std::min(run.ggml.hostExpertLayers, a.layers) / std::max<std::int64_t>(a.layers, 1));
  if (const std::int64_t layers = deviceLayers(plan, run); layers <= a.layers) {
    keep(a.tiedEmbeddings ? embedding : 2 * embedding);  // the output matrix follows the last layer
    sizes.weights = scaled(sizes.weights, layers, std::max<std::int64_t>(a.layers, 1));
  }
  const bool unsure = !run.ggml.gpuLayers && since(plan, run, kAllLayersBuild) == Certain::Perhaps;  // older builds: none
  if (run.ggml.overridesTensors || unsure) sizes.weights.low = 0;
  if (run.ggml.unevenSplit && plan.pipelineParallel > 1) {
    sizes.weights.low = 0;
    sizes.weights.high = timesBytes(sizes.weights.high, plan.pipelineParallel);
  }
}

Interval cacheOn(const ServingPlan& plan, const EstimateInput& input, const GgmlCell& cell) {
  const EngineRun& run = *input.run;
  if (run.ggml.kvOnHost) return {};
  const Certain windows = run.ggml.fullWindows ? Certain::No : since(plan, run, kWindowBuild);
  Interval kv = ggmlKv(plan, cacheOf(plan), cell, windows);
  const Architecture& a = *plan.architecture;
  if (a.isMla()) {
    const auto part = [&](Int128 elements, Int128 of) { return scaled({kv.bytes, kv.bytes, kv.bytes}, elements, of).bytes; };
    const Int128 latent = Int128{a.kvLoraRank} + a.qkRopeDim;
    const Bytes twice = part(latent + a.kvLoraRank, latent);
    const Bytes expanded = part(Int128{a.heads} * (a.qkNopeDim + a.qkRopeDim + a.vHeadDim), latent);
    if (since(plan, run, kMlaBuild) == Certain::No) kv = {twice, expanded, expanded};
    else if (since(plan, run, kKeysOnlyBuild) == Certain::No) kv = {kv.low, twice, twice};
    else if (since(plan, run, kKeysOnlyBuild) == Certain::Perhaps) kv.high = twice;
  }
  if (const std::int64_t layers = deviceLayers(plan, run); layers < a.layers) kv = scaled(kv, layers, a.layers);
  if (run.ggml.unevenSplit && plan.pipelineParallel > 1) kv = {0, kv.bytes, timesBytes(kv.high, plan.pipelineParallel)};
  return kv;
}

Certain flashOf(const ServingPlan& plan, const EngineRun& run) {
  if (run.ggml.flashAttention) return *run.ggml.flashAttention ? Certain::Yes : Certain::No;
  if (run.ggml.flavour == Flavour::Python) return Certain::No;
  return since(plan, run, kAllLayersBuild);
}

void size(DeviceSizes& sizes, const ServingPlan& plan, const EstimateInput& input) {
  const EngineRun& run = *input.run;
  const std::string_view both = input.kvCacheDtype ? std::string_view(*input.kvCacheDtype) : std::string_view();
  const auto typeOf = [&](const std::string& written) {
    if (!both.empty() && both != "auto") return both;
    if (!written.empty()) return std::string_view(written);
    return run.settings.kvCacheDtype && run.ggml.keyType.empty() && run.ggml.valueType.empty()
               ? std::string_view(*run.settings.kvCacheDtype)
               : std::string_view("f16");
  };
  const GgmlCell cell = ggmlCell(plan, typeOf(run.ggml.keyType), typeOf(run.ggml.valueType));
  const GgmlCache cache = cacheOf(plan);
  sizes.kvBytesPerToken = cell.both();
  sizes.kv = cacheOn(plan, input, cell);
  if (plan.autoLength) {
    const std::int64_t least = std::min({run.ggml.fitContext.value_or(4096), plan.maxModelLen, cache.cells});
    sizes.kv.low = scaled(sizes.kv, least, std::max<std::int64_t>(cache.cells, 1)).low;
  }
  placeWeights(sizes, plan, input);
  sizes.activations = ggmlComputeBuffer(plan, cache, flashOf(plan, run));
  if (plan.pipelineParallel > 1)  // batches overlap: inputs are kept four times
    sizes.activations.high = timesBytes(sizes.activations.high, 2);
  addGgmlRuntime(sizes, plan, cache);
  if (plan.whenShort == WhenShort::Spills) sizes.weights.low = sizes.kv.low = sizes.activations.low = 0;
}

void explain(DeviceSizes& sizes, const ServingPlan& plan, const EstimateInput& input) {
  const EngineRun& run = *input.run;
  const GgmlSettings& ggml = run.ggml;
  if (!run.gguf) sizes.weightsNote += "; the type of the file is not known, counted as Q4_K_M";
  if (const std::int64_t layers = deviceLayers(plan, run); layers <= plan.architecture->layers)
    sizes.weightsNote += fmt::format("; {} of {} layers on the device", layers, plan.architecture->layers);
  if (ggml.hostExpertLayers > 0) sizes.weightsNote += "; experts on the host";
  if (ggml.overridesTensors) sizes.weightsNote += "; --override-tensor moves an unknown part";
  if (plan.whenShort == WhenShort::Spills) sizes.weightsNote += "; what does not fit stays on the host";
  if (ggml.kvOnHost) {
    sizes.kvFrom = "--no-kv-offload: on the host";
  } else if (!plan.architecture->isEncoder()) {
    sizes.kvFrom = fmt::format("{} cells {} {}, {} per cell", plan.preallocatedTokens,
                               plan.slots == 1 ? "shared by" : "divided among",
                               plan.maxNumSeqs == 1 ? "one slot" : fmt::format("{} slots", plan.maxNumSeqs),
                               formatBytes(sizes.kvBytesPerToken));
    if (plan.autoLength)
      sizes.kvFrom += fmt::format("; no --ctx-size: as many of {} as fit, counted for the load", plan.maxModelLen);
    else if (!run.settings.maxModelLen) sizes.kvFrom += ggml.contextOfModel ? "; the model's own context" : "; the default";
    if (plan.architecture->slidingLayers > 0 && !ggml.fullWindows)
      sizes.kvFrom += "; layers with a sliding window keep their window";
  }
  sizes.activationsFrom = fmt::format("compute buffer of {} tokens{}", plan.maxNumBatchedTokens,
                                      flashOf(plan, run) == Certain::No ? " with a matrix of scores" : "");
}

}  // namespace

constinit const Engine llamaCpp{
    .name = "llama.cpp",
    .title = "llama.cpp",
    .kvRule = KvRule::Preallocated,
    .whenShort = WhenShort::Spills,
    .fractionOf = FractionOf::Nothing,
    .flags = {.fraction = {}, .maxLength = "ctx-size", .sequences = {}, .batchTokens = "ubatch-size", .eager = {}},
    .signature = {kPrograms, kModules, kImages, kModelEnv, false},
    .read = read,
    .plan = plan,
    .sizes = size,
    .explain = explain,
    .source = "llama.cpp common/arg.cpp and common/fit.cpp",
};

}  // namespace rightslice::model::engine
