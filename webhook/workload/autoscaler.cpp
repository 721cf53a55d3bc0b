#include "workload/autoscaler.hpp"

#include <algorithm>

#include "base/bytes.hpp"

namespace rightslice::workload {
namespace {

constexpr std::string_view kHorizontal = "HorizontalPodAutoscaler", kScaledObject = "ScaledObject";
// KEDA 2.x, apis/keda/v1alpha1/scaledobject_types.go (maximum) and pkg/k8s (what it scales): where the ScaledObject says nothing.
constexpr std::int64_t kKedaMost = 100;
constexpr std::string_view kKedaTarget = "Deployment", kKedaVersion = "apps/v1";
constexpr std::int64_t kMostReplicas = 2147483647;  // int32 in every API

std::string keyOf(std::string_view group, std::string_view kind, std::string_view ns, std::string_view name) {
  std::string key(ns);
  for (const std::string_view part : {group, kind, name}) key.append("/").append(part);
  return key;
}

/// Of two for one target: the larger maximum, and of equals the ScaledObject, which made the other one.
bool before(const Autoscaler& a, const Autoscaler& b) {
  return a.most != b.most ? a.most < b.most : (a.kind == kScaledObject) < (b.kind == kScaledObject);
}

}  // namespace

// The controller of HorizontalPodAutoscalers leaves a target of no replicas alone unless the minimum is 0 (Kubernetes 1.36,
// pkg/controller/podautoscaler/horizontal.go, ScalingDisabled). KEDA starts from zero by itself.
std::int64_t Autoscaler::counted(std::int64_t replicas) const {
  return replicas == 0 && !fromZero ? 0 : std::max(replicas, most);
}

bool isAutoscaler(std::string_view apiVersion, std::string_view kind) {
  return (kind == kHorizontal && groupOf(apiVersion) == "autoscaling") || (kind == kScaledObject && groupOf(apiVersion) == "keda.sh");
}

std::optional<Autoscaler> readAutoscaler(json::View object, std::string_view kind, std::string_view defaultNamespace) {
  const json::View metadata = object["metadata"], spec = object["spec"], target = spec["scaleTargetRef"];
  const bool keda = kind == kScaledObject;
  const json::View most = spec[keda ? "maxReplicaCount" : "maxReplicas"];
  Autoscaler out;
  out.kind = kind;
  out.ns = metadata["namespace"].stringOr(defaultNamespace);
  out.name = metadata["name"].stringOr("");
  std::string_view targetKind = target["kind"].stringOr(""), version = target["apiVersion"].stringOr("");
  if (keda && targetKind.empty()) targetKind = kKedaTarget;
  if (keda && version.empty()) version = kKedaVersion;
  out.targetKind = targetKind;
  out.targetGroup = groupOf(version);
  out.targetName = target["name"].stringOr("");
  const auto number = most.exists() || !keda ? most.integer() : kKedaMost;
  if (out.targetName.empty() || out.targetKind.empty() || !number || *number < 0) return std::nullopt;
  out.most = std::min(*number, kMostReplicas);
  out.fromZero = keda || spec["minReplicas"].integer() == 0;
  return out;
}

Autoscalers::Autoscalers(std::vector<Autoscaler> all) {
  for (Autoscaler& each : all) {
    std::string key = keyOf(each.targetGroup, each.targetKind, each.ns, each.targetName);
    const auto at = byTarget_.find(key);
    if (at == byTarget_.end()) byTarget_.emplace(std::move(key), std::move(each));
    else if (before(at->second, each)) at->second = std::move(each);
  }
}

const Autoscaler* Autoscalers::of(std::string_view group, std::string_view kind, std::string_view ns, std::string_view name) const {
  if (byTarget_.empty()) return nullptr;
  const auto at = byTarget_.find(keyOf(group, kind, ns, name));
  return at == byTarget_.end() ? nullptr : &at->second;
}

const Autoscaler* Autoscalers::of(const Workload& object) const {
  return of(groupOf(object.apiVersion), object.kindName, object.ns, object.name);
}

std::int64_t podsOf(const PodTemplate& pod, const Autoscaler* autoscaler) {
  if (autoscaler == nullptr || pod.podsPerReplica <= 0) return pod.replicas;
  return timesBytes(pod.podsPerReplica, autoscaler->counted(pod.replicas / pod.podsPerReplica));
}

bool raises(const Workload& object, const Autoscaler* autoscaler) {
  return std::any_of(object.templates.begin(), object.templates.end(),
                     [&](const PodTemplate& pod) { return podsOf(pod, autoscaler) > pod.replicas; });
}

void scaleTo(Workload& object, std::int64_t replicas) {
  for (PodTemplate& pod : object.templates) {
    if (pod.podsPerReplica <= 0) continue;
    pod.replicas = timesBytes(pod.podsPerReplica, replicas);
    pod.replicasKnown = true;
  }
}

}  // namespace rightslice::workload
