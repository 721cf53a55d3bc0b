// Defaults and parts of vLLM's memory by version and device. Sources: facts/footprint 3 and 4, facts/workloads 4.2.
#include "model/engines/vllm_memory.hpp"

#include <algorithm>

#include "model/engine_defaults.hpp"
#include "model/engines/engines.hpp"

namespace rightslice::model {
namespace {

// The first release with the V1 engine by default, and with the hybrid KV cache manager.
constexpr Version kV1{0, 8, 0}, kHybridCache{0, 10, 0};
// From about this release the fraction also has to hold the graphs.
constexpr Version kGraphsInside{0, 20, 0};

constexpr Bytes mib(std::int64_t count) { return count * kMiB; }

// CUDA context, and what vLLM's own processes take outside of PyTorch (facts/footprint 3 and 8).
constexpr Interval kContext{mib(205), mib(512), mib(563)};
constexpr Interval kNonTorch{mib(51), mib(133), mib(154)};
constexpr Interval kNonTorchParallel{mib(51), mib(410), mib(820)};  // with NCCL's buffers
constexpr Interval kGraphs{0, mib(614), mib(717)};
constexpr Interval kGraphsOfLarge{0, mib(1024), mib(1127)};
constexpr std::int64_t kLargeModel = 15'000'000'000;

void readBatch(ServingPlan& plan, const EstimateInput& input) {
  const Settings& settings = input.run->settings;
  const auto sequences = defaultOf(engine::vllm, Default::MaxNumSeqs, plan.version, input.device);
  const auto batch = defaultOf(engine::vllm, Default::MaxNumBatchedTokens, plan.version, input.device);
  std::int64_t tokens = batch ? static_cast<std::int64_t>(batch->value) : 2048;
  // V0 without chunked prefill takes the longest sequence as a batch.
  if (plan.version && *plan.version < kV1)
    tokens = plan.maxModelLen <= 32768 ? std::max<std::int64_t>(plan.maxModelLen, 2048) : 2048;
  // Without chunks a prompt is one batch (engine/arg_utils.py).
  if (settings.wholePrompts) tokens = std::max(tokens, plan.maxModelLen);
  if (!settings.maxNumSeqs) plan.maxNumSeqs = sequences ? static_cast<std::int64_t>(sequences->value) : 256;
  if (!settings.maxNumBatchedTokens)
    plan.maxNumBatchedTokens = std::max(tokens, settings.maxNumSeqs ? plan.maxNumSeqs : 0);
  if (!settings.maxNumSeqs) plan.maxNumSeqs = std::min(plan.maxNumSeqs, plan.maxNumBatchedTokens);
}

}  // namespace

void planVllm(ServingPlan& plan, const EstimateInput& input) {
  // Ranks of data parallelism share the experts, with --enable-expert-parallel or without (fused_moe/config.py).
  plan.expertReplicas = std::clamp<std::int64_t>(input.run->settings.dataParallelSize.value_or(1), 1, 1 << 16);
  if (!input.run->settings.blockSize) plan.blockSize = 16;
  readBatch(plan, input);
  plan.windowAware =
      !input.run->settings.hybridCacheDisabled && plan.version && *plan.version >= kHybridCache;
  plan.graphsInFraction = !plan.version ? GraphsInFraction::Maybe
                          : *plan.version >= kGraphsInside ? GraphsInFraction::Yes
                                                           : GraphsInFraction::No;
}

void sizeVllm(DeviceSizes& sizes, const ServingPlan& plan, const EstimateInput& input) {
  sizes.activations = activationsOn(plan, *input.run);
  sizes.context = kContext;
  sizes.nonTorch = plan.tensorParallel > 1 || plan.pipelineParallel > 1 ? kNonTorchParallel : kNonTorch;
  if (!input.run->settings.enforceEager && !input.architecture->isEncoder())
    sizes.graphs = sizes.parameters > kLargeModel ? kGraphsOfLarge : kGraphs;
}

}  // namespace rightslice::model
