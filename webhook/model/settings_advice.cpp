// Flags that waste the slice or leave too little beside the model, without surely failing: each rule says a number and what
// to write instead. Only what is written is called wasteful; of defaults only what may fail is told.
#include <algorithm>
#include <cmath>
#include <fmt/format.h>

#include "model/engines/engines.hpp"
#include "model/remedy.hpp"
#include "model/start_rule.hpp"

namespace rightslice::model {
namespace {

/// From this share of the device on, memory that flags waste is worth a word.
constexpr int kWastePercent = 15;
constexpr int kSamplerPercent = 5;
constexpr std::int64_t kUsualBatch = 2048;  ///< tokens per step that keep a small device busy (vLLM's default there)
/// Sequences are called far above the load from this many times as many on.
constexpr std::int64_t kFarAbove = 4;

Bytes percentOf(Bytes usable, int percent) { return usable / 100 * percent; }

class Adviser {
 public:
  Adviser(const SizedPlan& sized, Bytes usable)
      : input_(*sized.input), usable_(usable), names_(input_.run->flagNames()), settings_(input_.run->settings), plan_(*sized.plan),
        sizes_(sized.sizes), weights_(sized.weights) {}

  std::vector<std::string> run() {
    if (!poolAsWritten(plan_)) {
      if (plan_.fractionOf == FractionOf::Total || plan_.fractionOf == FractionOf::TotalForPool ||
          plan_.fractionOf == FractionOf::FreeAfterWeights)
        fractionOfTotal();
      if (plan_.fractionOf == FractionOf::FreeAfterLoad) fractionOfFree();
    }
    poolOfLoad();
    sequences();
    batch();
    length();
    for (auto& text : refusedFlags(input_)) advice_.push_back(std::move(text));
    return std::move(advice_);
  }

 private:
  template <class... Values>
  void say(fmt::format_string<Values...> text, Values&&... values) {
    advice_.push_back(fmt::format(text, std::forward<Values>(values)...));
  }
  static std::string written(std::string_view flag) { return spelled(flag); }

  /// False: what seems unused may be another process's, or hold what is not modelled.
  bool restIsKnown() const { return input_.run->open.empty(); }

  void fractionOfTotal() {
    if (names_.fraction.empty()) return;
    const Bytes base = fractionBase(plan_, sizes_, usable_, &Interval::bytes);
    const Bytes beside = base - partOf(plan_.fraction, base);
    const Bytes wanted = besideFraction(plan_, sizes_, &Interval::bytes);
    const bool graphsInside = plan_.graphsInFraction == GraphsInFraction::Yes;
    const std::string_view what = plan_.fractionOf == FractionOf::TotalForPool       ? "activations, graphs and buffers"
                                  : plan_.fractionOf == FractionOf::FreeAfterWeights ? "activations and graphs"
                                  : graphsInside                                     ? "the CUDA context"
                                                                                     : "CUDA context and graphs";
    const double best = bestFraction(plan_, sizes_, usable_);
    if (beside < wanted && best > 0)
      say("{} {:g}{} leaves {} for {}, which take about {}: set it to {:.2f}", written(names_.fraction), plan_.fraction,
          settings_.memoryFraction ? "" : " (the default)", formatBytes(beside), what, formatBytes(wanted), best);
    if (settings_.memoryFraction && !plan_.absolutePool && restIsKnown() && beside - wanted > percentOf(usable_, kWastePercent))
      say("{} {:g} leaves {} unused beside {}: set it to {:.2f}, or take a smaller slice", written(names_.fraction),
          plan_.fraction, formatBytes(beside - wanted), what, best);
  }

