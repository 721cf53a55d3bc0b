// KV cache. Formulas: facts/footprint 2.
#include <algorithm>

#include "model/device_sizes.hpp"

namespace rightslice::model {
namespace {

constexpr std::int64_t kWhisperEncoderTokens = 2048;  // cross-attention blocks that vLLM reserves per request

Bytes perLayerAndToken(const ServingPlan& plan) {
  const Architecture& a = *plan.architecture;
  if (a.isEncoder()) return 0;
  Int128 elements = 0;
  if (a.isMla()) {
    if (plan.kvBitsTwice == 18) return 656;  // fp8_ds_mla
    elements = Int128{a.kvLoraRank} + a.qkRopeDim;
  } else {
    elements = Int128{2} * std::max<std::int64_t>(1, ceilDiv(a.kvHeads, plan.tensorParallel)) * a.headDim;
  }
  const Int128 bytes = (elements * plan.kvBitsTwice + 15) / 16;
  return bytes > kMaxBytes ? kMaxBytes : static_cast<Bytes>(bytes);
}

std::int64_t inBlocks(const ServingPlan& plan, std::int64_t tokens) {
  return timesBytes(ceilDiv(tokens, plan.blockSize), plan.blockSize);
}

}  // namespace

Bytes kvBytesPerToken(const ServingPlan& plan) { return timesBytes(plan.layers, perLayerAndToken(plan)); }

Interval kvOfSequence(const ServingPlan& plan, std::int64_t tokens) {
  const Architecture& a = *plan.architecture;
  if (a.family == "whisper") tokens = inBlocks(plan, tokens) + kWhisperEncoderTokens;
  const Bytes layer = perLayerAndToken(plan);
  const Bytes full = timesBytes(inBlocks(plan, tokens), timesBytes(plan.layers, layer));
  const std::int64_t sliding = ceilDiv(a.slidingLayers, plan.pipelineParallel);
  if (sliding == 0 || a.slidingWindow == 0) return {full, full, full};

  // A sliding layer holds its window and what one batch adds, plus a block that is cut into.
  const std::int64_t window = a.slidingWindow - 1 + plan.maxNumBatchedTokens;
  const std::int64_t held = window < tokens ? std::min(inBlocks(plan, tokens), inBlocks(plan, window) + plan.blockSize)
                                            : inBlocks(plan, tokens);
  const std::int64_t fullLayers = std::max<std::int64_t>(0, plan.layers - sliding);
  const auto sizeWith = [&](std::int64_t fulls, std::int64_t slidings) {
    return plusBytes(timesBytes(timesBytes(fulls, layer), inBlocks(plan, tokens)),
                     timesBytes(timesBytes(slidings, layer), held));
  };
  const Bytes cut = sizeWith(fullLayers, sliding);
  if (!plan.windowAware) return {cut, full, full};
  // vLLM's hybrid manager: groups of g layers, the last of each kind padded.
  std::int64_t group = std::max<std::int64_t>(1, std::min(fullLayers, sliding));
  if (fullLayers == 0) group = sliding;
  else if (2 * std::max(fullLayers, sliding) <= 3 * group) group = std::max(fullLayers, sliding);
  const Bytes grouped = sizeWith(ceilDiv(fullLayers, group) * group, ceilDiv(sliding, group) * group);
  return {cut, std::clamp(grouped, cut, std::max(cut, full)), std::max(full, cut)};
}

}  // namespace rightslice::model
