#include "observe/missing.hpp"

#include <algorithm>

#include "json/document.hpp"
#include "workload/pod_use.hpp"

namespace rightslice::observe {
namespace {

/// Kubernetes pkg/controller: what these want is there within seconds, or something keeps it from being made.
bool makesAsMany(const Object& object) {
  return object.group == "apps" && (object.kind == "Deployment" || object.kind == "StatefulSet" || object.kind == "ReplicaSet");
}

/// The one template of an object.
const workload::PodTemplate* templateOf(const workload::Workload& read) {
  return read.templates.size() == 1 && !read.templates.front().pattern ? &read.templates.front() : nullptr;
}

}  // namespace

std::optional<std::int64_t> missingPods(const Snapshot& snapshot, const Deployed& deployed, const Object& object, std::optional<std::int64_t> declared) {
  if (!makesAsMany(object) || !declared || !object.rollout.told || !object.rollout.replicas) return std::nullopt;
  // Without its ReplicaSets a Deployment's pods may not have been found, and without all pods they may be there.
  if (!snapshot.coverage.known("pods", object.ns) || (object.kind == "Deployment" && !snapshot.coverage.known("replicasets.apps", object.ns))) return std::nullopt;
  const auto seen = std::count_if(deployed.pods.begin(), deployed.pods.end(), [&](Index each) { return snapshot.pods[each].stays(); });
  return std::max<std::int64_t>(0, *declared - std::max<std::int64_t>(seen, *object.rollout.replicas));
}

std::vector<Hold> asksOfMissing(const Object& object, Index deployed) {
  std::vector<Hold> out;
  const auto document = json::Document::parse(*object.text);
  if (!document) return out;
  const auto read = workload::read(document->root(), object.ns);
  const auto* pod = templateOf(read);
  if (pod == nullptr) return out;
  const json::View spec = document->root().find(pod->pointer);
  const auto reserved = workload::reservedFor(spec);
  for (const char* list : {"containers", "initContainers"}) {
    for (const json::View container : spec[list].elements()) {
      for (const auto& [resource, count] : workload::askedBy(container)) {
        const auto at = reserved.find(resource);
        if (!isDevice(resource) || at == reserved.end()) continue;
        std::int64_t left = at->second;
        for (const Hold& each : out) left -= each.resource == resource ? each.count : 0;
        const std::int64_t held = std::min(count, left);
        if (held > 0) out.push_back({0, deployed, std::string(container["name"].stringOr("")), resource, profileOn({}, resource), held, false});
      }
    }
  }
  return out;
}

}  // namespace rightslice::observe
