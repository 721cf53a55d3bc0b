#include "workload/kind.hpp"

#include <algorithm>
#include <iterator>

namespace rightslice::workload {
namespace {

// Sources: kubernetes/api {core,apps,batch,extensions} types.go. spec.parallelism and spec.completions of a Job: batch/v1
// types.go (at most parallelism pods run at any time, and never more than completions are left).
// The spec of a running Pod and the template of a Job cannot change (validation of core and batch in kube-apiserver).
constexpr PodPlace kHeadOfCluster[] = {{"/spec/headGroupSpec/template/spec", "/spec/headGroupSpec/template/metadata", ""}};
constexpr PodPlace kHeadOfService[] = {{"/spec/rayClusterConfig/headGroupSpec/template/spec",
                                        "/spec/rayClusterConfig/headGroupSpec/template/metadata", ""}};
constexpr PodPlace kHeadOfJob[] = {{"/spec/rayClusterSpec/headGroupSpec/template/spec",
                                    "/spec/rayClusterSpec/headGroupSpec/template/metadata", ""}};

constexpr Kind kKinds[] = {
    {.group = "", .kind = "Pod", .podSpec = "/spec", .metadata = "/metadata", .replicas = "", .immutableTemplate = true,
     .version = "v1", .plural = "pods"},
    {.group = "apps", .kind = "Deployment", .podSpec = "/spec/template/spec", .metadata = "/spec/template/metadata",
     .replicas = "/spec/replicas",
     .version = "v1", .plural = "deployments"},
    {.group = "apps", .kind = "StatefulSet", .podSpec = "/spec/template/spec", .metadata = "/spec/template/metadata",
     .replicas = "/spec/replicas",
     .version = "v1", .plural = "statefulsets"},
    {.group = "apps", .kind = "ReplicaSet", .podSpec = "/spec/template/spec", .metadata = "/spec/template/metadata",
     .replicas = "/spec/replicas",
     .version = "v1", .plural = "replicasets"},
    {.group = "apps", .kind = "DaemonSet", .podSpec = "/spec/template/spec", .metadata = "/spec/template/metadata",
     .replicas = "", .replicasKnown = false,
     .version = "v1", .plural = "daemonsets"},
    {.group = "batch", .kind = "Job", .podSpec = "/spec/template/spec", .metadata = "/spec/template/metadata",
     .replicas = "/spec/parallelism", .replicasAtMost = "/spec/completions", .immutableTemplate = true,
     .version = "v1", .plural = "jobs"},
    {.group = "batch", .kind = "CronJob", .podSpec = "/spec/jobTemplate/spec/template/spec",
     .metadata = "/spec/jobTemplate/spec/template/metadata", .replicas = "/spec/jobTemplate/spec/parallelism",
     .replicasAtMost = "/spec/jobTemplate/spec/completions",
     .version = "v1", .plural = "cronjobs"},
    {.group = "", .kind = "ReplicationController", .podSpec = "/spec/template/spec", .metadata = "/spec/template/metadata",
     .replicas = "/spec/replicas",
     .version = "v1", .plural = "replicationcontrollers"},
    // The group of old, still found in charts.
    {.group = "extensions", .kind = "Deployment", .podSpec = "/spec/template/spec", .metadata = "/spec/template/metadata",
     .replicas = "/spec/replicas"},
    {.group = "extensions", .kind = "ReplicaSet", .podSpec = "/spec/template/spec", .metadata = "/spec/template/metadata",
     .replicas = "/spec/replicas"},
    {.group = "extensions", .kind = "DaemonSet", .podSpec = "/spec/template/spec", .metadata = "/spec/template/metadata",
     .replicas = "", .replicasKnown = false},
    // KubeRay, ray-operator/apis/ray/v1: worker pods are replicas x numOfHosts of each group, beside one head; an engine's ranks
    // may lie in several workers.
    {.group = "ray.io", .kind = "RayCluster", .podSpec = "/spec/workerGroupSpecs/*/template/spec",
     .metadata = "/spec/workerGroupSpecs/*/template/metadata",
     .replicas = "/spec/workerGroupSpecs/*/replicas /spec/workerGroupSpecs/*/numOfHosts", .multiPodGroup = true,
     .more = kHeadOfCluster},
    {.group = "ray.io", .kind = "RayService", .podSpec = "/spec/rayClusterConfig/workerGroupSpecs/*/template/spec",
     .metadata = "/spec/rayClusterConfig/workerGroupSpecs/*/template/metadata",
     .replicas = "/spec/rayClusterConfig/workerGroupSpecs/*/replicas /spec/rayClusterConfig/workerGroupSpecs/*/numOfHosts",
     .multiPodGroup = true, .more = kHeadOfService, .serveConfig = "/spec/serveConfigV2"},
    {.group = "ray.io", .kind = "RayJob", .podSpec = "/spec/rayClusterSpec/workerGroupSpecs/*/template/spec",
     .metadata = "/spec/rayClusterSpec/workerGroupSpecs/*/template/metadata",
     .replicas = "/spec/rayClusterSpec/workerGroupSpecs/*/replicas /spec/rayClusterSpec/workerGroupSpecs/*/numOfHosts",
     .multiPodGroup = true, .more = kHeadOfJob},
    // They run nothing: what they ask for themselves is judged (claim.hpp). A claim cannot change; of a template nothing but metadata can.
    {.group = "resource.k8s.io", .kind = "ResourceClaimTemplate", .podSpec = "", .metadata = "", .replicas = "", .immutableTemplate = true},
    {.group = "resource.k8s.io", .kind = "ResourceClaim", .podSpec = "", .metadata = "", .replicas = "", .immutableTemplate = true},
};

}  // namespace

std::span<const Kind> kinds() { return kKinds; }

std::string_view groupOf(std::string_view apiVersion) {
  const std::size_t slash = apiVersion.find('/');
  return slash == std::string_view::npos ? std::string_view() : apiVersion.substr(0, slash);
}

const Kind* findKind(std::string_view apiVersion, std::string_view kind) {
  const std::string_view group = groupOf(apiVersion);
  const auto found = std::find_if(std::begin(kKinds), std::end(kKinds),
                                  [&](const Kind& row) { return row.kind == kind && row.group == group; });
  return found == std::end(kKinds) ? nullptr : found;
}

bool isKnownKindName(std::string_view kind) {
  return std::any_of(std::begin(kKinds), std::end(kKinds), [&](const Kind& row) { return row.kind == kind; });
}

}  // namespace rightslice::workload
