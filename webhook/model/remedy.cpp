#include "model/remedy.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <span>

#include "base/ascii.hpp"
#include "model/start_rule.hpp"

namespace rightslice::model {
namespace {

bool isVariable(std::string_view name) { return !name.empty() && name[0] >= 'A' && name[0] <= 'Z'; }

/// The largest n in [first, last] for which `works`, which holds for all smaller ones too; nothing if for none.
template <class Works>
std::optional<std::int64_t> largest(std::int64_t first, std::int64_t last, Works works) {
  std::optional<std::int64_t> best;
  while (first <= last) {
    const std::int64_t middle = first + (last - first) / 2;
    if (works(middle)) {
      best = middle;
      first = middle + 1;
    } else {
      last = middle - 1;
    }
  }
  return best;
}

}  // namespace

std::string spelled(std::string_view flag) { return isVariable(flag) ? std::string(flag) : fmt::format("--{}", flag); }

std::string flagsText(const FlagList& flags) {
  std::string text;
  for (const auto& [flag, value] : flags) {
    const bool variable = isVariable(flag);
    text += fmt::format("{}{}{}{}", text.empty() ? "" : " ", flag, value.empty() ? "" : variable ? "=" : " ", value);
  }
  return text;
}

Remedies::Remedies(const EstimateInput& input, Goal goal) : input_(input), goal_(goal), now_(servingPlan(input)) {}

bool Remedies::holds(const EstimateInput& input) const {
  const ServingPlan plan = servingPlan(input);
  const DeviceSizes sizes = loadedSizes(input, plan);
  if (goal_.headroomTenths &&
      static_cast<Int128>(goal_.usable) * 1000 < static_cast<Int128>(needOf(sizes)) * (1000 + *goal_.headroomTenths))
    return false;
  const StartVerdict start = checkStart(plan, sizes, goal_.usable);
  if (goal_.perhaps ? start.surelyNot : !start.surely) return false;
  if (!goal_.toTheHighEnd) return true;
  const auto whole = estimate(input);
  return whole && whole->need.high &&
         static_cast<Int128>(goal_.usable) * 1000 >=
             static_cast<Int128>(*whole->need.high) * (1000 + goal_.headroomTenths.value_or(0));
}

bool Remedies::applyFlags(const Change& change, EngineRun& run, EstimateInput& input, Way& way) const {
  const FlagNames& names = run.flagNames();
  Settings& settings = run.settings;
  if (change.build) {
    input.format = change.build;
    input.detail = {};
    way.build = change.build;
  }
  if (change.toLoad) {
    if (names.sequences.empty() || now_.maxNumSeqs <= now_.concurrency) return false;
    settings.maxNumSeqs = now_.concurrency;
    way.flags.emplace_back(spelled(names.sequences), std::to_string(now_.concurrency));
  }
  if (change.kvInFp8) {
    // Of Ampere's engines not all take an 8-bit KV cache, and an annotation says what it is whatever the flags say.
    if (names.kvFp8.empty() || input.device.isA100 || input.kvCacheDtype || now_.kvBitsTwice <= 16 || now_.kvDtypeUnknown)
      return false;
    settings.kvCacheDtype = "fp8";
    way.flags.emplace_back(spelled(names.kvDtype), std::string(names.kvFp8));
  }
  if (change.eager) {
    if (names.eager.empty() || settings.enforceEager) return false;
    settings.enforceEager = true;
    way.flags.emplace_back(spelled(names.eager), "");
  }
  if (change.fraction) {
    if (names.fraction.empty() || poolAsWritten(now_)) return false;
    const ServingPlan plan = servingPlan(input);
    const double fraction = bestFraction(plan, loadedSizes(input, plan), goal_.usable);
    // What is not modelled lives beside the fraction: another process, buffers of a connector.
    if (fraction < 0.05 || (!run.open.empty() && fraction > now_.fraction)) return false;
    settings.memoryFraction = fraction;
    way.flags.emplace_back(spelled(names.fraction), fmt::format("{:.2f}", fraction));
  }
  return true;
}

/// Need and start are monotone in the length.
bool Remedies::shorten(const Change& change, EngineRun& run, const EstimateInput& input, Way& way) const {
  const FlagNames& names = run.flagNames();
  if (names.maxLength.empty()) return false;
  std::int64_t floor = kShortestUseful;
  if (change.length == Change::Length::NotBelowContext) floor = std::max(floor, now_.context);
  run.settings.maxModelLenAuto = false;
  // Never more than the model has positions, whatever is written now.
  const Architecture& a = *input.architecture;
  const auto positions =
      static_cast<std::int64_t>(std::min(static_cast<double>(a.maxPositions) * std::max(a.ropeFactor, 1.0), 1e12));
  const std::int64_t longest = positions > 0 ? std::min(now_.maxModelLen - 1, positions) : now_.maxModelLen - 1;
  const auto steps = largest(ceilDiv(floor, kLengthStep), longest / kLengthStep, [&](std::int64_t n) {
    run.settings.maxModelLen = n * kLengthStep;
    return holds(input);
  });
  if (!steps) return false;
  run.settings.maxModelLen = *steps * kLengthStep;
  way.maxModelLen = *steps * kLengthStep;
  way.flags.emplace_back(spelled(names.maxLength), std::to_string(*steps * kLengthStep));
  return true;
}

/// Fewer requests at once: by the engine's own limit where it has one, which the profile run obeys too.
bool Remedies::thin(EngineRun& run, EstimateInput& input, Way& way) const {
  const FlagNames& names = run.flagNames();
  const bool own = !names.sequences.empty();
  const auto set = [&](std::int64_t n) {
    if (own) run.settings.maxNumSeqs = n;
    input.load.concurrency = n;
  };
  const auto count = largest(1, now_.concurrency - 1, [&](std::int64_t n) {
    set(n);
    return holds(input);
  });
  if (!count) return false;
  set(*count);
  way.concurrency = *count;
  if (own) way.flags.emplace_back(spelled(names.sequences), std::to_string(*count));
  return true;
}

bool Remedies::possible(std::optional<Format> build) const {
  EngineRun run = *input_.run;
  EstimateInput input = input_;
  input.run = &run;
  const FlagNames& names = run.flagNames();
  Settings& settings = run.settings;
  if (build) {
    input.format = build;
    input.detail = {};
  }
  input.load.concurrency = 1;
  if (!names.sequences.empty()) settings.maxNumSeqs = 1;
  if (!names.maxLength.empty()) {
    settings.maxModelLenAuto = false;
    settings.maxModelLen = std::min(now_.maxModelLen, kShortestUseful);
  }
  if (!names.kvFp8.empty() && !input.kvCacheDtype && now_.kvBitsTwice > 16) settings.kvCacheDtype = "fp8";
  if (!names.eager.empty()) settings.enforceEager = true;
  if (!names.fraction.empty() && !poolAsWritten(now_)) {
    const ServingPlan plan = servingPlan(input);
    if (const double best = bestFraction(plan, loadedSizes(input, plan), goal_.usable); best > 0)
      settings.memoryFraction = best;
  }
  return holds(input);
}

std::optional<Way> Remedies::attempt(const Change& change) const {
  EngineRun run = *input_.run;
  EstimateInput input = input_;
  input.run = &run;
  Way way;
  if (!applyFlags(change, run, input, way)) return std::nullopt;
  if (change.length != Change::Length::Keep && change.fewer) {
    // Both at once: one request, then as long as fits.
    if (now_.concurrency <= 1) return std::nullopt;
    const bool own = !run.flagNames().sequences.empty();
    if (own) run.settings.maxNumSeqs = 1;
    input.load.concurrency = 1;
    if (own) way.flags.emplace_back(spelled(run.flagNames().sequences), "1");
    way.concurrency = 1;
    return shorten(change, run, input, way) ? std::optional(way) : std::nullopt;
  }
  if (change.length != Change::Length::Keep) return shorten(change, run, input, way) ? std::optional(way) : std::nullopt;
  if (change.fewer) return thin(run, input, way) ? std::optional(way) : std::nullopt;
  return holds(input) ? std::optional(way) : std::nullopt;
}

std::optional<Way> Remedies::attemptWithHelp(Change change) const {
  for (const auto& [fraction, toLoad] : {std::pair{false, false}, {true, false}, {false, true}, {true, true}}) {
    if (toLoad && change.fewer) continue;
    change.fraction = fraction;
    change.toLoad = toLoad;
    if (auto way = attempt(change)) return way;
  }
  return std::nullopt;
}

Remedy remedyFor(const EstimateInput& input, Bytes usable, std::optional<int> headroomTenths) {
  if (input.architecture == nullptr || input.run == nullptr || !input.run->kvRule() || usable <= 0) return {};
  using Length = Change::Length;
  static constexpr Change kGentle[] = {
      {},
      {.length = Length::NotBelowContext},
      {.kvInFp8 = true},
      {.length = Length::NotBelowContext, .kvInFp8 = true},
      {.eager = true},
      {.length = Length::NotBelowContext, .eager = true},
  };
  static constexpr Change kFelt[] = {
      {.length = Length::Shorter},
      {.length = Length::Shorter, .eager = true},
      {.fewer = true},
      {.length = Length::Shorter, .fewer = true},
      {.length = Length::Shorter, .kvInFp8 = true, .eager = true, .fewer = true},
  };
  const auto first = [](const Remedies& remedies, std::span<const Change> changes) {
    if (remedies.possible())
      for (const Change& change : changes)
        if (auto way = remedies.attemptWithHelp(change); way && !way->flags.empty()) return std::move(way->flags);
    return FlagList();
  };
  const Remedies roomy(input, {usable, headroomTenths}), sure(input, {usable}), possible(input, {.usable = usable, .perhaps = true});
  const auto surely = [&](std::span<const Change> changes) {
    FlagList flags = first(roomy, changes);
    return flags.empty() ? first(sure, changes) : flags;
  };
  Remedy remedy;
  remedy.flags = surely(kGentle);
  if (remedy.flags.empty()) {
    remedy.perhaps = first(possible, kGentle);
    remedy.flags = surely(kFelt);
    if (remedy.empty()) remedy.perhaps = first(possible, kFelt);
  }
  // Nothing is sure beside what is not modelled.
  if (!input.run->open.empty()) {
    if (remedy.perhaps.empty()) remedy.perhaps = std::move(remedy.flags);
    remedy.flags.clear();
  }
  return remedy;
}

std::optional<std::pair<std::string, std::string>> fractionFor(const EstimateInput& input, Bytes usable) {
  if (input.architecture == nullptr || input.run == nullptr || !input.run->kvRule() || usable <= 0) return std::nullopt;
  const auto way = Remedies(input, {usable}).attempt({.fraction = true});
  return way ? std::optional(way->flags.front()) : std::nullopt;
}

FlagList flagsThatFit(const EstimateInput& input, Bytes usable, int headroomTenths) {
  if (input.architecture == nullptr || input.run == nullptr || !input.run->kvRule() || usable <= 0) return {};
  const Remedies remedies(input, {usable, headroomTenths, true});
  if (!remedies.possible()) return {};
  constexpr Change kKeepTheLoad[] = {{},
                                     {.length = Change::Length::NotBelowContext},
                                     {.kvInFp8 = true},
                                     {.length = Change::Length::NotBelowContext, .kvInFp8 = true}};
  for (const Change& change : kKeepTheLoad) {
    if (const auto way = remedies.attemptWithHelp(change)) return way->flags;
  }
  return {};
}

}  // namespace rightslice::model
