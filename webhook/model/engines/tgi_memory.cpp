// TGI's defaults and the parts of its memory (launcher/src/main.rs and server/text_generation_server/models/flash_causal_lm.py).
#include "model/engines/tgi_memory.hpp"

#include <algorithm>
#include <bit>

#include "model/engine_defaults.hpp"
#include "model/engines/engines.hpp"

namespace rightslice::model {
namespace {

constexpr Bytes mib(std::int64_t count) { return count * kMiB; }

// From here the longest sequence is what fits, chunks are computed from the GPU's speed, and 10 % of the device stay free.
constexpr Version kThree{3, 0, 0};
// Before, the trial run keeps the logits of all its tokens. Fit on one public log (2.2.0, A10G, Llama-3.1-8B: 19056 tokens).
constexpr Version kFewLogits{3, 1, 0};
constexpr std::int64_t kLogitHalfBytes = 14;

constexpr Interval kContext{mib(205), mib(460), mib(700)};
constexpr Interval kBuffers{0, mib(128), mib(512)};  // workspace of FlashInfer; NCCL on top
constexpr Interval kCollectives{mib(51), mib(410), mib(820)};
constexpr Bytes kGraph = mib(30), kLargeGraph = mib(100);

constexpr std::int64_t kUnknownCard = 4096;  // tokens of a batch of prompts where the launcher does not know the GPU
// Operations per second of the cards in the launcher's list that can be cut into slices: H100 80GB HBM3, A100.
constexpr double kHopper = 900e12, kAmpere = 312e12;

/// Tokens for which a known card is busy for a second, as the launcher of 3.x computes it.
std::int64_t tokensOfASecond(const Architecture& a, double operations) {
  const double h = static_cast<double>(a.hidden), d = static_cast<double>(a.headDim);
  const double attention = 2 * h * d * (3 * static_cast<double>(a.heads) + 2 * static_cast<double>(a.kvHeads));
  const double experts = static_cast<double>(std::max<std::int64_t>(a.expertsPerToken, 1));
  const double layer = attention + 6 * h * static_cast<double>(a.intermediate) * experts;
  const double tokens = operations / std::max(layer * static_cast<double>(std::max<std::int64_t>(a.layers, 1)), 1.0);
  return tokens > 100 ? static_cast<std::int64_t>(std::min(tokens, 1e9)) : kUnknownCard;
}

struct PrefillTokens {
  std::int64_t low, expected, high;
};

PrefillTokens prefillTokens(const ServingPlan& plan, const EstimateInput& input) {
  const Settings& settings = input.run->settings;
  if (settings.maxNumBatchedTokens) return {plan.maxNumBatchedTokens, plan.maxNumBatchedTokens, plan.maxNumBatchedTokens};
  const std::int64_t positions = std::max<std::int64_t>(plan.architecture->maxPositions, 1);
  const std::int64_t usual = std::min(kUnknownCard, positions);
  if (plan.version && *plan.version < kThree) {
    const std::int64_t tokens = settings.maxInputTokens ? std::min<std::int64_t>(*settings.maxInputTokens, 1 << 30) + 50
                                                        : std::min<std::int64_t>(positions - 1, 4095) + 50;
    return {tokens, tokens, tokens};
  }
  if (plan.architecture->vision) return {usual, usual, std::min<std::int64_t>(8000, positions)};
  const std::int64_t known = tokensOfASecond(*plan.architecture, input.device.isA100 ? kAmpere : kHopper);
  return {usual, usual, std::max(usual, std::min(known, positions))};
}

bool keepsLogits(const ServingPlan& plan) { return plan.version && *plan.version < kFewLogits; }

Bytes logitsOf(const ServingPlan& plan, std::int64_t tokens) {
  return timesBytes(timesBytes(tokens, plan.architecture->vocab), kLogitHalfBytes) / 2;
}

std::int64_t graphCount(const ServingPlan& plan) {  // 1, 2, 4, 8, ...
  return static_cast<std::int64_t>(std::bit_width(static_cast<std::uint64_t>(std::max<std::int64_t>(plan.graphBatch, 0))));
}

}  // namespace

void planTgi(ServingPlan& plan, const EstimateInput& input) {
  const Settings& settings = input.run->settings;
  const bool three = !plan.version || *plan.version >= kThree;
  // Without --num-shard it takes all devices of the container (find_num_shards).
  if (!settings.tensorParallelSize) plan.tensorParallel = std::clamp<std::int64_t>(input.device.count, 1, 64);
  plan.poolIsCap = true;  // --max-batch-total-tokens is a wish: flash attention models take what is free
  plan.blockSize = three ? 1 : 16;
  plan.deviceFraction = settings.deviceFraction.value_or(1);
  if (settings.maxModelLen) {
    plan.whenShort = WhenShort::Refuses;
  } else if (!three) {
    plan.whenShort = WhenShort::Refuses;
    plan.maxModelLen =
        std::min(plan.maxModelLen, countOf(engine::tgi, Default::ContextLength, plan.version, input.device, 4096));
  } else {
    plan.autoLength = true;
  }
  const std::int64_t requests = countOf(engine::tgi, Default::MaxNumSeqs, plan.version, input.device, 128);
  plan.maxNumSeqs = std::min(settings.maxConcurrentRequests.value_or(requests), settings.maxNumSeqs.value_or(1 << 20));
  plan.maxNumSeqs = std::max<std::int64_t>(plan.maxNumSeqs, 1);
  const PrefillTokens tokens = prefillTokens(plan, input);
  plan.maxNumBatchedTokens = std::max<std::int64_t>(tokens.expected, 1);
  plan.startTokens = tokens.low;
  plan.graphBatch =
      settings.graphBatch.value_or(countOf(engine::tgi, Default::GraphBatch, plan.version, input.device, 32));
  if (plan.version && *plan.version < kThree) plan.fractionOf = FractionOf::FreeAfterLoad;
  else if (!plan.version && !settings.memoryFraction) plan.fractionHigh = 1;  // before 3.0 a part of what is left, not of all
}

void sizeTgi(DeviceSizes& sizes, const ServingPlan& plan, const EstimateInput& input) {
  const PrefillTokens tokens = prefillTokens(plan, input);
  const Interval least = forwardPassOn(plan, tokens.low), usual = forwardPassOn(plan, tokens.expected);
  const Interval most = forwardPassOn(plan, tokens.high);
  sizes.activations = {least.bytes / 2, usual.bytes, most.high};
  if (keepsLogits(plan)) {
    sizes.activations.low = plusBytes(sizes.activations.low, logitsOf(plan, tokens.low) / 2);
    sizes.activations.bytes = plusBytes(sizes.activations.bytes, logitsOf(plan, tokens.expected));
    sizes.activations.high = plusBytes(sizes.activations.high, logitsOf(plan, tokens.high) / 10 * 12);
    sizes.activationsFrom = "trial run of --max-batch-prefill-tokens with the logits of all its tokens, fitted on one run";
  } else {
    if (!plan.version)
      sizes.activations.high = std::max(sizes.activations.high, plusBytes(usual.high, logitsOf(plan, tokens.low)));
    sizes.activationsFrom =
        input.run->settings.maxNumBatchedTokens
            ? "trial run of --max-batch-prefill-tokens, by formula, not measured"
            : "trial run of --max-batch-prefill-tokens; the default is 4096, and more on a GPU that TGI knows by its name";
  }
  if (!input.run->settings.enforceEager) {
    const std::int64_t count = graphCount(plan);
    sizes.graphs = {0, kGraph * count, kLargeGraph * count};
    sizes.graphsFrom = "CUDA graphs for batches of --cuda-graphs, not measured";
  } else {
    sizes.graphsFrom = "none with --cuda-graphs 0 or bitsandbytes";
  }
  sizes.context = kContext;
  sizes.nonTorch = kBuffers;
  if (plan.tensorParallel > 1) {
    sizes.nonTorch = {sizes.nonTorch.low + kCollectives.low, sizes.nonTorch.bytes + kCollectives.bytes,
                      sizes.nonTorch.high + kCollectives.high};
  }
  sizes.runtimeFrom = "CUDA context and workspace of the attention kernels, not measured";
}

}  // namespace rightslice::model
