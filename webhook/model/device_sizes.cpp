#include "model/device_sizes.hpp"

#include <algorithm>

#include "model/weights_memo.hpp"

namespace rightslice::model {
namespace {

Interval times(const Interval& interval, std::int64_t count) {
  return {timesBytes(interval.low, count), timesBytes(interval.bytes, count), timesBytes(interval.high, count)};
}

Interval plus(const Interval& a, const Interval& b) {
  return {plusBytes(a.low, b.low), plusBytes(a.bytes, b.bytes), plusBytes(a.high, b.high)};
}

/// KV cache of one sequence, with that of the draft.
Interval kvOf(const ServingPlan& plan, const KvPerToken& each, const DraftOnDevice* draft, std::int64_t tokens) {
  const Interval target = kvOfSequence(plan, each, tokens);
  return draft == nullptr ? target : plus(target, kvOfSequence(draft->plan, tokens));
}

/// The KV cache that counts as needed, by the engine's rule (DESIGN 3.4).
Interval kvNeeded(const ServingPlan& plan, const KvPerToken& each, const DeviceSizes& sizes, const DraftOnDevice* draft) {
  if (plan.kvRule == KvRule::None) return {};
  if (plan.absolutePool) {
    const Bytes pool = *plan.absolutePool;
    if (!plan.poolIsCap) return {pool, pool, pool};
    return {std::min(pool, timesBytes(plan.blockSize, sizes.kvBytesPerToken)), pool, pool};
  }
  if (plan.kvRule == KvRule::Preallocated) {
    const Interval all = kvOf(plan, each, draft, plan.preallocatedTokens);
    // What spills takes host memory instead: nothing of it must lie on the device.
    return {plan.whenShort == WhenShort::Spills ? 0 : all.low, all.bytes, all.high};
  }
  const Interval load = times(kvOf(plan, each, draft, plan.context), plan.concurrency);
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

Interval stretched(const Interval& size, std::int64_t low, std::int64_t expected, std::int64_t high) {
  if (expected <= 0) return size;
  const auto scaled = [&](Bytes bytes, std::int64_t factor) {
    const Int128 result = Int128{bytes} * factor / expected;
    return result > kMaxBytes ? kMaxBytes : static_cast<Bytes>(result);
  };
  return {std::min(scaled(size.low, low), size.bytes), size.bytes, std::max(scaled(size.high, high), size.bytes)};
}

Interval DeviceSizes::runtime() const {
  return {context.low + nonTorch.low, context.bytes + nonTorch.bytes, context.high + nonTorch.high};
}

DeviceSizes deviceSizes(const EstimateInput& input, const ServingPlan& plan, WeightsMemo* shared) {
  WeightsMemo alone;
  WeightsMemo& weights = shared != nullptr ? *shared : alone;
  const ParameterCount& count = weights.count(*input.architecture);
  DeviceSizes sizes;
  sizes.parameters = count.total;
  sizes.weights = weights.on(plan, *input.run, input.device.isA100, input.device.memory.has_value());
  const auto draft = draftOn(plan, input);
  const KvPerToken kv = kvPerToken(plan);
  sizes.kvBytesPerToken = plusBytes(kv.full, kv.sliding);
  sizes.poolBytesPerToken = poolCharge(plan, kv).perToken;
  if (draft) {
    sizes.kvBytesPerToken = plusBytes(sizes.kvBytesPerToken, kvBytesPerToken(draft->plan));
    sizes.poolBytesPerToken = plusBytes(sizes.poolBytesPerToken, kvBytesPerToken(draft->plan));
    sizes.extras.push_back({"draftModel", draft->weights, draft->from});
  }
  if (input.run->lora.enabled) {
    if (const auto adapters = adaptersOn(plan, count, *input.run))
      sizes.extras.push_back({"adapters", *adapters, "slots for LoRA adapters, allocated at the start"});
  }
  sizes.kvOfOneSequence = kvOf(plan, kv, draft.get(), plan.maxModelLen);
  sizes.kv = kvNeeded(plan, kv, sizes, draft.get());
  if (plan.startTokens > 0) {  // a trial run at the start has its KV cache too
    const Interval trial = kvOf(plan, kv, draft.get(), plan.startTokens);
    sizes.kv = {std::max(sizes.kv.low, trial.low), std::max(sizes.kv.bytes, trial.bytes),
                std::max(sizes.kv.high, trial.high)};
  }
  if (auto* const complete = input.run->memoryRule()->sizes) complete(sizes, plan, input);
  if (const auto& guess = plan.architecture->guess) {
    sizes.weights = stretched(sizes.weights, guess->parametersLow, guess->parameters, guess->parametersHigh);
    sizes.activations = stretched(sizes.activations, guess->vocabLow, plan.architecture->vocab, guess->vocabHigh);
  }
  if (input.run->settings.weightsUnsure) sizes.weights.low = sizes.kv.low = sizes.kvOfOneSequence.low = 0;
  return sizes;
}

DeviceSizes loadedSizes(const EstimateInput& input, const ServingPlan& plan) { return loaded(deviceSizes(input, plan)); }

DeviceSizes loaded(DeviceSizes sizes) {
  for (const DeviceSizes::Extra& extra : sizes.extras) sizes.weights = plus(sizes.weights, extra.size);
  sizes.extras.clear();
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
