#include "observe/measured_use.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "observe/rules.hpp"

namespace rightslice::observe {
namespace {

using metrics::Measure;
constexpr int kAll = 1000;

/// Of one container; nothing where its engine counts no tokens, or too little was seen.
struct Work {
  std::int64_t steps = 0, busy = 0;
  double perSecond = 0;
};

std::optional<Work> workOf(const metrics::OfContainer& container) {
  const auto* generated = container.find(Measure::GeneratedTokens);
  const auto* prompt = container.find(Measure::PromptTokens);
  if (generated == nullptr || !generated->perSecond || generated->windowSeconds < kIdleSeconds || generated->coverage() < kIdleCoverage || generated->seen < 2)
    return std::nullopt;
  Work work{generated->seen - 1, std::min(generated->grown, generated->seen - 1), *generated->perSecond};
  if (prompt != nullptr && prompt->perSecond) {
    work.perSecond += *prompt->perSecond;
    work.busy = std::min(work.steps, std::max(work.busy, prompt->grown));
  }
  return work;
}

MeasuredUse useOf(const Snapshot& snapshot, const Observation& seen, Index deployed) {
  MeasuredUse use;
  const auto& findings = seen.workloads[deployed].findings;
  const bool idle = std::any_of(findings.begin(), findings.end(), [](const Finding& each) { return each.code == Code::Idle; });
  if (idle) use.idlePerMille = kAll;
  std::int64_t pods = 0, steps = 0, busy = 0;
  double perSecond = 0;
  for (const Index at : seen.placement.deployed[deployed].pods) {
    const Pod& pod = snapshot.pods[at];
    if (pod.deleting || !pod.placed()) continue;
    const auto all = metrics::measuredOf(*snapshot.measured, at);
    for (const RunningContainer& each : pod.containers) {
      if (each.init) continue;
      const auto measured = std::find_if(all.begin(), all.end(), [&](const auto& other) { return other.container == each.name; });
      const auto work = measured != all.end() ? workOf(*measured) : std::nullopt;
      if (!work) return use;  // of a pod of which nothing is known, nor is anything of the whole
      steps += work->steps;
      busy += work->busy;
      perSecond += work->perSecond;
    }
    ++pods;
  }
  if (pods == 0 || steps == 0) return use;
  if (!idle) use.idlePerMille = static_cast<int>((steps - busy) * kAll / steps);
  const double perHour = perSecond * 3600;
  if (std::isfinite(perHour) && perHour >= 0 && perHour < 1e15) use.tokensPerHour = static_cast<std::int64_t>(std::llround(perHour));
  return use;
}

}  // namespace

Measured measuredUseOf(const Snapshot& snapshot, const Observation& seen) {
  if (snapshot.measured == nullptr) return {};
  std::vector<MeasuredUse> uses;
  for (Index i = 0; i < seen.workloads.size(); ++i) uses.push_back(useOf(snapshot, seen, i));
  return [uses = std::move(uses)](Index deployed) { return uses[deployed]; };
}

}  // namespace rightslice::observe
