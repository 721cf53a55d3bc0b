// What other flags would save of a need, each computed with the changed flag.
#include <algorithm>

#include "model/remedy.hpp"

namespace rightslice::model {
namespace {

constexpr Bytes kWorthAWord = 64 * kMiB;

}  // namespace

std::vector<Saving> savings(const EstimateInput& input) {
  std::vector<Saving> result;
  if (input.architecture == nullptr || input.run == nullptr || !input.run->kvRule()) return result;
  const FlagNames& names = input.run->flagNames();
  const ServingPlan plan = servingPlan(input);
  const Bytes now = needOf(deviceSizes(input, plan));
  const auto add = [&](std::string_view flag, std::string value, std::string_view price, auto&& set) {
    if (flag.empty()) return;
    EngineRun run = *input.run;
    set(run.settings);
    EstimateInput changed = input;
    changed.run = &run;
    const Bytes saved = now - needOf(deviceSizes(changed, servingPlan(changed)));
    if (saved >= kWorthAWord) result.push_back({{{spelled(flag), std::move(value)}}, saved, price});
  };
  const std::int64_t enough = std::max<std::int64_t>(plan.concurrency, 1);
  if (plan.maxNumSeqs > enough && plan.kvRule == KvRule::Pooled)
    add(names.sequences, std::to_string(enough), "no more requests at once than the load has",
        [&](Settings& s) { s.maxNumSeqs = enough; });
  if (plan.maxModelLen > plan.context && plan.kvRule == KvRule::Pooled)
    add(names.maxLength, std::to_string(plan.context), "no requests longer than those of the load", [&](Settings& s) {
      s.maxModelLen = plan.context;
      s.maxModelLenAuto = false;
    });
  if (!input.kvCacheDtype && !plan.kvDtypeUnknown && plan.kvBitsTwice > 16 && !input.device.isA100)
    add(names.kvDtype, std::string(names.kvFp8), "a little accuracy, where the device can do it", [](Settings& s) { s.kvCacheDtype = "fp8"; });
  if (!input.run->settings.enforceEager)
    add(names.eager, "", "speed: no CUDA graphs", [](Settings& s) { s.enforceEager = true; });
  std::stable_sort(result.begin(), result.end(), [](const Saving& a, const Saving& b) { return a.bytes > b.bytes; });
  return result;
}

}  // namespace rightslice::model
