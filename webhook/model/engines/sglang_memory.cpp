// SGLang's defaults and the parts of its memory. Its memory fraction is computed from device, batch and graphs; the formula
// changed three times (srt/server_args.py of 0.3.6, 0.4.8, 0.5.3 and 0.5.10; srt/arg_groups/memory_hook.py from 0.5.19 on).
#include "model/engines/sglang_memory.hpp"

#include <algorithm>
#include <cmath>

#include "model/engine_defaults.hpp"
#include "model/engines/engines.hpp"

namespace rightslice::model {
namespace {

constexpr Bytes mib(std::int64_t count) { return count * kMiB; }

// What is gone when SGLang first looks, in logs of 0.4.2 to 0.5.8: total less "Load weight begin. avail mem".
constexpr Interval kContext{mib(205), mib(640), mib(1100)};
constexpr Interval kCollectives{mib(51), mib(410), mib(820)};
// Workspace of FlashInfer's kernels, 512 MiB for Qwen (layers/attention/flashinfer_backend.py); FlashAttention 3 takes none.
constexpr Bytes kWorkspace = mib(384), kMostWorkspace = mib(640);
// Of "mem usage" in logs beyond the weights: rounding of PyTorch's allocator and what loading leaves behind.
constexpr Bytes kLoading = mib(64);
constexpr std::int64_t kExtraPositions = 4;  // per row of the table of requests
constexpr std::int64_t kMostRequests = 4096;

enum class Heuristic { ByRanks, ByDevice, ByBatch, ByBatchAndPrefillGraphs };
struct HeuristicOfRelease {
  Heuristic heuristic;
  Version from, before;
};
constexpr HeuristicOfRelease kHeuristics[] = {
    {Heuristic::ByRanks, {0, 0, 0}, {0, 4, 8}},
    {Heuristic::ByDevice, {0, 4, 8}, {0, 5, 3}},
    {Heuristic::ByBatch, {0, 5, 3}, {0, 5, 10}},
    {Heuristic::ByBatchAndPrefillGraphs, {0, 5, 10}, {1 << 20, 0, 0}},
};
// From about here graphs that are switched off are not reserved for.
constexpr Version kReservesForGraphsInUse{0, 5, 13};

struct Batch {
  std::int64_t tokens, graphs;
};

/// Tokens of a chunk and the largest batch of the graphs of decoding, as written or as the release takes them.
Batch batchOf(const ServingPlan& plan, const EstimateInput& input, std::optional<Version> version) {
  const Settings& settings = input.run->settings;
  Batch batch{};
  batch.tokens = settings.maxNumBatchedTokens.value_or(
      countOf(engine::sglang, Default::MaxNumBatchedTokens, version, input.device, 4096));
  if (settings.wholePrompts) batch.tokens = std::max(settings.maxPrefillTokens.value_or(16384), plan.maxModelLen);
  const Default setting = plan.tensorParallel < 4 ? Default::GraphBatch : Default::GraphBatchParallel;
  batch.graphs = settings.graphBatch.value_or(countOf(engine::sglang, setting, version, input.device, 160));
  batch.tokens = std::min(batch.tokens, std::int64_t{1} << 40);
  batch.graphs = std::min(batch.graphs, std::int64_t{1} << 20);
  return batch;
}

/// Batch sizes up to `largest` that graphs of decoding are captured for: 1, 2, 4, 8, 12, then every 8th, 16th and 32nd.
std::int64_t decodeGraphs(std::int64_t largest) {
  constexpr std::int64_t kFirst[] = {1, 2, 4, 8, 12};
  std::int64_t count =
      std::count_if(std::begin(kFirst), std::end(kFirst), [&](std::int64_t size) { return size <= largest; });
  if (largest >= 16) count += (std::min<std::int64_t>(largest, 256) - 16) / 8 + 1;
  if (largest >= 272) count += (std::min<std::int64_t>(largest, 511) - 272) / 16 + 1;
  if (largest >= 512) count += (largest - 512) / 32 + 1;
  return count;
}

/// Numbers of tokens up to `largest` that graphs of prompts are captured for.
std::int64_t prefillGraphs(std::int64_t largest) {
  constexpr struct {
    std::int64_t first, last, step;
  } kSteps[] = {{4, 32, 4},      {48, 256, 16},     {288, 512, 32},
                {576, 1024, 64}, {1280, 4096, 256}, {4608, std::int64_t{1} << 40, 512}};
  std::int64_t count = 0;
  for (const auto& [first, last, step] : kSteps) {
    if (largest >= first) count += (std::min(largest, last) - first) / step + 1;
  }
  return count;
}

bool hasPrefillGraphs(const ServingPlan& plan, const EstimateInput& input, Heuristic heuristic) {
  const Settings& settings = input.run->settings;
  if (settings.prefillGraphs) return *settings.prefillGraphs;
  return heuristic == Heuristic::ByBatchAndPrefillGraphs && plan.pipelineParallel == 1 && plan.format != Format::Gguf &&
         !(plan.architecture->vision && !settings.textOnly);
}

double reservedMiB(Heuristic heuristic, const ServingPlan& plan, const EstimateInput& input, const Batch& batch, double device) {
  const double ranks = static_cast<double>(plan.tensorParallel) * static_cast<double>(plan.pipelineParallel);
  if (heuristic == Heuristic::ByDevice) {
    if (device < 35 * 1024) return (2.8 + ranks / 10) * 1024;
    if (device < 90 * 1024) return (9.5 + ranks / 2) * 1024;
    if (device < 160 * 1024) return (12 + ranks / 2) * 1024;
    return 32 * 1024;
  }
  const Settings& settings = input.run->settings;
  double reserved = 512 + static_cast<double>(std::max<std::int64_t>(batch.tokens, 2048)) * 1.5 + ranks * 1024 / 8;
  if (!(settings.enforceEager && plan.version && *plan.version >= kReservesForGraphsInUse))
    reserved += static_cast<double>(batch.graphs) * 2;
  if (hasPrefillGraphs(plan, input, heuristic)) {
    const std::int64_t most = std::min(batch.tokens, settings.poolTokens.value_or(batch.tokens));
    reserved += plan.architecture->isMla() ? 1.5 * 1024 : static_cast<double>(prefillGraphs(most)) * 8;
  }
  return device > 60 * 1024 ? std::max(reserved, 10.0 * 1024) : reserved;
}

double fractionBy(const HeuristicOfRelease& of, const ServingPlan& plan, const EstimateInput& input) {
  if (of.heuristic == Heuristic::ByRanks) {
    const std::int64_t ranks = plan.tensorParallel;
    return ranks >= 16 ? 0.79 : ranks >= 8 ? 0.81 : ranks >= 4 ? 0.85 : ranks >= 2 ? 0.87 : 0.88;
  }
  if (!input.device.memory || *input.device.memory <= 0) return 0.88;
  const double device = static_cast<double>(*input.device.memory / kMiB);
  const Batch batch = batchOf(plan, input, plan.version.value_or(of.from));
  const double reserved = reservedMiB(of.heuristic, plan, input, batch, device);
  const double fraction = std::round((device - reserved) / std::max(device, 1.0) * 1000) / 1000;
  return std::clamp(fraction, 0.0, 0.99);
}

/// The fraction that SGLang computes where none is written.
void readFraction(ServingPlan& plan, const EstimateInput& input) {
  bool first = true;
  for (const HeuristicOfRelease& of : kHeuristics) {
    if (plan.version && !(*plan.version >= of.from && *plan.version < of.before)) continue;
    const double fraction = fractionBy(of, plan, input);
    plan.fractionLow = first ? fraction : std::min(plan.fractionLow, fraction);
    plan.fractionHigh = first ? fraction : std::max(plan.fractionHigh, fraction);
    plan.fraction = fraction;
    first = false;
  }
  if (plan.architecture->vision && !input.run->settings.textOnly) {  // less for image encoders, by their size
    plan.fractionLow *= 0.95 * 0.8;
    plan.fraction *= 0.95;
  }
  if (input.run->places.contains("speculative-algorithm") && input.device.memory && *input.device.memory > 0) {
    const double draft = static_cast<double>(6 * kGiB) / static_cast<double>(*input.device.memory);
    plan.fractionLow = std::max(0.0, plan.fractionLow - draft);
  }
}

/// The table of requests: one row of token places for each request that may run, on the device (mem_cache/memory_pool.py).
Bytes tableOfRequests(const ServingPlan& plan, std::int64_t requests) {
  return timesBytes(timesBytes(requests + 1, plan.maxModelLen + kExtraPositions), 4);
}

}  // namespace

void planSglang(ServingPlan& plan, const EstimateInput& input) {
  const Settings& settings = input.run->settings;
  plan.poolIsCap = true;
  plan.blockSize = settings.blockSize.value_or(1);
  if (!settings.maxNumSeqs)
    plan.maxNumSeqs = countOf(engine::sglang, Default::MaxNumSeqs, plan.version, input.device, 2048);
  const Batch batch = batchOf(plan, input, plan.version);
  plan.maxNumBatchedTokens = batch.tokens;
  plan.graphBatch = settings.maxNumSeqs ? std::min(batch.graphs, std::max<std::int64_t>(plan.maxNumSeqs, 1)) : batch.graphs;
  if (!settings.memoryFraction) readFraction(plan, input);
}

void sizeSglang(DeviceSizes& sizes, const ServingPlan& plan, const EstimateInput& input) {
  const Settings& settings = input.run->settings;
  const Architecture& a = *plan.architecture;
  sizes.weights.bytes = plusBytes(sizes.weights.bytes, kLoading);
  sizes.weights.high = plusBytes(sizes.weights.high, 4 * kLoading);

  sizes.activations = forwardPassOn(plan, plan.maxNumBatchedTokens);
  // Logits of the last tokens and their probabilities, in 16 and 32 bit, for the sequences that run.
  if (!a.isEncoder() && !settings.pooling) {
    const Bytes logits = timesBytes(timesBytes(plan.concurrency, a.vocab), 14);
    sizes.activations.bytes = plusBytes(sizes.activations.bytes, logits);
    sizes.activations.high = plusBytes(sizes.activations.high, timesBytes(logits, 3));
  }
  sizes.activationsFrom = "one chunk of --chunked-prefill-size tokens through the layers, by formula, not measured";

  if (a.isEncoder()) {
    sizes.graphsFrom = "an encoder captures none";
  } else {
    // By logs: 23 MiB for each batch size on models up to 8B, 40 to 75 MiB with tensor parallelism; prompts: SGLang's own 8 MiB.
    std::int64_t decode = settings.enforceEager ? 0 : decodeGraphs(plan.graphBatch);
    const bool early = plan.version && *plan.version < Version{0, 5, 10};
    const Heuristic newest = early ? Heuristic::ByBatch : Heuristic::ByBatchAndPrefillGraphs;
    std::int64_t prompts = hasPrefillGraphs(plan, input, newest) ? prefillGraphs(plan.maxNumBatchedTokens) : 0;
    decode = std::min<std::int64_t>(decode, 4096);
    prompts = std::min<std::int64_t>(prompts, 4096);
    sizes.graphs = {0, mib(decode * 23 + prompts * 8), mib(decode * 40 + prompts * 32 + (decode > 0 ? 128 : 0))};
    if (plan.tensorParallel > 1) sizes.graphs.high = plusBytes(sizes.graphs.high, mib(decode * 40));
    sizes.graphsFrom = "CUDA graphs for batches up to --cuda-graph-max-bs, by what logs show for each size";
  }

  sizes.context = kContext;
  const Bytes workspace = settings.workspaceBytes.value_or(kWorkspace);
  const std::int64_t most = settings.maxNumSeqs ? plan.maxNumSeqs : std::max(plan.maxNumSeqs, kMostRequests);
  sizes.nonTorch = {0, plusBytes(workspace, tableOfRequests(plan, plan.maxNumSeqs)),
                    plusBytes(std::max(workspace, settings.workspaceBytes ? 0 : kMostWorkspace), tableOfRequests(plan, most))};
  if (plan.tensorParallel > 1 || plan.pipelineParallel > 1) {
    sizes.nonTorch.low += kCollectives.low;
    sizes.nonTorch.bytes = plusBytes(sizes.nonTorch.bytes, kCollectives.bytes);
    sizes.nonTorch.high = plusBytes(sizes.nonTorch.high, kCollectives.high);
  }
  sizes.runtimeFrom =
      "CUDA context, workspace of the attention kernels, and 4 B for each position of --max-running-requests x --context-length";
}

}  // namespace rightslice::model
