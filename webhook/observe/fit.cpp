// Oversized and Undersized of what runs: what judging says, with what it rests on.
#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.hpp"
#include "observe/rules.hpp"

namespace rightslice::observe {
namespace {

const policy::ContainerJudgement* containerOf(const policy::Judgement& judgement, std::string_view name) {
  for (const auto& each : judgement.containers)
    if (each.name == name) return &each;
  return nullptr;
}

std::string remedyOf(const policy::ContainerJudgement& container) {
  if (!container.recommended) return "give the model a larger slice, or let it take less: a shorter maximum length, fewer requests at once, a quantised build";
  std::string out = fmt::format("ask for {}", container.recommended->resource);
  if (container.recommended->count) out += fmt::format(" x {}", *container.recommended->count);
  for (const auto& [flag, value] : container.recommended->flags) out += fmt::format(", with {} {}", flag, value);
  return out;
}

}  // namespace

std::vector<Finding> findFit(const Scene& scene, Index index) {
  std::vector<Finding> out;
  const auto& judgement = scene.seen.workloads[index].judgement;
  for (const auto& each : judgement.findings) {
    const bool over = each.code == policy::Code::Oversized, under = each.code == policy::Code::Undersized;
    if ((!over && !under) || each.action == policy::Action::Allow) continue;
    Finding finding;
    finding.code = over ? Code::Oversized : Code::Undersized;
    finding.container = each.container;
    finding.path = each.path;
    finding.message = each.message;
    if (const auto* container = containerOf(judgement, each.container)) {
      finding.remedy = remedyOf(*container);
      if (container->need) {
        const auto& need = *container->need;
        finding.confidence = need.source == model::Need::Source::Estimate ? need.confidence : model::Confidence::High;
        finding.evidence.push_back({"need", formatBytes(need.bytes), fmt::format("{}", model::name(need.source))});
        finding.evidence.push_back({"minimum", formatBytes(need.minimum), fmt::format("{}", model::name(need.source))});
      }
      if (container->requested && container->requested->usable)
        finding.evidence.push_back({"usable", formatBytes(*container->requested->usable), "GPU catalogue, " + container->requested->resource});
    }
    // It is said that the model cannot start there. Where it did, the judgement is what is wrong.
    const auto& pods = scene.deployed(index).pods;
    const auto ready = std::count_if(pods.begin(), pods.end(), [&](Index pod) { return scene.snapshot.pods[pod].ready; });
    if (under && ready > 0) {
      finding.confidence = model::Confidence::Low;
      finding.evidence.push_back({"ready pods", std::to_string(ready), "status of the pods"});
      finding.remedy = "it runs all the same: declare what it takes with rightslice.io/footprint, or " + finding.remedy;
    }
    out.push_back(std::move(finding));
  }
  return out;
}

}  // namespace rightslice::observe
