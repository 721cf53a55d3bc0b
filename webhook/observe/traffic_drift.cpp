// Drift of traffic: more requests at once than the load for which a slice was judged.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "json/document.hpp"
#include "observe/rules.hpp"
#include "policy/annotations.hpp"
#include "workload/workload.hpp"

namespace rightslice::observe {
namespace {

using metrics::Measure;
using metrics::Measured;

/// As long as a peak must have been looked for, with as much of it seen, and how far above the declared load it is none of noise.
constexpr std::int64_t kLeastSeconds = 600;
constexpr double kLeastCoverage = 0.5, kBeyond = 1.25;

bool isEnough(const Measured* measured) {
  return measured != nullptr && measured->value && measured->windowSeconds >= kLeastSeconds && measured->coverage() >= kLeastCoverage;
}

struct Load {
  std::int64_t concurrency = 0;
  std::string source;
};

/// The concurrency that somebody wrote for the container: its annotation, else of the policies in force the largest. Nothing: it is assumed.
std::optional<Load> statedLoad(const Scene& scene, Index index, const std::string& container) {
  const Object* object = scene.objectOf(index);
  const auto& deployed = scene.deployed(index);
  const auto document = json::Document::parse(object != nullptr ? *object->text : *scene.snapshot.pods[deployed.pods.front()].text);
  if (!document) return std::nullopt;
  const auto read = workload::read(document->root());
  for (const auto& part : read.templates)
    if (const auto annotated = policy::OwnAnnotations(read, part).of(container).concurrency) return Load{*annotated, "annotation rightslice.io/concurrency"};
  std::optional<Load> out;
  const auto& inForce = scene.seen.workloads[index].judgement.policies;
  for (const auto& each : scene.looking.environment.policies->policies()) {
    if (!each.concurrency || std::find(inForce.begin(), inForce.end(), each.id()) == inForce.end()) continue;
    if (!out || *each.concurrency > out->concurrency) out = Load{*each.concurrency, "spec.load of policy " + each.id()};
  }
  return out;
}

}  // namespace

std::vector<Finding> findTrafficDrift(const Scene& scene, Index index) {
  std::map<std::string, std::pair<double, Finding>> byContainer;   // of the pod with the most
  for (const Index at : scene.deployed(index).pods) {
    const Pod& pod = scene.snapshot.pods[at];
    if (pod.deleting) continue;
    for (const auto& each : scene.measuredOf(at)) {
      const Measured *running = each.find(Measure::Running), *waiting = each.find(Measure::Waiting);
      if (!isEnough(running)) continue;
      const auto load = statedLoad(scene, index, each.container);
      if (!load) continue;
      // So many were in work at one time, and so many are in work and in the queue now. Peaks of both need not be of one time.
      const double now = *running->value + (isEnough(waiting) ? *waiting->value : 0);
      const double most = std::max(running->peak.value_or(*running->value), now);
      if (most <= static_cast<double>(load->concurrency) * kBeyond) continue;
      const bool still = now > static_cast<double>(load->concurrency) * kBeyond;
      Finding finding;
      finding.code = Code::Drift;
      finding.aspect = "traffic";
      finding.container = each.container;
      finding.pod = pod.name;
      finding.message = fmt::format("traffic: pod {} has up to {:.0f} requests at once in {}, and its slice is judged for {}", pod.name, most,
                                    metrics::windowText(running->windowSeconds), load->concurrency);
      finding.remedy = "declare the load that comes (rightslice.io/concurrency), so that the slice is judged for it, or share it among more pods";
      finding.confidence = still ? model::Confidence::High : model::Confidence::Medium;
      finding.evidence.push_back(evidenceOf(*running, pod));
      if (isEnough(waiting)) finding.evidence.push_back(evidenceOf(*waiting, pod));
      finding.evidence.push_back({"declared", std::to_string(load->concurrency), load->source});
      auto& kept = byContainer[each.container];
      if (most > kept.first) kept = {most, std::move(finding)};
    }
  }
  std::vector<Finding> out;
  for (auto& [container, kept] : byContainer) out.push_back(std::move(kept.second));
  return out;
}

}  // namespace rightslice::observe
