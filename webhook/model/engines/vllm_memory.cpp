// Defaults and parts of vLLM's memory by version and device. Sources: facts/footprint 3 and 4, facts/workloads 4.2; the
// profile run is in vllm_profile.cpp.
#include "model/engines/vllm_memory.hpp"

#include <algorithm>

#include "model/engine_defaults.hpp"
#include "model/engines/engines.hpp"
#include "model/engines/vllm_profile.hpp"

namespace rightslice::model {
namespace {

// The first release with the hybrid KV cache manager.
constexpr Version kHybridCache{0, 10, 0};
// Until this release the fraction also had to hold the CUDA context (pull request 12126).
constexpr Version kContextOutside{0, 7, 0};
// Graphs for whole decoding steps beside those for the pieces between attentions (FULL_AND_PIECEWISE).
constexpr Version kTwoKindsOfGraphs{0, 11, 0};
// What lies outside of PyTorch grew: 0.13 to 0.25 GiB, 0.55 to 2.1 GiB with tensor parallelism on NVLink, where
// allreduce and norm are fused (llm-d-planner, accuracy/accuracy_report.md: 0.17 and 0.18, 0.19).
constexpr Version kFusedAllReduce{0, 18, 0};
// The fraction also has to hold the graphs: "CUDA graph memory profiling is enabled (default since v0.21.0)".
constexpr Version kGraphsInside{0, 21, 0};
// Model runner V2, whose profile does not count the graphs at first.
constexpr Version kSecondRunner{0, 25, 0};

constexpr Bytes mib(std::int64_t count) { return count * kMiB; }

// CUDA context: total - free when the engine starts. About 3.5 MiB per multiprocessor: 0.19 to 0.34 GiB on devices of 16 to
// 48 GB, 0.41 to 0.53 GiB on H100; with NCCL started 1.5 GiB (H100, two ranks). An empty one takes 523.6 MiB on H100 80GB HBM3
// and on H200 (NVML, driver 580.159.04, CUDA 13.0, 2026-11-26). Nobody has published one on MIG, so the high end stays that of
// a whole board.
constexpr Interval kContext{mib(57), mib(512), mib(563)};
constexpr Bytes kContextOfSmall = mib(256);
constexpr Bytes kSmallDevice = 40 * kGiB;
constexpr Interval kContextParallel{mib(256), mib(1567), mib(2560)};

// Outside of PyTorch after that, mostly code of kernels: on H100 0.13 GiB, from 0.18 on 0.24 to 0.27 GiB, 0.46 GiB for Granite;
// on devices of up to 48 GB 0.01 to 0.12 GiB.
constexpr Interval kNonTorch{mib(0), mib(133), mib(205)};
constexpr Interval kNonTorchNow{mib(51), mib(256), mib(512)};
constexpr Bytes kNonTorchOfSmall = mib(82);
constexpr Interval kNonTorchParallel{mib(51), mib(563), mib(1126)};  // 0.55 GiB (NVLink), 1.07 over two nodes
constexpr Bytes kNonTorchParallelOfSmall = mib(205);                 // PCIe
constexpr Interval kNonTorchParallelNow{mib(205), mib(2130), mib(2560)};

void readBatch(ServingPlan& plan, const EstimateInput& input) {
  const Settings& settings = input.run->settings;
  const auto sequences = defaultOf(engine::vllm, Default::MaxNumSeqs, plan.version, input.device);
  const auto batch = defaultOf(engine::vllm, Default::MaxNumBatchedTokens, plan.version, input.device);
  std::int64_t tokens = batch ? static_cast<std::int64_t>(batch->value) : 2048;
  const bool v0 = isV0(plan, input);
  if (v0) {
    // Without chunked prefill the longest sequence is a batch. Chunks are the default above 32768, not with images.
    const bool chunked = plan.maxModelLen > 32768 && !input.architecture->vision;
    tokens = chunked ? 2048 : std::max<std::int64_t>(plan.maxModelLen, 2048);
  }
  // Without chunks a prompt is one batch (engine/arg_utils.py).
  if (settings.wholePrompts) tokens = std::max(tokens, plan.maxModelLen);
  if (!settings.maxNumSeqs) plan.maxNumSeqs = sequences && !v0 ? static_cast<std::int64_t>(sequences->value) : 256;
  if (!settings.maxNumBatchedTokens)
    plan.maxNumBatchedTokens = std::max(tokens, settings.maxNumSeqs ? plan.maxNumSeqs : 0);
  if (!settings.maxNumSeqs) plan.maxNumSeqs = std::min(plan.maxNumSeqs, plan.maxNumBatchedTokens);
}

/// How many batch sizes are captured up to `most`: 1, 2, 4, then steps of 8 to 256 and of 16 from there.
std::int64_t captureSizes(std::int64_t most) {
  const std::int64_t few = most >= 4 ? 3 : most >= 2 ? 2 : 1;
  return few + std::min<std::int64_t>(most, 256) / 8 + std::max<std::int64_t>(0, most - 256) / 16;
}

/// CUDA graphs. From 0.11 on 0.21 MiB for each layer and captured size, which eight models of 24 to 80 layers with 102 sizes
/// meet within a third (0.67 to 1.79 GiB; llm-d-planner, accuracy/results/v0.19.0/logs); twice that with experts. Before: 0.07
/// to 0.7 GiB for models of up to 8e9 parameters, 1.0 and more for large ones. Freed caches can make the figure negative.
Interval graphsOf(const ServingPlan& plan, const EstimateInput& input, std::int64_t parameters) {
  if (input.run->settings.enforceEager || input.architecture->isEncoder()) return {};
  const bool two = plan.version && *plan.version >= kTwoKindsOfGraphs;
  if (!two) {
    constexpr std::int64_t kLargeModel = 15'000'000'000;
    return parameters > kLargeModel ? Interval{0, mib(1024), mib(1434)} : Interval{0, mib(614), mib(717)};
  }
  constexpr std::int64_t kLargestGraph = 512;  // by default; --max-cudagraph-capture-size and its like say another
  const std::int64_t largest =
      std::min(input.run->settings.graphBatch.value_or(kLargestGraph), timesBytes(2, plan.maxNumSeqs));
  const std::int64_t sizes = captureSizes(largest) + captureSizes(std::min(largest, plan.maxNumSeqs));
  const Bytes each = input.architecture->experts > 0 ? mib(43) / 100 : mib(21) / 100;
  const Bytes expected = plusBytes(mib(64), timesBytes(each, timesBytes(sizes, plan.layers)));
  return {0, expected, plusBytes(expected / 2 * 3, mib(64))};
}

}  // namespace

void planVllm(ServingPlan& plan, const EstimateInput& input) {
  // Ranks of data parallelism share the experts, with --enable-expert-parallel or without (fused_moe/config.py).
  plan.expertReplicas = std::clamp<std::int64_t>(input.run->settings.dataParallelSize.value_or(1), 1, 1 << 16);
  if (!input.run->settings.blockSize) plan.blockSize = 16;
  readBatch(plan, input);
  plan.windowAware =
      !input.run->settings.hybridCacheDisabled && plan.version && *plan.version >= kHybridCache;
  const auto counted = input.run->settings.vllm.graphEstimate;
  if (counted && plan.version && *plan.version >= Version{0, 19, 0}) {
    plan.graphsInFraction = *counted ? GraphsInFraction::Yes : GraphsInFraction::No;
  } else if (!plan.version || *plan.version >= kSecondRunner) {
    plan.graphsInFraction = GraphsInFraction::Maybe;
  } else {
    plan.graphsInFraction = *plan.version >= kGraphsInside ? GraphsInFraction::Yes : GraphsInFraction::No;
  }
}

void sizeVllm(DeviceSizes& sizes, const ServingPlan& plan, const EstimateInput& input) {
  const ProfileRun run = profileRun(plan, input);
  sizes.activations = run.bytes;
  sizes.peak = run.peak;
  sizes.imagesCounted = input.architecture->visionEncoder.has_value();
  sizes.graphs = graphsOf(plan, input, sizes.parameters);
  const bool tensor = plan.tensorParallel > 1;
  const bool small = input.device.memory && *input.device.memory < kSmallDevice;
  sizes.context = tensor || plan.pipelineParallel > 1 ? kContextParallel : kContext;
  if (!tensor && small) sizes.context.bytes = kContextOfSmall;
  // Of a version that is not known the old figures are expected, and the new ones possible.
  const Interval& before = tensor ? kNonTorchParallel : kNonTorch;
  const Interval& after = tensor ? kNonTorchParallelNow : kNonTorchNow;
  sizes.nonTorch = plan.version && *plan.version >= kFusedAllReduce ? after : before;
  if (!plan.version) sizes.nonTorch.high = after.high;
  const bool contextInside = plan.version && *plan.version < kContextOutside;
  if (small && !contextInside) sizes.nonTorch.bytes = tensor ? kNonTorchParallelOfSmall : kNonTorchOfSmall;
  if (contextInside) {
    sizes.nonTorch.low += sizes.context.low;
    sizes.nonTorch.bytes += sizes.context.bytes;
    sizes.nonTorch.high += sizes.context.high;
    sizes.context = {};
  }
}

}  // namespace rightslice::model
