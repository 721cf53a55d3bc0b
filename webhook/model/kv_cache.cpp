// KV cache and the state of recurrent layers. Formulas: facts/footprint 2.
#include <algorithm>

#include "model/device_sizes.hpp"
#include "model/recurrent.hpp"

namespace rightslice::model {
namespace {

// vLLM reserves cross-attention blocks for Whisper's 1500 frames as for 2048 tokens (facts/footprint 2, T101).
constexpr std::int64_t kReservedEncoderTokens = 2048;
// vLLM 0.7.x padded MLA's 576 elements to 640 (facts/footprint 2, T056).
constexpr Version kPaddedMla{0, 7, 0}, kUnpaddedMla{0, 8, 0};
constexpr std::int64_t kMlaAlignment = 128;
constexpr std::int64_t kScaleGroup = 128;  // elements of an index key for one scale of 4 bytes

Bytes saturated(Int128 value) { return value > kMaxBytes ? kMaxBytes : static_cast<Bytes>(value); }

Int128 inBytes(Int128 elements, std::int64_t bitsTwice) { return (elements * bitsTwice + 15) / 16; }

Bytes latent(const ServingPlan& plan) {
  const Architecture& a = *plan.architecture;
  constexpr std::int64_t kFp8DsMla = 18;
  Int128 bytes = 656;  // vLLM's fp8_ds_mla: 512 of fp8, 16 of scales, 64 rotary elements in 16 bit
  if (plan.kvBitsTwice != kFp8DsMla) {
    std::int64_t elements = a.kvLoraRank + a.qkRopeDim;
    if (plan.version && *plan.version >= kPaddedMla && *plan.version < kUnpaddedMla)
      elements = ceilDiv(elements, kMlaAlignment) * kMlaAlignment;
    bytes = inBytes(elements, plan.kvBitsTwice) + plan.kvHeadBytes;
  }
  // DeepSeek-V3.2's indexer keeps one key a token in fp8 with its scale (vLLM, DeepseekV32IndexerCache).
  if (a.indexHeadDim > 0) bytes += a.indexHeadDim + 4 * ceilDiv(a.indexHeadDim, kScaleGroup);
  return saturated(bytes);
}

Bytes perLayerAndToken(const ServingPlan& plan, const AttentionShape& shape) {
  const Architecture& a = *plan.architecture;
  if (a.isEncoder()) return 0;
  if (a.isMla()) return latent(plan);
  const std::int64_t heads = shape.kvHeads > 0 ? shape.kvHeads : a.kvHeads;
  const std::int64_t key = shape.headDim > 0 ? shape.headDim : a.headDim;
  const std::int64_t value = shape.vHeadDim > 0 ? shape.vHeadDim : a.vHeadDim > 0 ? a.vHeadDim : key;
  // TurboQuant's slot of a head is a whole even number of bytes; of all other types it is one anyhow.
  const Int128 slot = inBytes(key, plan.kvBitsTwice) + inBytes(value, plan.kvValueBitsTwice) + plan.kvHeadBytes +
                      2 * plan.kvHeadScaleBytes;
  const bool packed = plan.kvHeadBytes > 0 && slot % 2 != 0;
  return saturated((slot + (packed ? 1 : 0)) * std::max<std::int64_t>(1, ceilDiv(heads, plan.tensorParallel)));
}

std::int64_t inBlocks(const ServingPlan& plan, std::int64_t tokens) {
  return timesBytes(ceilDiv(tokens, plan.blockSize), plan.blockSize);
}

/// The state of recurrent layers for one sequence. Convolutions are kept in 16 bit; the recurrent part in 16 or 32 bit, by
/// engine and flag. vLLM pads attention blocks and states to pages of one size and rounds up to whole groups of layers:
/// the high end.
Interval stateOfSequence(const ServingPlan& plan, const KvPerToken& attention) {
  const Architecture& a = *plan.architecture;
  if (a.recurrent.layers == 0) return {};
  const RecurrentState state = recurrentState(a);
  const std::int64_t layers = ceilDiv(a.recurrent.layers, plan.pipelineParallel);
  const auto with = [&](std::int64_t convBytes, std::int64_t stateBytes) {
    const Bytes layer = plusBytes(timesBytes(state.conv, convBytes), timesBytes(state.recurrent, stateBytes));
    return timesBytes(layers, ceilDiv(layer, plan.tensorParallel));
  };
  const Bytes low = with(2, 2);
  const Bytes bytes = with(2, 4);
  const Bytes wide = with(4, 4);
  // One page more for each attention layer, as large as a state, and a last group that is not full.
  const std::int64_t attentionLayers = attention.fullLayers + attention.slidingLayers;
  const Bytes page = layers > 0 ? ceilDiv(wide, layers) : 0;
  return {low, bytes, plusBytes(wide, timesBytes(page, 2 * attentionLayers + 1))};
}

/// vLLM's hybrid manager deals in groups of g layers, the last of each kind padded. It is off for chunked attention unless told
/// otherwise.
bool hasGroups(const ServingPlan& plan, const KvPerToken& each) {
  return plan.windowAware && each.slidingLayers > 0 && !plan.architecture->chunkedWindow;
}
std::int64_t groupOf(const KvPerToken& each) {
  if (each.fullLayers == 0) return each.slidingLayers;
  const auto [fewer, more] = std::minmax(each.fullLayers, each.slidingLayers);
  return 2 * more <= 3 * fewer ? more : std::max<std::int64_t>(1, fewer);
}
Bytes padded(Bytes bytes, std::int64_t layers, std::int64_t group) {
  return layers == 0 ? 0 : saturated(Int128{bytes} * (ceilDiv(layers, group) * group) / layers);
}

}  // namespace

KvPerToken kvPerToken(const ServingPlan& plan) {
  const Architecture& a = *plan.architecture;
  KvPerToken result;
  const auto add = [&](std::int64_t layers, bool sliding, const AttentionShape& shape) {
    const std::int64_t here = ceilDiv(layers, plan.pipelineParallel);
    (sliding ? result.slidingLayers : result.fullLayers) += here;
    Bytes& sum = sliding ? result.sliding : result.full;
    sum = plusBytes(sum, timesBytes(here, perLayerAndToken(plan, shape)));
  };
  if (a.attentionShapes.empty()) {
    const std::int64_t own = std::max<std::int64_t>(0, a.attentionLayers() - a.sharedKvLayers);
    const std::int64_t sliding = a.slidingWindow > 0 ? std::min(a.slidingLayers, own) : 0;
    add(own - sliding, false, {});
    add(sliding, true, {});
  } else {
    for (const AttentionShape& shape : a.attentionShapes) add(shape.layers, shape.sliding && a.slidingWindow > 0, shape);
  }
  return result;
}

Bytes kvBytesPerToken(const ServingPlan& plan) {
  const KvPerToken each = kvPerToken(plan);
  return plusBytes(each.full, each.sliding);
}

PoolCharge poolCharge(const ServingPlan& plan) { return poolCharge(plan, kvPerToken(plan)); }

PoolCharge poolCharge(const ServingPlan& plan, const KvPerToken& each) {
  const Bytes all = plusBytes(each.full, each.sliding);
  // Self and cross attention are groups of their own, and a token is counted only where both have a block for it.
  if (plan.architecture->encoderTokens > 0) return {timesBytes(2, all), 2};
  if (!hasGroups(plan, each)) return {all, 1};
  const std::int64_t group = groupOf(each);
  return {plusBytes(padded(each.full, each.fullLayers, group), padded(each.sliding, each.slidingLayers, group)),
          ceilDiv(each.fullLayers, group) + ceilDiv(each.slidingLayers, group)};
}

Interval kvOfSequence(const ServingPlan& plan, std::int64_t tokens) { return kvOfSequence(plan, kvPerToken(plan), tokens); }

Interval kvOfSequence(const ServingPlan& plan, const KvPerToken& each, std::int64_t tokens) {
  const Architecture& a = *plan.architecture;
  if (a.encoderTokens > 0) tokens = inBlocks(plan, tokens) + std::max(a.encoderTokens, kReservedEncoderTokens);
  const Interval state = stateOfSequence(plan, each);
  const auto withState = [&](Bytes low, Bytes bytes, Bytes high) {
    if (plan.kvLowBitsTwice < plan.kvBitsTwice) low = saturated(Int128{low} * plan.kvLowBitsTwice / plan.kvBitsTwice);
    const Interval kv{plusBytes(low, state.low), plusBytes(bytes, state.bytes), plusBytes(high, state.high)};
    return a.guess ? stretched(kv, a.guess->kvLow, a.guess->kv, a.guess->kvHigh) : kv;
  };
  const std::int64_t blocks = inBlocks(plan, tokens);
  const Bytes full = timesBytes(blocks, plusBytes(each.full, each.sliding));
  if (each.slidingLayers == 0) return withState(full, full, full);

  // A sliding layer holds its window and what one batch adds, plus a block that is cut into.
  const std::int64_t window = a.slidingWindow - 1 + plan.maxNumBatchedTokens;
  const std::int64_t held = window < tokens ? std::min(blocks, inBlocks(plan, window) + plan.blockSize) : blocks;
  const Bytes cut = plusBytes(timesBytes(each.full, blocks), timesBytes(each.sliding, held));
  if (!hasGroups(plan, each)) return withState(cut, full, full);
  const std::int64_t group = groupOf(each);
  const Bytes grouped = plusBytes(timesBytes(padded(each.full, each.fullLayers, group), blocks),
                                  timesBytes(padded(each.sliding, each.slidingLayers, group), held));
  const Bytes high = std::max(full, cut);
  return withState(cut, std::clamp(grouped, cut, high), high);
}

}  // namespace rightslice::model
