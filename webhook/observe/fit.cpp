// Oversized and Undersized of what runs: what judging says, with what it rests on. What was measured has the last word: where it says that the
// smaller slice would not do, it is not advised.
#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.hpp"
#include "model/engine.hpp"
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

/// "container init: " where several containers hold something; with the template of two that have one name ("leaderTemplate").
std::string whichOf(const policy::Judgement& judgement, const policy::Finding& finding) {
  const auto holds = [](const policy::ContainerJudgement& each) { return each.requested.has_value(); };
  const auto all = std::count_if(judgement.containers.begin(), judgement.containers.end(), holds);
  if (all < 2) return {};
  const auto isNamed = [&](const policy::ContainerJudgement& each) { return holds(each) && each.name == finding.container; };
  const auto same = std::count_if(judgement.containers.begin(), judgement.containers.end(), isNamed);
  const std::string_view path(finding.path);
  const std::string_view place = path.substr(0, std::min(path.find("/spec/containers"), path.find("/spec/initContainers")));
  const bool named = same > 1 && place.size() < path.size() && place.find('/') != std::string_view::npos;
  return fmt::format("container {}{}: ", finding.container, named ? fmt::format(" of {}", place.substr(place.rfind('/') + 1)) : "");
}

/// Is the work near what it has, or more than the slice was judged for? A smaller one is no answer to that.
bool isPressed(const Scene& scene, Index index, const std::string& container) {
  const auto isOf = [&](const Finding& each) { return each.container == container; };
  const auto near = findNearCeiling(scene, index), traffic = findTrafficDrift(scene, index);
  return std::any_of(near.begin(), near.end(), isOf) || std::any_of(traffic.begin(), traffic.end(), isOf);
}

/// Device memory that was in use, more than the recommended slice holds; of all pods the most.
struct Beyond {
  const metrics::Measured* measured = nullptr;
  const Pod* pod = nullptr;
  Bytes bytes = 0;
};

std::optional<Beyond> beyondRecommended(const Scene& scene, Index index, const policy::ContainerJudgement& container) {
  const auto& better = container.recommended;
  // Of several devices, or with other flags, it takes something else there.
  if (!better || !better->usable || better->count || !better->flags.empty() || !container.requested || container.requested->count != 1) return std::nullopt;
  std::optional<Beyond> out;
  for (const Index at : scene.deployed(index).pods) {
    const Pod& pod = scene.snapshot.pods[at];
    if (pod.deleting) continue;
    for (const auto& each : scene.measuredOf(at)) {
      const auto* used = each.container == container.name ? each.find(metrics::Measure::FramebufferUsed) : nullptr;
      if (used == nullptr || !used->value) continue;
      const double most = std::max(*used->value, used->peak.value_or(0));
      if (!(most > static_cast<double>(*better->usable)) || most > static_cast<double>(kMaxBytes) / 2) continue;
      if (!out || most > static_cast<double>(out->bytes)) out = Beyond{used, &pod, static_cast<Bytes>(most)};
    }
  }
  return out;
}

/// It takes more than it is judged to need, so that nothing smaller is advised.
Finding memoryDrift(const policy::ContainerJudgement& container, const Beyond& beyond) {
  const auto& need = *container.need;
  const bool estimated = need.source == model::Need::Source::Estimate;
  Finding out;
  out.code = Code::Drift;
  out.aspect = "memory";
  out.container = container.name;
  out.pod = beyond.pod->name;
  out.message = fmt::format("memory: {} of pod {} takes {} of its device, and {} {}; {} ({}) would not hold it", container.name, beyond.pod->name,
                            formatBytes(beyond.bytes), formatBytes(need.bytes), estimated ? "are estimated" : "are declared",
                            container.recommended->resource, formatBytes(*container.recommended->usable));
  out.remedy = "declare what it takes (spec.models of a policy, or rightslice.io/footprint), so that the slice is judged for it";
  out.confidence = model::Confidence::Medium;
  out.evidence.push_back(evidenceOf(*beyond.measured, *beyond.pod));
  out.evidence.back().name = "observed";
  out.evidence.push_back({"need", formatBytes(need.bytes), std::string(model::name(need.source))});
  return out;
}

}  // namespace

std::vector<Finding> findFit(const Scene& scene, Index index) {
  std::vector<Finding> out;
  const auto& judgement = scene.seen.workloads[index].judgement;
  for (const auto& each : judgement.findings) {
    const bool over = each.code == policy::Code::Oversized, under = each.code == policy::Code::Undersized;
    if ((!over && !under) || each.action == policy::Action::Allow) continue;
    if (over && isPressed(scene, index, each.container)) continue;
    const auto* container = containerOf(judgement, each.container);
    const auto beyond = over && container != nullptr && container->need ? beyondRecommended(scene, index, *container) : std::nullopt;
    const auto* engine = beyond ? model::findEngine(container->engine) : nullptr;
    const bool modelled = engine != nullptr && engine->kvRule;
    // An engine that takes its pool at the start fills what it is given; of one that is not known nobody can say what it would take.
    if (beyond && modelled && *engine->kvRule != model::KvRule::Pooled) {
      out.push_back(memoryDrift(*container, *beyond));
      continue;
    }
    Finding finding;
    finding.code = over ? Code::Oversized : Code::Undersized;
    finding.container = each.container;
    finding.path = each.path;
    finding.message = whichOf(judgement, each) + each.message;
    if (container != nullptr) {
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
    if (beyond && !modelled) {
      finding.confidence = model::Confidence::Low;
      finding.evidence.push_back(evidenceOf(*beyond->measured, *beyond->pod));
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
