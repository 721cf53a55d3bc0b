// Whether an engine starts on a device, by what its memory fraction is a fraction of. Rules: facts/footprint 4 and
// facts/workloads 4.4.
#include <algorithm>
#include <cmath>
#include <fmt/format.h>

#include "model/device_sizes.hpp"
#include "model/engines/engines.hpp"

namespace rightslice::model {
namespace {

constexpr std::int64_t kLengthStep = 256;
constexpr std::int64_t kShortestUseful = 1024;

Bytes partOf(double fraction, Bytes usable) { return static_cast<Bytes>(fraction * static_cast<double>(usable)); }

struct Verdict {
  bool surelyNot = false, surely = false;
};

Bytes sum(std::initializer_list<Bytes> parts) {
  Bytes total = 0;
  for (const Bytes part : parts) total = plusBytes(total, part);
  return total;
}

bool refuses(const ServingPlan& plan) { return !plan.autoLength && plan.whenShort == WhenShort::Refuses; }

/// The KV cache without which the engine does not start.
Interval least(const ServingPlan& plan, const DeviceSizes& s) {
  if (refuses(plan)) return s.kvOfOneSequence;
  const Bytes block = timesBytes(plan.blockSize, s.kvBytesPerToken);
  // An engine that shrinks its pool says nothing about it: it surely serves the load only where the pool holds it.
  return {plan.whenShort == WhenShort::Spills ? 0 : block, block, plan.autoLength ? block : std::max(block, s.kv.bytes)};
}

Bytes outsideOfPool(const DeviceSizes& s, Bytes Interval::* end) {
  return sum({s.activations.*end, s.nonTorch.*end, s.context.*end, s.graphs.*end});
}

/// vLLM: weights, the profile run's peak and the KV cache lie within the fraction; the CUDA context (and, before the 2026
/// releases, the graphs) outside.
Verdict checkTotal(const ServingPlan& plan, const DeviceSizes& s, Bytes usable) {
  const Interval kv = least(plan, s);
  const Bytes low = sum({s.weights.low, s.activations.low, kv.low});
  const Bytes high = sum({s.weights.high, s.activations.high, s.nonTorch.high, kv.high,
                          plan.graphsInFraction == GraphsInFraction::No ? 0 : s.graphs.high});
  const Bytes beside = plusBytes(s.context.high, plan.graphsInFraction == GraphsInFraction::Yes ? 0 : s.graphs.high);
  return {low > partOf(plan.fractionHigh, usable) || usable - partOf(plan.fractionLow, usable) < kMiB * 100,
          high <= partOf(plan.fractionLow, usable) && beside <= usable - partOf(plan.fractionHigh, usable)};
}

/// What is free when SGLang first looks: its CUDA context is there already.
Bytes freeAtStart(const DeviceSizes& s, Bytes usable, Bytes Interval::* context) { return std::max<Bytes>(0, usable - s.context.*context); }

/// What lies outside of the pool beside the context.
Bytes besidePool(const DeviceSizes& s, Bytes Interval::* end) { return outsideOfPool(s, end) - s.context.*end; }

/// SGLang: weights and KV cache lie within the fraction of what is free at the start, all else in the rest.
Verdict checkTotalForPool(const ServingPlan& plan, const DeviceSizes& s, Bytes usable) {
  const Interval kv = least(plan, s);
  const Bytes most = freeAtStart(s, usable, &Interval::low), fewest = freeAtStart(s, usable, &Interval::high);
  return {plusBytes(s.weights.low, kv.low) > partOf(plan.fractionHigh, most) ||
              plusBytes(s.graphs.low, s.nonTorch.low) > most - partOf(plan.fractionLow, most),
          plusBytes(s.weights.high, kv.high) <= partOf(plan.fractionLow, fewest) &&
              besidePool(s, &Interval::high) <= fewest - partOf(plan.fractionHigh, fewest)};
}

/// TensorRT-LLM, LMDeploy, TGI: the pool is a fraction of what everything else leaves.
Verdict checkFreeAfterLoad(const ServingPlan& plan, const DeviceSizes& s, Bytes usable) {
  const Interval kv = least(plan, s);
  const Bytes most = usable - plusBytes(s.weights.low, outsideOfPool(s, &Interval::low));
  const Bytes fewest = usable - plusBytes(s.weights.high, outsideOfPool(s, &Interval::high));
  return {most <= 0 || partOf(plan.fractionHigh, most) < kv.low, fewest > 0 && partOf(plan.fractionLow, fewest) >= kv.high};
}

/// The pool is taken as written, whatever the memory.
bool poolAsWritten(const ServingPlan& plan) { return plan.kvRule == KvRule::Pooled && plan.absolutePool && !plan.poolIsCap; }

Verdict check(const ServingPlan& plan, const DeviceSizes& s, Bytes usable) {
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
    case FractionOf::Nothing:
      break;
  }
  return {minimumOf(s) > usable, sum({s.weights.high, s.kv.high, outsideOfPool(s, &Interval::high)}) <= usable};
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
        "{:g} x {} that are free at the start is {}; weights {} + KV cache of {} {} need {}; activations, graphs and buffers take "
        "about {} of the {} beside it",
        plan.fraction, formatBytes(free), formatBytes(pool), formatBytes(s.weights.bytes), lengthText(plan), formatBytes(one),
        formatBytes(plusBytes(s.weights.bytes, one)), formatBytes(besidePool(s, &Interval::bytes)), formatBytes(free - pool));
  }
  if (plan.fractionOf == FractionOf::FreeAfterLoad) {
    const Bytes taken = plusBytes(s.weights.bytes, outsideOfPool(s, &Interval::bytes));
    const Bytes left = std::max<Bytes>(0, usable - taken);
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

/// The largest fraction, in hundredths, that leaves room for what lies outside of it; 0 if none does.
double bestFraction(const ServingPlan& plan, const DeviceSizes& s, Bytes usable) {
  Bytes outside = 0;
  if (plan.fractionOf == FractionOf::Total) {
    outside = plusBytes(s.context.high, plan.graphsInFraction == GraphsInFraction::Yes ? 0 : s.graphs.high);
  } else if (plan.fractionOf == FractionOf::TotalForPool) {
    outside = besidePool(s, &Interval::high);
    usable = freeAtStart(s, usable, &Interval::high);
    if (usable <= 0) return 0;
  } else {
    return 0.95;  // of what is left: more gains next to nothing and leaves no room for fragmentation
  }
  const double fraction = std::floor((1 - static_cast<double>(outside) / static_cast<double>(usable)) * 100) / 100;
  return fraction > 0 ? std::min(fraction, 0.99) : 0;
}

std::string written(std::string_view flag) { return fmt::format("--{}", flag); }

/// Searches for flags with which the engine surely starts, the gentlest first.
class Remedy {
 public:
  Remedy(const EstimateInput& input, const Estimate& now, Bytes usable) : input_(input), now_(now), usable_(usable) {}

  using Flags = std::vector<std::pair<std::string, std::string>>;

  Flags find() {
    constexpr Change kChanges[] = {{true, false, false, false}, {true, true, false, false}, {false, false, true, false},
                                   {true, false, true, false},  {true, true, true, false},  {true, false, false, true},
                                   {true, true, false, true},   {true, true, true, true}};
    for (const Change& change : kChanges) {
      if (Flags flags = attempt(change); !flags.empty()) return flags;
    }
    return {};
  }

 private:
  struct Change {
    bool fraction, sequences, length, eager;
  };

  bool starts(const EngineRun& run) const {
    EstimateInput input = input_;
    input.run = &run;
    const ServingPlan plan = servingPlan(input);
    return check(plan, deviceSizes(input, plan), usable_).surely;
  }

  Flags attempt(const Change& change) const {
    EngineRun run = *input_.run;
    Settings& settings = run.settings;
    const FlagNames& names = run.memoryRule()->flags;
    Flags flags;
    if ((change.eager && names.eager.empty()) || (change.sequences && names.sequences.empty()) ||
        (change.length && names.maxLength.empty()) || (change.fraction && names.fraction.empty()))
      return {};
    if (change.eager) {
      if (settings.enforceEager) return {};
      settings.enforceEager = true;
    }
    if (change.sequences) {
      if (now_.maxNumSeqs <= now_.concurrency) return {};
      settings.maxNumSeqs = now_.concurrency;
      flags.emplace_back(written(names.sequences), std::to_string(now_.concurrency));
    }
    const bool absolute = settings.kvCacheMemoryBytes || settings.numGpuBlocks || (settings.poolTokens && !servingPlan(input_).poolIsCap);
    if (change.fraction) {
      if (absolute) return {};
      EstimateInput input = input_;
      input.run = &run;
      const ServingPlan plan = servingPlan(input);
      const double fraction = bestFraction(plan, deviceSizes(input, plan), usable_);
      if (fraction < 0.05) return {};
      settings.memoryFraction = fraction;
      flags.emplace_back(written(names.fraction), fmt::format("{:.2f}", fraction));
    }
    if (change.length) {
      // Start is monotone in the length: binary search over multiples of 256 below today's.
      std::int64_t fits = 0;
      std::int64_t first = kShortestUseful / kLengthStep;
      std::int64_t last = (now_.maxModelLen - 1) / kLengthStep;
      settings.maxModelLenAuto = false;
      while (first <= last) {
        const std::int64_t middle = first + (last - first) / 2;
        settings.maxModelLen = middle * kLengthStep;
        if (starts(run)) {
          fits = middle * kLengthStep;
          first = middle + 1;
        } else {
          last = middle - 1;
        }
      }
      if (fits == 0) return {};
      settings.maxModelLen = fits;
      flags.emplace_back(written(names.maxLength), std::to_string(fits));
    }
    if (change.eager) flags.emplace_back(written(names.eager), "");
    return starts(run) ? flags : Flags{};
  }

  const EstimateInput& input_;
  const Estimate& now_;
  Bytes usable_;
};

}  // namespace

