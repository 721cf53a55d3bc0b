// Whether vLLM starts on a device. Rule: facts/footprint 4 and facts/workloads 4.4: fraction x total holds weights, the
// profile run's peak and the KV cache of one sequence; CUDA context (and, before the 2026 releases, graphs) lie outside
// of the fraction.
#include <algorithm>
#include <cmath>
#include <fmt/format.h>

#include "model/device_sizes.hpp"

namespace rightslice::model {
namespace {

// From about this release the fraction also has to hold the graphs.
constexpr Version kGraphsInside{0, 20, 0};
constexpr std::int64_t kLengthStep = 256;
constexpr std::int64_t kShortestUseful = 1024;

Bytes partOf(double fraction, Bytes usable) { return static_cast<Bytes>(fraction * static_cast<double>(usable)); }

struct Verdict {
  bool surelyNot = false, surely = false;
};

/// What must lie within the fraction, for one end of the intervals.
Bytes inside(Bytes weights, Bytes activations, Bytes nonTorch, Bytes kvOfOne) {
  return plusBytes(plusBytes(weights, activations), plusBytes(nonTorch, kvOfOne));
}

Verdict check(const ServingPlan& plan, const DeviceSizes& s, Bytes usable) {
  Verdict verdict;
  const Bytes block = timesBytes(plan.blockSize, s.kvBytesPerToken);
  const Bytes oneLow = plan.autoLength ? block : s.kvOfOneSequence.low;
  const Bytes oneHigh = plan.autoLength ? block : s.kvOfOneSequence.high;
  if (plan.absolutePool) {
    // The pool is taken as written: it must hold one sequence, and everything together must fit.
    const Bytes pool = *plan.absolutePool;
    verdict.surelyNot = pool < oneLow || minimumOf(s) > usable;
    const Bytes all = plusBytes(inside(s.weights.high, s.activations.high, s.nonTorch.high, pool),
                                plusBytes(s.context.high, s.graphs.high));
    verdict.surely = pool >= oneHigh && all <= usable;
    return verdict;
  }
  const Bytes low = inside(s.weights.low, s.activations.low, 0, oneLow);
  verdict.surelyNot = low > partOf(plan.fractionHigh, usable) || usable - partOf(plan.fractionLow, usable) < kMiB * 100;
  const bool graphsOutside = !plan.version || *plan.version < kGraphsInside;
  const bool graphsInside = !plan.version || !graphsOutside;
  const Bytes high =
      plusBytes(inside(s.weights.high, s.activations.high, s.nonTorch.high, oneHigh), graphsInside ? s.graphs.high : 0);
  const Bytes beside = plusBytes(s.context.high, graphsOutside ? s.graphs.high : 0);
  verdict.surely = high <= partOf(plan.fractionLow, usable) && beside <= usable - partOf(plan.fractionHigh, usable);
  return verdict;
}

std::string reason(const ServingPlan& plan, const DeviceSizes& s, Bytes usable) {
  const Bytes one = plan.autoLength ? timesBytes(plan.blockSize, s.kvBytesPerToken) : s.kvOfOneSequence.bytes;
  if (plan.absolutePool) {
    return fmt::format(
        "a KV cache of {} as written, for one sequence of {} tokens that takes {}, beside weights {} and activations "
        "{}",
        formatBytes(*plan.absolutePool), plan.maxModelLen, formatBytes(one), formatBytes(s.weights.bytes),
        formatBytes(s.activations.bytes));
  }
  const Bytes budget = partOf(plan.fraction, usable);
  const Bytes beside = usable - budget;
  const std::string length = plan.autoLength ? "one block" : fmt::format("one sequence of {} tokens", plan.maxModelLen);
  std::string text =
      fmt::format("{:g} x {} is {}; weights {} + activations {} + runtime {} + KV cache of {} {} need {}",
                  plan.fraction, formatBytes(usable), formatBytes(budget), formatBytes(s.weights.bytes),
                  formatBytes(s.activations.bytes), formatBytes(s.nonTorch.bytes), length, formatBytes(one),
                  formatBytes(inside(s.weights.bytes, s.activations.bytes, s.nonTorch.bytes, one)));
  if (const Bytes outside = s.context.bytes + s.graphs.bytes; outside > beside) {
    text += fmt::format("; CUDA context and graphs take about {} beside it, {} are left", formatBytes(outside),
                        formatBytes(beside));
  }
  return text;
}

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
    Flags flags;
    if (change.eager) {
      if (settings.enforceEager) return {};
      settings.enforceEager = true;
    }
    if (change.sequences) {
      if (now_.maxNumSeqs <= now_.concurrency) return {};
      settings.maxNumSeqs = now_.concurrency;
      flags.emplace_back("--max-num-seqs", std::to_string(now_.concurrency));
    }
    const bool absolute = settings.kvCacheMemoryBytes || settings.numGpuBlocks;
    if (change.fraction) {
      if (absolute) return {};
      EstimateInput input = input_;
      input.run = &run;
      const DeviceSizes sizes = deviceSizes(input, servingPlan(input));
      const double rest = static_cast<double>(sizes.context.high + sizes.graphs.high) / static_cast<double>(usable_);
      const double fraction = std::floor((1 - rest) * 100) / 100;
      if (fraction < 0.05 || fraction > 0.99) return {};
      settings.memoryFraction = fraction;
      flags.emplace_back("--gpu-memory-utilization", fmt::format("{:.2f}", fraction));
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
      flags.emplace_back("--max-model-len", std::to_string(fits));
    }
    if (change.eager) flags.emplace_back("--enforce-eager", "");
    return starts(run) ? flags : Flags{};
  }

