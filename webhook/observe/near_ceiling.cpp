// NearCeiling: memory that the work itself takes is about to run out. An engine that takes its pool at the start fills what it was told
// to, so memory of the device says nothing of it: what counts there are blocks of the KV cache, and sequences that lost theirs.
#include <fmt/format.h>

#include <algorithm>

#include "model/engine.hpp"
#include "observe/metrics/trend.hpp"
#include "observe/rules.hpp"

namespace rightslice::observe {
namespace {

using metrics::Measure;
using metrics::Measured;

// Below this nothing is said of a trend: a burst of ten minutes is no ceiling.
constexpr std::int64_t kLeastSeconds = 30 * 60, kLeastSteps = 8;
constexpr double kLeastCoverage = 0.5;
// vLLM begins to preempt where no block is free; at nine tenths one long prompt is enough for that.
constexpr metrics::Band kKv{80, 90, 3};
// What CUDA, NCCL and cuBLAS take beside the model grows by some hundred MiB with the first unusual request.
constexpr metrics::Band kMemory{88, 95, 3};
constexpr double kLeastKvForTrend = 50, kLeastMemoryForTrend = 60;
constexpr std::int64_t kSustained = 3;   // steps with preemptions

bool isEnough(const Measured& measured) {
  return measured.value && measured.windowSeconds >= kLeastSeconds && measured.seen >= kLeastSteps && measured.coverage() >= kLeastCoverage;
}

struct Near {
  std::string what;                        ///< for the message; empty: not near
  model::Confidence confidence = model::Confidence::Medium;
  double level = 0;
};

std::string hoursText(double hours) {
  if (hours < 1) return fmt::format("{:.0f} min", std::max(1.0, hours * 60));
  return hours < 48 ? fmt::format("{:.0f} h", hours) : fmt::format("{:.0f} days", hours / 24);
}

Near nearKv(const metrics::OfContainer& container) {
  Near out;
  const Measured* kv = container.find(Measure::KvUsage);
  const Measured* preemptions = container.find(Measure::Preemptions);
  const Measured* waiting = container.find(Measure::Waiting);
  const bool known = kv != nullptr && isEnough(*kv);
  const bool preempts = preemptions != nullptr && isEnough(*preemptions) && preemptions->grown >= kSustained && *preemptions->value >= 1;
  const bool held = known && metrics::isHeld(kv->points, kKv);
  const auto hours = known && metrics::levelOf(kv->points) >= kLeastKvForTrend ? metrics::hoursTo(100, kv->points) : std::nullopt;
  // Preemptions of a cache that never was full are those of a single long request.
  const bool pressed = preempts && (!known || *kv->peak >= kKv.low);
  if (!held && !pressed && !hours) return out;
  out.level = known ? metrics::levelOf(kv->points) : 0;
  if (known) out.what = fmt::format("{:.1f} % of the KV cache is in use", out.level);
  if (held) out.what += fmt::format(", and it stays above {:.0f} %", kKv.low);
  if (pressed)
    out.what += fmt::format("{}{:.0f} sequences lost their KV cache to others in {} and were computed again", known ? "; " : "", *preemptions->value,
                            metrics::windowText(preemptions->windowSeconds));
  if (!held && hours) out.what += fmt::format("; at its pace it is full in about {}", hoursText(*hours));
  const bool queue = waiting != nullptr && waiting->value && *waiting->value > 0;
  if (queue) out.what += fmt::format("; {:.0f} requests wait", *waiting->value);
  const bool sure = pressed && (held || queue);
  out.confidence = sure ? model::Confidence::High : held || pressed ? model::Confidence::Medium : model::Confidence::Low;
  return out;
}

Near nearMemory(const metrics::OfContainer& container, std::string_view engineName) {
  Near out;
  const Measured* memory = container.find(Measure::FramebufferUsed);
  const model::Engine* engine = model::findEngine(engineName);
  if (memory == nullptr || !isEnough(*memory) || engine == nullptr || !engine->kvRule || *engine->kvRule == model::KvRule::Pooled) return out;
  const auto& points = memory->points;
  if (static_cast<std::int64_t>(points.size()) < kLeastSteps) return out;
  // What takes all of its context at the start may well be full, and stays so.
  const bool held = *engine->kvRule == model::KvRule::None && metrics::isHeld(points, kMemory);
  const auto hours = metrics::levelOf(points) >= kLeastMemoryForTrend ? metrics::hoursTo(100, points) : std::nullopt;
  if (!held && !hours) return out;
  out.level = metrics::levelOf(points);
  out.what = fmt::format("{:.1f} % of the memory of its device is in use", out.level);
  if (held) out.what += fmt::format(", and it stays above {:.0f} %", kMemory.low);
  else out.what += fmt::format("; at its pace it is full in about {}", hoursText(*hours));
  out.confidence = held ? model::Confidence::Medium : model::Confidence::Low;
  return out;
}

}  // namespace

std::vector<std::pair<std::string, std::string_view>> untoldCeilings(const Snapshot& snapshot, const Observation& seen, Index index) {
  std::vector<std::pair<std::string, std::string_view>> out;
  for (const Index at : seen.placement.deployed[index].pods) {
    const Pod& pod = snapshot.pods[at];
    if (pod.deleting || !pod.placed()) continue;
    const auto all = snapshot.measured ? metrics::measuredOf(*snapshot.measured, at) : std::span<const metrics::OfContainer>();
    for (const RunningContainer& each : pod.containers) {
      const auto measured = std::find_if(all.begin(), all.end(), [&](const auto& other) { return other.container == each.name; });
      for (const auto& [aspect, measure] : {std::pair<std::string_view, Measure>{"KV cache", Measure::KvUsage}, {"memory", Measure::FramebufferUsed}}) {
        const Measured* value = measured == all.end() ? nullptr : measured->find(measure);
        if (value == nullptr || !isEnough(*value)) out.emplace_back(each.name, aspect);
      }
    }
  }
  return out;
}

std::vector<Finding> findNearCeiling(const Scene& scene, Index index) {
  struct Worst {
    Near near;
    const Pod* pod;
    const metrics::OfContainer* container;
    bool kv;
    std::int64_t pods;
  };
  std::vector<Worst> all;
  const auto add = [&](Near near, const Pod& pod, const metrics::OfContainer& container, bool kv) {
    if (near.what.empty()) return;
    const auto same = std::find_if(all.begin(), all.end(), [&](const Worst& each) { return each.kv == kv && each.container->container == container.container; });
    if (same == all.end()) {
      all.push_back({std::move(near), &pod, &container, kv, 1});
      return;
    }
    ++same->pods;
    if (std::pair(same->near.confidence, same->near.level) >= std::pair(near.confidence, near.level)) return;
    same->near = std::move(near);
    same->pod = &pod;
    same->container = &container;
  };
  for (const Index at : scene.deployed(index).pods) {
    const Pod& pod = scene.snapshot.pods[at];
    if (pod.deleting) continue;
    for (const auto& each : scene.measuredOf(at)) {
      std::string_view engine;
      for (const auto& judged : scene.seen.workloads[index].judgement.containers)
        if (judged.name == each.container) engine = judged.engine;
      add(nearKv(each), pod, each, true);
      add(nearMemory(each, engine), pod, each, false);
    }
  }
  std::vector<Finding> out;
  for (Worst& each : all) {
    Finding finding;
    finding.code = Code::NearCeiling;
    finding.aspect = each.kv ? "KV cache" : "memory";
    finding.container = each.container->container;
    finding.pod = each.pod->name;
    finding.confidence = each.near.confidence;
    finding.message = fmt::format("{} of pod {}: {}{}", each.container->container, each.pod->name, each.near.what,
                                  each.pods > 1 ? fmt::format("; {} more", counted(each.pods - 1, "pod")) : "");
    finding.remedy = each.kv ? "more replicas, a larger slice, or an 8-bit KV cache; fewer sequences at once, or a shorter maximum length, where requests may "
                               "wait or be refused"
                             : "a larger slice, or smaller batches; where it grows without end, look for a leak";
    for (const Measure which : each.kv ? std::vector{Measure::KvUsage, Measure::Preemptions, Measure::Waiting} : std::vector{Measure::FramebufferUsed})
      if (const Measured* value = each.container->find(which)) finding.evidence.push_back(evidenceOf(*value, *each.pod));
    out.push_back(std::move(finding));
  }
  return out;
}

}  // namespace rightslice::observe
