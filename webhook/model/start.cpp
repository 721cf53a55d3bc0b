// Whether an engine starts on a device, by what its memory fraction is a fraction of. Rules: facts/footprint 4 and
// facts/workloads 4.4.
#include <algorithm>
#include <cmath>
#include <fmt/format.h>

#include "model/remedy.hpp"
#include "model/start_rule.hpp"

namespace rightslice::model {
namespace {

Bytes sum(std::initializer_list<Bytes> parts) {
  Bytes total = 0;
  for (const Bytes part : parts) total = plusBytes(total, part);
  return total;
}

bool refuses(const ServingPlan& plan) { return !plan.autoLength && plan.whenShort == WhenShort::Refuses; }

/// The KV cache of the trial run at the start: with the fewest and the most tokens that it may take.
Interval trialRun(const ServingPlan& plan) {
  if (plan.startTokens <= 0) return {};
  return {kvOfSequence(plan, plan.startTokens).low, 0,
          kvOfSequence(plan, std::max(plan.startTokens, plan.maxNumBatchedTokens)).high};
}

/// The KV cache without which the engine does not start.
Interval least(const ServingPlan& plan, const DeviceSizes& s) {
  if (refuses(plan)) return s.kvOfOneSequence;
  const Bytes block = timesBytes(plan.blockSize, s.kvBytesPerToken);
  // An engine that shrinks its pool says nothing about it: it surely serves the load only where the pool holds it.
  return {plan.whenShort == WhenShort::Spills ? 0 : block, block, plan.autoLength ? block : std::max(block, s.kv.bytes)};
}

// What vLLM surely needs beside its fraction.
constexpr Bytes kLeastBeside = 100 * kMiB;

/// vLLM: weights, the profile run's peak and the KV cache lie within the fraction; the CUDA context (and, before the 2026
/// releases, the graphs) outside.
StartVerdict checkTotal(const ServingPlan& plan, const DeviceSizes& s, Bytes usable) {
  const Interval kv = least(plan, s);
  const Bytes low = sum({s.weights.low, s.activations.low, kv.low});
  const Bytes high = sum({s.weights.high, s.activations.high, s.nonTorch.high, kv.high,
                          plan.graphsInFraction == GraphsInFraction::No ? 0 : s.graphs.high});
  const Bytes beside = std::max(
      kLeastBeside, plusBytes(s.context.high, plan.graphsInFraction == GraphsInFraction::Yes ? 0 : s.graphs.high));
  return {low > partOf(plan.fractionHigh, usable) || usable - partOf(plan.fractionLow, usable) < kLeastBeside,
          high <= partOf(plan.fractionLow, usable) && beside <= usable - partOf(plan.fractionHigh, usable)};
}

/// What is free when SGLang first looks: its CUDA context is there already.
Bytes freeAtStart(const DeviceSizes& s, Bytes usable, Bytes Interval::* context) {
  return std::max<Bytes>(0, usable - s.context.*context);
}

/// What lies outside of the pool beside the context.
Bytes besidePool(const DeviceSizes& s, Bytes Interval::* end) { return outsideOfPool(s, end) - s.context.*end; }

/// SGLang: weights and KV cache lie within the fraction of what is free at the start, all else in the rest.
StartVerdict checkTotalForPool(const ServingPlan& plan, const DeviceSizes& s, Bytes usable) {
  const Interval kv = least(plan, s);
  const Bytes most = freeAtStart(s, usable, &Interval::low), fewest = freeAtStart(s, usable, &Interval::high);
  return {plusBytes(s.weights.low, kv.low) > partOf(plan.fractionHigh, most) ||
              plusBytes(s.graphs.low, s.nonTorch.low) > most - partOf(plan.fractionLow, most),
          plusBytes(s.weights.high, kv.high) <= partOf(plan.fractionLow, fewest) &&
              besidePool(s, &Interval::high) <= fewest - partOf(plan.fractionHigh, fewest)};
}

/// TensorRT-LLM, TGI 2: the pool is a fraction of what everything else leaves.
StartVerdict checkFreeAfterLoad(const ServingPlan& plan, const DeviceSizes& s, Bytes usable) {
  const Interval kv = least(plan, s), trial = trialRun(plan);
  const Bytes device = partOf(plan.deviceFraction, usable);
  const Bytes most = device - plusBytes(s.weights.low, outsideOfPool(s, &Interval::low));
  const Bytes fewest = device - plusBytes(s.weights.high, outsideOfPool(s, &Interval::high));
  // What the trial run took is the pool's for certain.
  return {most <= trial.low || std::max(trial.high, partOf(plan.fractionHigh, most)) < kv.low,
          fewest >= trial.high && partOf(plan.fractionLow, fewest) >= kv.high};
}

Bytes inUse(const DeviceSizes& s, Bytes Interval::* end) {
  return sum({s.weights.*end, s.activations.*end, s.context.*end, s.nonTorch.*end});
}

/// TGI 3: the pool fills up to the fraction of the device; the trial run itself may go beyond it.
StartVerdict checkTotalInUse(const ServingPlan& plan, const DeviceSizes& s, Bytes usable) {
  const Interval kv = least(plan, s), trial = trialRun(plan);
  const Bytes device = partOf(plan.deviceFraction, usable);
  const Bytes most = std::max(trial.high, partOf(plan.fractionHigh, device) - inUse(s, &Interval::low));
  return {plusBytes(inUse(s, &Interval::low), trial.low) > device || most < kv.low,
          plusBytes(inUse(s, &Interval::high), std::max(trial.high, kv.high)) <= partOf(plan.fractionLow, device) &&
              s.graphs.high <= usable - partOf(plan.fractionHigh, device)};
}

/// What weights, context and buffers leave of the device.
Bytes freeAfterWeights(const DeviceSizes& s, Bytes usable, Bytes Interval::* end) {
  return std::max<Bytes>(0, usable - sum({s.weights.*end, s.context.*end, s.nonTorch.*end}));
}

/// LMDeploy: the pool is a fraction of what the weights leave; activations and graphs live in the rest.
StartVerdict checkFreeAfterWeights(const ServingPlan& plan, const DeviceSizes& s, Bytes usable) {
  const Interval kv = least(plan, s);
  const Bytes most = freeAfterWeights(s, usable, &Interval::low), fewest = freeAfterWeights(s, usable, &Interval::high);
  return {most <= 0 || partOf(plan.fractionHigh, most) < kv.low,
          partOf(plan.fractionLow, fewest) >= kv.high && fewest > 0 &&
              plusBytes(s.activations.high, s.graphs.high) <= fewest - partOf(plan.fractionHigh, fewest)};
}

std::string lengthText(const ServingPlan& plan) {
  return refuses(plan) ? fmt::format("one sequence of {} tokens", plan.maxModelLen) : "one block";
}

std::string reason(const ServingPlan& plan, const DeviceSizes& s, Bytes usable) {
  const Bytes one = least(plan, s).bytes;
  if (poolAsWritten(plan)) {
    return fmt::format(
        "a KV cache of {} as written, for one sequence of {} tokens that takes {}, beside weights {} and activations "
        "{}",
        formatBytes(*plan.absolutePool), plan.maxModelLen, formatBytes(one), formatBytes(s.weights.bytes),
        formatBytes(s.activations.bytes));
  }
  const Bytes budget = partOf(plan.fraction, usable);
  if (plan.fractionOf == FractionOf::TotalForPool) {
    const Bytes free = freeAtStart(s, usable, &Interval::bytes);
    const Bytes pool = partOf(plan.fraction, free);
    return fmt::format(
        "{:g} x {} that are free at the start is {}; weights {} + KV cache of {} {} need {}; activations, graphs and buffers "
        "take about {} of the {} beside it",
        plan.fraction, formatBytes(free), formatBytes(pool), formatBytes(s.weights.bytes), lengthText(plan), formatBytes(one),
        formatBytes(plusBytes(s.weights.bytes, one)), formatBytes(besidePool(s, &Interval::bytes)), formatBytes(free - pool));
  }
  if (plan.fractionOf == FractionOf::FreeAfterWeights) {
    const Bytes left = freeAfterWeights(s, usable, &Interval::bytes);
    const Bytes pool = partOf(plan.fraction, left);
    return fmt::format("weights {} + runtime {} leave {} of {}; {:g} of that is {}, KV cache of {} needs {}; activations and "
                       "graphs take about {} of the {} beside it",
                       formatBytes(s.weights.bytes), formatBytes(s.runtime().bytes), formatBytes(left), formatBytes(usable),
                       plan.fraction, formatBytes(pool), lengthText(plan), formatBytes(one),
                       formatBytes(plusBytes(s.activations.bytes, s.graphs.bytes)), formatBytes(left - pool));
  }
  if (plan.fractionOf == FractionOf::TotalInUse) {
    const Bytes device = partOf(plan.deviceFraction, usable);
    return fmt::format("weights {} + a trial run of {} tokens with activations {} and its KV cache + runtime {}, then a KV cache "
                       "until {:g} x {} is in use; KV cache of {} needs {}",
                       formatBytes(s.weights.bytes), plan.maxNumBatchedTokens, formatBytes(s.activations.bytes),
                       formatBytes(s.runtime().bytes), plan.fraction, formatBytes(device), lengthText(plan), formatBytes(one));
  }
  if (plan.fractionOf == FractionOf::FreeAfterLoad) {
    const Bytes taken = plusBytes(s.weights.bytes, outsideOfPool(s, &Interval::bytes));
    const Bytes left = std::max<Bytes>(0, partOf(plan.deviceFraction, usable) - taken);
    return fmt::format("weights {} + activations {} + runtime {} leave {} of {}; {:g} of that is {}, KV cache of {} needs {}",
                       formatBytes(s.weights.bytes), formatBytes(s.activations.bytes),
                       formatBytes(plusBytes(s.runtime().bytes, s.graphs.bytes)), formatBytes(left), formatBytes(usable),
                       plan.fraction, formatBytes(partOf(plan.fraction, left)), lengthText(plan), formatBytes(one));
  }
  if (plan.fractionOf == FractionOf::Nothing) {
    return fmt::format("weights {} + KV cache {} + activations {} + runtime {} need {} of {}", formatBytes(s.weights.bytes),
                       formatBytes(s.kv.bytes), formatBytes(s.activations.bytes),
                       formatBytes(plusBytes(s.runtime().bytes, s.graphs.bytes)), formatBytes(needOf(s)),
                       formatBytes(usable));
  }
  const Bytes beside = usable - budget;
  std::string text =
      fmt::format("{:g} x {} is {}; weights {} + activations {} + runtime {} + KV cache of {} {} need {}",
                  plan.fraction, formatBytes(usable), formatBytes(budget), formatBytes(s.weights.bytes),
                  formatBytes(s.activations.bytes), formatBytes(s.nonTorch.bytes), lengthText(plan), formatBytes(one),
                  formatBytes(sum({s.weights.bytes, s.activations.bytes, s.nonTorch.bytes, one})));
  if (const Bytes outside = s.context.bytes + s.graphs.bytes; outside > beside) {
    text += fmt::format("; CUDA context and graphs take about {} beside it, {} are left", formatBytes(outside),
                        formatBytes(beside));
  }
  return text;
}

}  // namespace

Bytes partOf(double fraction, Bytes usable) { return static_cast<Bytes>(fraction * static_cast<double>(usable)); }

Bytes outsideOfPool(const DeviceSizes& s, Bytes Interval::* end) {
  return sum({s.activations.*end, s.nonTorch.*end, s.context.*end, s.graphs.*end});
}

bool poolAsWritten(const ServingPlan& plan) { return plan.kvRule == KvRule::Pooled && plan.absolutePool && !plan.poolIsCap; }

Bytes fractionBase(const ServingPlan& plan, const DeviceSizes& sizes, Bytes usable, Bytes Interval::* end) {
  if (plan.fractionOf == FractionOf::FreeAfterWeights) return freeAfterWeights(sizes, usable, end);
  return plan.fractionOf == FractionOf::TotalForPool ? freeAtStart(sizes, usable, end) : usable;
}

Bytes besideFraction(const ServingPlan& plan, const DeviceSizes& s, Bytes Interval::* end) {
  if (plan.fractionOf == FractionOf::FreeAfterWeights) return plusBytes(s.activations.*end, s.graphs.*end);
  if (plan.fractionOf == FractionOf::TotalForPool) return besidePool(s, end);
  return plusBytes(s.context.*end, plan.graphsInFraction == GraphsInFraction::Yes ? 0 : s.graphs.*end);
}

StartVerdict checkStart(const ServingPlan& plan, const DeviceSizes& s, Bytes usable) {
  if (poolAsWritten(plan)) {
    // The pool is taken as written: it must hold one sequence, and everything together must fit.
    const Interval kv = least(plan, s);
    const Bytes pool = *plan.absolutePool;
    return {pool < kv.low || minimumOf(s) > usable,
            pool >= kv.high && sum({s.weights.high, outsideOfPool(s, &Interval::high), pool}) <= usable};
  }
  switch (plan.fractionOf) {
    case FractionOf::Total:
      return checkTotal(plan, s, usable);
    case FractionOf::TotalForPool:
      return checkTotalForPool(plan, s, usable);
    case FractionOf::FreeAfterLoad:
      return checkFreeAfterLoad(plan, s, usable);
    case FractionOf::TotalInUse:
      return checkTotalInUse(plan, s, usable);
    case FractionOf::FreeAfterWeights:
      return checkFreeAfterWeights(plan, s, usable);
    case FractionOf::Nothing:
      break;
  }
  return {minimumOf(s) > usable, sum({s.weights.high, s.kv.high, outsideOfPool(s, &Interval::high)}) <= usable};
}

double bestFraction(const ServingPlan& plan, const DeviceSizes& s, Bytes usable) {
  if (plan.fractionOf == FractionOf::FreeAfterWeights) {  // activations and graphs must find room beside the pool
    const Bytes left = freeAfterWeights(s, usable, &Interval::high);
    const Bytes beside = plusBytes(s.activations.high, s.graphs.high);
    if (left <= beside) return 0;
    return std::min(std::floor((1 - static_cast<double>(beside) / static_cast<double>(left)) * 100) / 100, 0.95);
  }
  if (plan.fractionOf == FractionOf::TotalInUse) {
    const double graphs = static_cast<double>(s.graphs.high) / static_cast<double>(std::max<Bytes>(usable, 1));
    return std::clamp(std::floor((1 - graphs) * 100) / 100, 0.0, 0.97);
  }
  if (plan.fractionOf != FractionOf::Total && plan.fractionOf != FractionOf::TotalForPool)
    return 0.95;  // of what is left: more gains next to nothing and leaves no room for fragmentation
  const Bytes base = fractionBase(plan, s, usable, &Interval::high);
  if (base <= 0) return 0;
  const Bytes always = plan.fractionOf == FractionOf::Total ? kLeastBeside : 0;
  const Bytes outside = std::max(always, besideFraction(plan, s, &Interval::high));
  const double fraction = std::floor((1 - static_cast<double>(outside) / static_cast<double>(base)) * 100) / 100;
  return fraction > 0 ? std::min(fraction, 0.99) : 0;
}

Start startsOn(const EstimateInput& input, const Estimate& estimate, Bytes usable, std::optional<int> headroomTenths) {
  Start start;
  if (input.architecture == nullptr || input.run == nullptr || !input.run->kvRule() || usable <= 0)
    return start;
  const ServingPlan plan = servingPlan(input);
  const DeviceSizes sizes = loadedSizes(input, plan);
  const StartVerdict verdict = checkStart(plan, sizes, usable);
  start.surelyNot = verdict.surelyNot;
  // An open term might be what does not fit.
  start.surely = verdict.surely && estimate.need.high.has_value();
  start.why = reason(plan, sizes, usable);
  if (verdict.surely) return start;
  Remedy remedy = remedyFor(input, usable, headroomTenths);
  start.flags = std::move(remedy.flags);
  start.perhaps = std::move(remedy.perhaps);
  start.remedy = flagsText(start.flags);
  return start;
}

StartVerdict startVerdict(const EstimateInput& input, const Estimate& estimate, Bytes usable) {
  if (input.architecture == nullptr || input.run == nullptr || !input.run->kvRule() || usable <= 0) return {};
  const ServingPlan plan = servingPlan(input);
  StartVerdict verdict = checkStart(plan, loadedSizes(input, plan), usable);
  verdict.surely = verdict.surely && estimate.need.high.has_value();
  return verdict;
}

std::optional<KvPool> kvPool(const EstimateInput& input, const Estimate& estimate, Bytes deviceMemory) {
  if (input.run == nullptr || input.architecture == nullptr || input.run->kvRule().value_or(KvRule::None) == KvRule::None ||
      input.architecture->isEncoder() || estimate.kvBytesPerToken <= 0)
    return std::nullopt;
  const ServingPlan plan = servingPlan(input);
  const DeviceSizes s = loadedSizes(input, plan);
  const Bytes block = timesBytes(plan.blockSize, s.poolBytesPerToken);
  const Bytes outside = outsideOfPool(s, &Interval::bytes);
  Bytes bytes = 0;
  if (plan.kvRule == KvRule::Preallocated) {
    return KvPool{s.kv.bytes, plan.preallocatedTokens};
  }
  if (plan.absolutePool && !plan.poolIsCap) {
    bytes = *plan.absolutePool;
  } else if (plan.fractionOf == FractionOf::Total) {
    bytes = partOf(plan.fraction, deviceMemory) - s.weights.bytes - s.activations.bytes - s.nonTorch.bytes -
            (plan.graphsInFraction == GraphsInFraction::Yes ? s.graphs.bytes : 0);
  } else if (plan.fractionOf == FractionOf::TotalForPool) {
    bytes = partOf(plan.fraction, freeAtStart(s, deviceMemory, &Interval::bytes)) - s.weights.bytes;
  } else if (plan.fractionOf == FractionOf::FreeAfterWeights) {
    bytes = partOf(plan.fraction, freeAfterWeights(s, deviceMemory, &Interval::bytes));
  } else if (plan.fractionOf == FractionOf::TotalInUse) {
    bytes = partOf(plan.fraction * plan.deviceFraction, deviceMemory) - inUse(s, &Interval::bytes);
    if (plan.startTokens > 0) bytes = std::max(bytes, kvOfSequence(plan, plan.maxNumBatchedTokens).bytes);
  } else {
    // What a trial run took of the pool counts whole, of the rest the fraction.
    const Bytes left = std::max<Bytes>(0, partOf(plan.deviceFraction, deviceMemory) - s.weights.bytes - outside);
    const Bytes trial = plan.startTokens > 0 ? std::min(left, kvOfSequence(plan, plan.maxNumBatchedTokens).bytes) : 0;
    bytes = trial + partOf(plan.fraction, left - trial);
  }
  if (plan.absolutePool && plan.poolIsCap) bytes = std::min(bytes, *plan.absolutePool);
  const std::int64_t blocks = bytes > 0 ? bytes / block : 0;
  return KvPool{timesBytes(blocks, block), timesBytes(blocks, plan.blockSize)};
}

}  // namespace rightslice::model