  /// The pool gets a share of what the rest leaves: what it does not get, nothing else takes.
  void fractionOfFree() {
    if (names_.fraction.empty() || !settings_.memoryFraction || !restIsKnown()) return;
    const Bytes left = usable_ - plusBytes(sizes_.weights.bytes, outsideOfPool(sizes_, &Interval::bytes));
    if (left <= 0) return;
    const Bytes unused = left - partOf(plan_.fraction, left);
    if (unused <= percentOf(usable_, kWastePercent)) return;
    say("{} {:g} leaves {} of the {} beside the weights unused: set it to {:.2f}, or take a smaller slice",
        written(names_.fraction), plan_.fraction, formatBytes(unused), formatBytes(left),
        bestFraction(plan_, sizes_, usable_));
  }

  /// An engine that starts with whatever pool is left says nothing where the load does not fit it.
  void poolOfLoad() {
    if (plan_.kvRule != KvRule::Pooled || plan_.whenShort != WhenShort::Shrinks || plan_.absolutePool || names_.fraction.empty() || !restIsKnown() ||
        checkStart(plan_, sizes_, usable_).surelyNot)
      return;
    Estimate estimate;
    estimate.kvBytesPerToken = sizes_.kvBytesPerToken;
    const auto pool = kvPool(input_, estimate, usable_);
    const Bytes load = timesBytes(kvOfSequence(plan_, plan_.context).bytes, plan_.concurrency);
    double best = bestFraction(plan_, sizes_, usable_);
    if (plan_.fractionOf == FractionOf::TotalForPool) {  // what the load needs, where what is expected beside it finds room
      const double base = static_cast<double>(std::max<Bytes>(1, fractionBase(plan_, sizes_, usable_, &Interval::bytes)));
      const double wanted = static_cast<double>(plusBytes(sizes_.weights.bytes, load)) / base;
      const double most = 1 - static_cast<double>(besideFraction(plan_, sizes_, &Interval::bytes)) / base;
      if (wanted <= most) best = std::max(best, std::min(std::ceil(wanted * 100) / 100, most));
    }
    if (!pool || pool->bytes >= load || best < plan_.fraction + 0.02) return;
    say("{} {:g}{} leaves {} for the KV cache, and the load of {} x {} tokens needs {}: set it to {:.2f}", written(names_.fraction),
        plan_.fraction, settings_.memoryFraction ? "" : " (the default here)",
        pool->bytes > 0 ? "about " + formatBytes(pool->bytes) : "no room", plan_.concurrency, plan_.context, formatBytes(load), best);
  }

  /// What the need would be with other settings.
  template <class Set>
  Bytes needWith(Set set) const {
    EngineRun run = *input_.run;
    set(run.settings);
    EstimateInput input = input_;
    input.run = &run;
    return needOf(deviceSizes(input, servingPlan(input), weights_));
  }

  /// The profile run samples for as many sequences as the engine may run at once, whatever the load.
  void sequences() {
    if (!settings_.maxNumSeqs || !input_.load.stated || names_.sequences.empty()) return;
    const std::int64_t enough = std::max<std::int64_t>(8, plan_.concurrency);
    if (*settings_.maxNumSeqs < kFarAbove * enough) return;
    const Bytes saved = needOf(sizes_) - needWith([&](Settings& s) { s.maxNumSeqs = enough; });
    if (saved <= percentOf(usable_, kSamplerPercent)) return;
    say("{} {} is far above the load of {}: {} {} would save {}", written(names_.sequences), *settings_.maxNumSeqs,
        input_.load.concurrency == 1 ? "one request" : fmt::format("{} requests", input_.load.concurrency),
        written(names_.sequences), enough, formatBytes(saved));
  }

  void batch() {
    const auto tokens = settings_.maxNumBatchedTokens;
    if (!tokens || names_.batchTokens.empty() || *tokens <= kUsualBatch) return;
    const std::int64_t usual = std::max(kUsualBatch, plan_.maxNumSeqs);
    const Bytes saved = needOf(sizes_) - needWith([&](Settings& s) { s.maxNumBatchedTokens = usual; });
    if (saved <= percentOf(usable_, kWastePercent)) return;
    say("{} {} takes {} of activations: {} {} would save {}", written(names_.batchTokens), *tokens,
        formatBytes(sizes_.activations.bytes), written(names_.batchTokens), usual, formatBytes(saved));
  }