Start startsOn(const EstimateInput& input, const Estimate& estimate, Bytes usable) {
  Start start;
  if (input.architecture == nullptr || input.run == nullptr || !input.run->kvRule() || usable <= 0)
    return start;
  const ServingPlan plan = servingPlan(input);
  const DeviceSizes sizes = deviceSizes(input, plan);
  const Verdict verdict = check(plan, sizes, usable);
  start.surelyNot = verdict.surelyNot;
  // An open term might be what does not fit.
  start.surely = verdict.surely && estimate.need.high.has_value();
  start.why = reason(plan, sizes, usable);
  if (verdict.surely) return start;
  start.flags = Remedy(input, estimate, usable).find();
  for (const auto& [flag, value] : start.flags) {
    start.remedy += fmt::format("{}{}{}{}", start.remedy.empty() ? "" : " ", flag, value.empty() ? "" : " ", value);
  }
  return start;
}

std::optional<KvPool> kvPool(const EstimateInput& input, const Estimate& estimate, Bytes deviceMemory) {
  if (input.run == nullptr || input.architecture == nullptr || input.run->kvRule().value_or(KvRule::None) == KvRule::None ||
      input.architecture->isEncoder() || estimate.kvBytesPerToken <= 0)
    return std::nullopt;
  const ServingPlan plan = servingPlan(input);
  const DeviceSizes s = deviceSizes(input, plan);
  const Bytes block = timesBytes(plan.blockSize, s.kvBytesPerToken);
  const Bytes outside = outsideOfPool(s, &Interval::bytes);
  Bytes bytes = 0;
  if (plan.kvRule == KvRule::Preallocated) {
    bytes = s.kv.bytes;
  } else if (plan.absolutePool && !plan.poolIsCap) {
    bytes = *plan.absolutePool;
  } else if (plan.fractionOf == FractionOf::Total) {
    bytes = partOf(plan.fraction, deviceMemory) - s.weights.bytes - s.activations.bytes - s.nonTorch.bytes -
            (plan.graphsInFraction == GraphsInFraction::Yes ? s.graphs.bytes : 0);
  } else if (plan.fractionOf == FractionOf::TotalForPool) {
    bytes = partOf(plan.fraction, freeAtStart(s, deviceMemory, &Interval::bytes)) - s.weights.bytes;
  } else {
    bytes = partOf(plan.fraction, std::max<Bytes>(0, deviceMemory - s.weights.bytes - outside));
  }
  if (plan.absolutePool && plan.poolIsCap) bytes = std::min(bytes, *plan.absolutePool);
  const std::int64_t blocks = bytes > 0 ? bytes / block : 0;
  return KvPool{timesBytes(blocks, block), timesBytes(blocks, plan.blockSize)};
}

