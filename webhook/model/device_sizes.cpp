#include "model/device_sizes.hpp"

#include <algorithm>

namespace rightslice::model {
namespace {

Interval times(const Interval& interval, std::int64_t count) {
  return {timesBytes(interval.low, count), timesBytes(interval.bytes, count), timesBytes(interval.high, count)};
}

/// The KV cache that counts as needed, by the engine's rule (DESIGN 3.4).
Interval kvNeeded(const ServingPlan& plan, const DeviceSizes& sizes) {
  if (plan.kvRule == KvRule::None) return {};
  if (plan.absolutePool) {
    const Bytes pool = *plan.absolutePool;
    if (!plan.poolIsCap) return {pool, pool, pool};
    return {std::min(pool, timesBytes(plan.blockSize, sizes.kvBytesPerToken)), pool, pool};
  }
  if (plan.kvRule == KvRule::Preallocated) {
    const Interval all = kvOfSequence(plan, plan.preallocatedTokens);
    // What spills takes host memory instead: nothing of it must lie on the device.
    return {plan.whenShort == WhenShort::Spills ? 0 : all.low, all.bytes, all.high};
  }
  const Interval load = times(kvOfSequence(plan, plan.context), plan.concurrency);
  const Interval& one = sizes.kvOfOneSequence;
  if (plan.autoLength || plan.whenShort != WhenShort::Refuses) {
    // The engine takes a shorter sequence where memory is short: one block is enough to start.
    const Bytes block = timesBytes(plan.blockSize, sizes.kvBytesPerToken);
    const Bytes least = plan.whenShort == WhenShort::Spills ? 0 : std::min(block, load.bytes);
    if (plan.autoLength) return {least, load.bytes, load.high};
    return {least, std::max(one.bytes, load.bytes), std::max(one.high, load.high)};
  }
  return {one.low, std::max(one.bytes, load.bytes), std::max(one.high, load.high)};
}

}  // namespace

Interval DeviceSizes::runtime() const {
  return {context.low + nonTorch.low, context.bytes + nonTorch.bytes, context.high + nonTorch.high};
}

DeviceSizes deviceSizes(const EstimateInput& input, const ServingPlan& plan) {
  const ParameterCount count = countParameters(*input.architecture);
  DeviceSizes sizes;
  sizes.parameters = count.total;
  sizes.weights = weightsOn(plan, count, *input.run, input.device.isA100, input.device.memory);
  sizes.kvBytesPerToken = kvBytesPerToken(plan);
  sizes.kvOfOneSequence = kvOfSequence(plan, plan.maxModelLen);
  sizes.kv = kvNeeded(plan, sizes);
  if (plan.startTokens > 0) {  // a trial run at the start has its KV cache too
    const Interval trial = kvOfSequence(plan, plan.startTokens);
    sizes.kv = {std::max(sizes.kv.low, trial.low), std::max(sizes.kv.bytes, trial.bytes), std::max(sizes.kv.high, trial.high)};
  }
  if (auto* const complete = input.run->memoryRule()->sizes) complete(sizes, plan, input);
  if (input.run->settings.weightsUnsure) sizes.weights.low = sizes.kv.low = sizes.kvOfOneSequence.low = 0;
  return sizes;
}

Bytes minimumOf(const DeviceSizes& s) {
  Bytes sum = plusBytes(plusBytes(s.weights.low, s.kv.low),
                        plusBytes(s.activations.low, plusBytes(s.graphs.low, s.runtime().low)));
  for (const DeviceSizes::Extra& extra : s.extras) sum = plusBytes(sum, extra.size.low);
  return sum;
}

Bytes needOf(const DeviceSizes& s) {
  Bytes sum = plusBytes(plusBytes(s.weights.bytes, s.kv.bytes),
                        plusBytes(s.activations.bytes, plusBytes(s.graphs.bytes, s.runtime().bytes)));
  for (const DeviceSizes::Extra& extra : s.extras) sum = plusBytes(sum, extra.size.bytes);
  return sum;
}

}  // namespace rightslice::model
