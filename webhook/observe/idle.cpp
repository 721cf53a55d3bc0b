// Idle: what holds slices and was asked for nothing. Only where that is known of each of its pods for nearly all of the window: no data
// are no idleness.
#include <fmt/format.h>

#include <algorithm>

#include "observe/rules.hpp"

namespace rightslice::observe {
namespace {

using metrics::Measure;
using metrics::Measured;

constexpr double kBusy = 5;   // % of the time with a kernel running: something works, whatever its counters say

enum class Says { Nothing, Idle, Works };

Says says(const Measured* measured) {
  if (measured == nullptr || !measured->value) return Says::Nothing;
  const bool counter = metrics::rowOf(measured->measure).sort == metrics::Sort::Counter;
  if (counter ? *measured->value > 0 : measured->peak.value_or(0) > 0) return Says::Works;
  return measured->windowSeconds >= kIdleSeconds && measured->coverage() >= kIdleCoverage ? Says::Idle : Says::Nothing;
}

/// Counters see each request; gauges alone miss those between two samples.
struct Answer {
  bool idle = false, counted = false;
  std::vector<const Measured*> by;
};

Answer answerOf(const metrics::OfContainer& container) {
  Answer out;
  if (const Measured* active = container.find(Measure::GpuActive); active != nullptr && active->peak.value_or(0) > kBusy) return out;
  for (const Measure which : {Measure::Requests, Measure::GeneratedTokens, Measure::PromptTokens, Measure::Running, Measure::Waiting}) {
    const Measured* measured = container.find(which);
    const Says told = says(measured);
    if (told == Says::Works) return {};
    if (told != Says::Idle) continue;
    out.by.push_back(measured);
    out.counted |= metrics::rowOf(which).sort == metrics::Sort::Counter;
    out.idle |= which != Measure::Waiting;   // a queue may be empty while work goes on
  }
  return out;
}

/// Nothing is told by a container without a series, or with too little of each.
bool tells(const metrics::OfContainer& container) {
  if (const Measured* active = container.find(Measure::GpuActive); active != nullptr && active->peak.value_or(0) > kBusy) return true;
  for (const Measure which : {Measure::Requests, Measure::GeneratedTokens, Measure::PromptTokens, Measure::Running})
    if (says(container.find(which)) != Says::Nothing) return true;
  return says(container.find(Measure::Waiting)) == Says::Works;
}

}  // namespace

bool tellsIdle(const Snapshot& snapshot, const Observation& seen, Index index) {
  for (const Index at : seen.placement.deployed[index].pods) {
    const Pod& pod = snapshot.pods[at];
    if (pod.deleting || !pod.placed()) continue;
    const auto all = snapshot.measured ? metrics::measuredOf(*snapshot.measured, at) : std::span<const metrics::OfContainer>();
    for (const RunningContainer& each : pod.containers) {
      const auto measured = std::find_if(all.begin(), all.end(), [&](const auto& other) { return other.container == each.name; });
      if (!each.init && (measured == all.end() || !tells(*measured))) return false;
    }
  }
  return true;
}

std::vector<Finding> findIdle(const Scene& scene, Index index) {
  Finding finding;
  std::int64_t pods = 0, window = 0;
  bool byCounters = true;
  for (const Index at : scene.deployed(index).pods) {
    const Pod& pod = scene.snapshot.pods[at];
    if (pod.deleting || !pod.placed()) continue;
    const auto all = scene.measuredOf(at);
    // Every container that serves: of one that is not measured nobody knows what it does.
    for (const RunningContainer& each : pod.containers) {
      if (each.init) continue;
      const auto measured = std::find_if(all.begin(), all.end(), [&](const auto& other) { return other.container == each.name; });
      if (measured == all.end()) return {};
      const Answer answer = answerOf(*measured);
      if (!answer.idle) return {};
      byCounters = byCounters && answer.counted;
      window = answer.by.front()->windowSeconds;
      if (finding.container.empty()) {
        finding.container = each.name;
        finding.pod = pod.name;
        for (const Measured* value : answer.by) finding.evidence.push_back(evidenceOf(*value, pod));
      }
    }
    ++pods;
  }
  if (pods == 0 || finding.container.empty()) return {};
  finding.code = Code::Idle;
  finding.message = fmt::format("no request came in {}, and {} asked for", metrics::windowText(window),
                                pods == 1 ? "1 pod holds what it" : fmt::format("{} pods hold what they", pods));
  finding.remedy = "scale it down, to none where a cold start can be borne (KEDA, Knative), or let several models share a server; look back longer "
                   "(--window 7d) before it is taken away";
  finding.confidence = byCounters ? model::Confidence::High : model::Confidence::Medium;
  return {std::move(finding)};
}

}  // namespace rightslice::observe
