// Stale: pods run an older template than their object declares, and nothing is about to replace them.
#include <fmt/format.h>

#include <algorithm>

#include "observe/rules.hpp"

namespace rightslice::observe {
namespace {

// What a model of hundreds of GiB may take to load before its pod is ready and the rollout goes on: the default of a Deployment's
// progressDeadlineSeconds (k8s.io/api apps/v1), for kinds that have no such deadline.
constexpr std::int64_t kPatience = 600;

/// The revision of a pod's template, as Rollout::revision of its object names it; nothing where it is not known.
std::optional<std::string> revisionOf(const Scene& scene, const Object& object, const Pod& pod) {
  if (object.kind != "Deployment") {
    const bool own = pod.owner && pod.owner->uid == object.uid;
    return own && !pod.revision.empty() ? std::optional(pod.revision) : std::nullopt;
  }
  const Object* set = pod.owner ? scene.objectOf(*pod.owner) : nullptr;
  return set != nullptr && !set->revision.empty() ? std::optional(set->revision) : std::nullopt;
}

/// Why nothing replaces the old pods; nothing while something does, or as long as it may.
std::optional<std::string> standstill(const Scene& scene, const Object& object, const std::vector<const Pod*>& old, const std::vector<const Pod*>& fresh) {
  const Rollout& rollout = object.rollout;
  if (rollout.observedGeneration < rollout.generation) return std::nullopt;  // the controller has not looked yet
  if (rollout.paused) return "the rollout is paused";
  if (rollout.stuck) return "the rollout has passed its deadline";
  if (rollout.onDelete) return "the update strategy is OnDelete";
  if (rollout.partition > 0) return fmt::format("the partition of the update strategy is {}", rollout.partition);
  if (object.kind == "Deployment") return std::nullopt;   // it moves, or its deadline will pass
  for (const Pod* each : fresh) {
    const auto age = scene.secondsSince(each->created);
    if (!each->ready && age && *age > kPatience) return fmt::format("pod {} of the new template is not ready", each->name);
  }
  for (const Pod* each : old) {
    const auto age = scene.secondsSince(each->created);
    if (!each->ready && age && *age > kPatience) return fmt::format("pod {} of the old template is not ready", each->name);
  }
  return std::nullopt;
}

std::string_view remedyOf(const Rollout& rollout) {
  if (rollout.paused) return "let it go on: kubectl rollout resume";
  if (rollout.onDelete) return "delete the pods, one at a time, when their load can be missed";
  if (rollout.partition > 0) return "lower spec.updateStrategy.rollingUpdate.partition, or take the change back";
  return "see why the new pods do not become ready (kubectl rollout status), or take the change back: kubectl rollout undo";
}

}  // namespace

std::vector<Finding> findStale(const Scene& scene, Index index) {
  const Object* object = scene.objectOf(index);
  if (object == nullptr || object->rollout.revision.empty()) return {};
  std::vector<const Pod*> old, fresh;
  for (const Index at : scene.deployed(index).pods) {
    const Pod& pod = scene.snapshot.pods[at];
    const auto revision = revisionOf(scene, *object, pod);
    if (!revision || pod.deleting) continue;
    (*revision == object->rollout.revision ? fresh : old).push_back(&pod);
  }
  if (old.empty()) return {};
  const auto why = standstill(scene, *object, old, fresh);
  if (!why) return {};
  const auto oldest = *std::min_element(old.begin(), old.end(), [](const Pod* a, const Pod* b) { return a->created < b->created; });
  Finding finding;
  finding.code = Code::Stale;
  finding.pod = oldest->name;
  finding.message = fmt::format("{} of {} {} an older template than {} {} declares, and {}", old.size(),
                                counted(static_cast<std::int64_t>(old.size() + fresh.size()), "pod"), old.size() == 1 ? "runs" : "run", object->kind,
                                object->name, *why);
  finding.remedy = remedyOf(object->rollout);
  finding.evidence.push_back({"declared revision", object->rollout.revision, fmt::format("{} {}/{}", object->kind, object->ns, object->name)});
  finding.evidence.push_back({"running revision", *revisionOf(scene, *object, *oldest), fmt::format("pod {}/{}", oldest->ns, oldest->name)});
  if (!oldest->created.empty()) finding.evidence.push_back({"oldest pod since", oldest->created, fmt::format("pod {}/{}", oldest->ns, oldest->name)});
  return {std::move(finding)};
}

}  // namespace rightslice::observe