  const EstimateInput& input_;
  const Estimate& now_;
  Bytes usable_;
};

}  // namespace

Start startsOn(const EstimateInput& input, const Estimate& estimate, Bytes usable) {
  Start start;
  if (input.architecture == nullptr || input.run == nullptr || input.run->engine == nullptr ||
      !input.run->engine->kvRule || usable <= 0)
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
  if (input.run == nullptr || input.architecture == nullptr || input.architecture->isEncoder() ||
      estimate.kvBytesPerToken <= 0)
    return std::nullopt;
  const ServingPlan plan = servingPlan(input);
  const DeviceSizes s = deviceSizes(input, plan);
  const Bytes block = timesBytes(plan.blockSize, s.kvBytesPerToken);
  Bytes bytes = 0;
  if (plan.absolutePool) {
    bytes = *plan.absolutePool;
  } else {
    const bool graphsInside = plan.version && *plan.version >= kGraphsInside;
    bytes = partOf(plan.fraction, deviceMemory) - s.weights.bytes - s.activations.bytes - s.nonTorch.bytes -
            (graphsInside ? s.graphs.bytes : 0);
  }
  const std::int64_t blocks = bytes > 0 ? bytes / block : 0;
  return KvPool{timesBytes(blocks, block), timesBytes(blocks, plan.blockSize)};
}

std::vector<std::string> settingsAdvice(const EstimateInput& input, const Estimate& estimate, Bytes usable) {
  std::vector<std::string> advice;
  if (input.architecture == nullptr || input.run == nullptr || input.run->engine == nullptr ||
      !input.run->engine->kvRule || usable <= 0)
    return advice;
  const Settings& settings = input.run->settings;
  const ServingPlan plan = servingPlan(input);
  const DeviceSizes s = deviceSizes(input, plan);
  const Bytes beside = usable - partOf(plan.fraction, usable);
  const bool graphsInside = plan.version && *plan.version >= kGraphsInside;
  const Bytes wanted = plusBytes(s.context.bytes, graphsInside ? 0 : s.graphs.bytes);
  const Bytes safe = plusBytes(s.context.high, graphsInside ? 0 : s.graphs.high);
  const double best = std::floor((1 - static_cast<double>(safe) / static_cast<double>(usable)) * 100) / 100;
  const std::string origin = settings.memoryFraction ? "" : " (the default)";
  if (!plan.absolutePool && beside < wanted && best > 0) {
    advice.push_back(fmt::format(
        "--gpu-memory-utilization {:g}{} leaves {} for CUDA context and graphs, which take about {}: set it to {:.2f}",
        plan.fraction, origin, formatBytes(beside), formatBytes(wanted), best));
  }
  constexpr int kWastePercent = 15;
  if (!plan.absolutePool && settings.memoryFraction && beside - wanted > usable / 100 * kWastePercent) {
    advice.push_back(
        fmt::format("--gpu-memory-utilization {:g} leaves {} unused beside CUDA context and graphs: set it to {:.2f}, "
                    "or take a smaller slice",
                    plan.fraction, formatBytes(beside - wanted), best));
  }
  const double positions = static_cast<double>(input.architecture->maxPositions) * input.architecture->ropeFactor;
  if (settings.maxModelLen && static_cast<double>(*settings.maxModelLen) > positions) {
    advice.push_back(
        fmt::format("--max-model-len {} is above the {:.0f} positions of {}: vLLM refuses it unless "
                    "VLLM_ALLOW_LONG_MAX_MODEL_LEN=1",
                    *settings.maxModelLen, positions, input.architecture->id));
  }
  if (settings.maxNumBatchedTokens && *settings.maxNumBatchedTokens < estimate.maxNumSeqs) {
    advice.push_back(fmt::format("--max-num-batched-tokens {} is below --max-num-seqs {}: vLLM refuses it",
                                 *settings.maxNumBatchedTokens, estimate.maxNumSeqs));
  }
  return advice;
}

}  // namespace rightslice::model