  /// An engine that refuses to start without room for one longest sequence keeps it for requests that never come.
  void length() {
    if (!settings_.maxModelLen || !input_.load.stated || plan_.kvRule != KvRule::Pooled || plan_.autoLength ||
        plan_.whenShort != WhenShort::Refuses || plan_.absolutePool)
      return;
    const Bytes saved = needOf(sizes_) - needWith([&](Settings& s) { s.maxModelLen = plan_.context; });
    if (saved <= percentOf(usable_, kWastePercent)) return;
    say("{} {} keeps {} for one sequence, and the load of {} x {} tokens needs {}: a shorter one would save up to {}",
        written(names_.maxLength), *settings_.maxModelLen, formatBytes(sizes_.kvOfOneSequence.bytes), plan_.concurrency,
        plan_.context, formatBytes(sizes_.kv.bytes - saved), formatBytes(saved));
  }

  const EstimateInput& input_;
  Bytes usable_;
  const FlagNames& names_;
  const Settings& settings_;
  const ServingPlan& plan_;
  const DeviceSizes& sizes_;
  WeightsMemo* weights_;
  std::vector<std::string> advice_;
};

}  // namespace

std::vector<std::string> refusedFlags(const EstimateInput& input) {
  std::vector<std::string> out;
  const ServingPlan plan = servingPlan(input);
  const Settings& settings = input.run->settings;
  const Architecture& a = *input.architecture;
  const std::string_view lengthFlag = input.run->flagNames().maxLength;
  const bool isVllm = input.run->memoryRule() == &engine::vllm;
  const double positions = static_cast<double>(a.maxPositions) * a.ropeFactor;
  const bool overridden = settings.maxPositions || settings.ropeFactor;  // by the command line
  if (settings.maxModelLen && !overridden && !lengthFlag.empty() && static_cast<double>(*settings.maxModelLen) > positions &&
      positions > 0 && plan.kvRule != KvRule::Preallocated && !(isVllm && settings.vllm.longLength.value_or(false))) {
    out.push_back(fmt::format("{} {} is above the {:.0f} positions of {}: {}", spelled(lengthFlag), *settings.maxModelLen, positions, a.id,
                              isVllm ? "vLLM refuses it unless VLLM_ALLOW_LONG_MAX_MODEL_LEN=1"
                                     : "answers beyond them are worthless, and their KV cache is paid for"));
  }
  if (!isVllm) return out;
  if (settings.maxNumBatchedTokens && *settings.maxNumBatchedTokens < plan.maxNumSeqs)
    out.push_back(fmt::format("--max-num-batched-tokens {} is below --max-num-seqs {}: vLLM refuses it", *settings.maxNumBatchedTokens,
                              plan.maxNumSeqs));
  // config/model.py, verify_with_parallel_config.
  const std::int64_t tensor = settings.tensorParallelSize.value_or(1);
  if (tensor > 1 && a.heads > 0 && a.heads % tensor != 0 && !a.guess && !a.isEncoder())
    out.push_back(fmt::format("--tensor-parallel-size {} does not divide the {} attention heads of {}: vLLM refuses it", tensor, a.heads, a.id));
  return out;
}

std::vector<std::string> adviceOn(const SizedPlan& sized, Bytes usable) {
  return usable > 0 ? Adviser(sized, usable).run() : std::vector<std::string>();
}

std::vector<std::string> settingsAdvice(const EstimateInput& input, const Estimate& /*estimate*/, Bytes usable) {
  if (input.architecture == nullptr || input.run == nullptr || !input.run->kvRule() || usable <= 0) return {};
  const ServingPlan plan = servingPlan(input);
  return adviceOn({&input, &plan, loadedSizes(input, plan), nullptr}, usable);
}

}  // namespace rightslice::model