std::vector<std::string> settingsAdvice(const EstimateInput& input, const Estimate& estimate, Bytes usable) {
  std::vector<std::string> advice;
  if (input.architecture == nullptr || input.run == nullptr || !input.run->kvRule() || usable <= 0)
    return advice;
  const Settings& settings = input.run->settings;
  const Engine& engine = *input.run->memoryRule();
  const ServingPlan plan = servingPlan(input);
  const DeviceSizes s = deviceSizes(input, plan);
  const bool ofTotal = plan.fractionOf == FractionOf::Total || plan.fractionOf == FractionOf::TotalForPool;
  if (ofTotal && (!plan.absolutePool || plan.poolIsCap)) {
    const Bytes base = plan.fractionOf == FractionOf::TotalForPool ? freeAtStart(s, usable, &Interval::bytes) : usable;
    const Bytes beside = base - partOf(plan.fraction, base);
    const bool graphsInside = plan.graphsInFraction == GraphsInFraction::Yes;
    const bool poolOnly = plan.fractionOf == FractionOf::TotalForPool;
    const Bytes wanted = poolOnly ? besidePool(s, &Interval::bytes)
                                  : plusBytes(s.context.bytes, graphsInside ? 0 : s.graphs.bytes);
    const std::string_view what = poolOnly ? "activations, graphs and buffers" : "CUDA context and graphs";
    const double best = bestFraction(plan, s, usable);
    const std::string origin = settings.memoryFraction ? "" : " (the default)";
    if (beside < wanted && best > 0) {
      advice.push_back(fmt::format("--{} {:g}{} leaves {} for {}, which take about {}: set it to {:.2f}",
                                   engine.flags.fraction, plan.fraction, origin, formatBytes(beside), what,
                                   formatBytes(wanted), best));
    }
    constexpr int kWastePercent = 15;
    if (settings.memoryFraction && !plan.absolutePool && beside - wanted > usable / 100 * kWastePercent) {
      advice.push_back(fmt::format("--{} {:g} leaves {} unused beside {}: set it to {:.2f}, or take a smaller slice",
                                   engine.flags.fraction, plan.fraction, formatBytes(beside - wanted), what, best));
    }
  }
  const double positions = static_cast<double>(input.architecture->maxPositions) * input.architecture->ropeFactor;
  const bool isVllm = &engine == &engine::vllm;
  if (settings.maxModelLen && static_cast<double>(*settings.maxModelLen) > positions && positions > 0) {
    advice.push_back(fmt::format("--{} {} is above the {:.0f} positions of {}: {}", engine.flags.maxLength,
                                 *settings.maxModelLen, positions, input.architecture->id,
                                 isVllm ? "vLLM refuses it unless VLLM_ALLOW_LONG_MAX_MODEL_LEN=1"
                                        : "answers beyond them are worthless, and their KV cache is paid for"));
  }
  if (isVllm && settings.maxNumBatchedTokens && *settings.maxNumBatchedTokens < estimate.maxNumSeqs) {
    advice.push_back(fmt::format("--max-num-batched-tokens {} is below --max-num-seqs {}: vLLM refuses it",
                                 *settings.maxNumBatchedTokens, estimate.maxNumSeqs));
  }
  return advice;
}

}  // namespace rightslice::model
