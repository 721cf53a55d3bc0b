// KubeRay, ray-operator/apis/ray/v1 (v1.5.0): worker pods are replicas x numOfHosts of each group, beside one head; with
// enableInTreeAutoscaling up to maxReplicas. An engine's ranks may lie in several workers.
#include <algorithm>

#include "base/bytes.hpp"
#include "workload/kinds/kinds.hpp"
#include "workload/read_pod.hpp"
#include "workload/serve_config.hpp"

namespace rightslice::workload::rows {
namespace {

constexpr PodPlace kCluster[] = {
    {"/spec/workerGroupSpecs/*/template/spec", "/spec/workerGroupSpecs/*/template/metadata",
     "/spec/workerGroupSpecs/*/replicas /spec/workerGroupSpecs/*/numOfHosts"},
    {"/spec/headGroupSpec/template/spec", "/spec/headGroupSpec/template/metadata", ""}};
constexpr PodPlace kService[] = {
    {"/spec/rayClusterConfig/workerGroupSpecs/*/template/spec", "/spec/rayClusterConfig/workerGroupSpecs/*/template/metadata",
     "/spec/rayClusterConfig/workerGroupSpecs/*/replicas /spec/rayClusterConfig/workerGroupSpecs/*/numOfHosts"},
    {"/spec/rayClusterConfig/headGroupSpec/template/spec", "/spec/rayClusterConfig/headGroupSpec/template/metadata", ""}};
constexpr PodPlace kJob[] = {
    {"/spec/rayClusterSpec/workerGroupSpecs/*/template/spec", "/spec/rayClusterSpec/workerGroupSpecs/*/template/metadata",
     "/spec/rayClusterSpec/workerGroupSpecs/*/replicas /spec/rayClusterSpec/workerGroupSpecs/*/numOfHosts"},
    {"/spec/rayClusterSpec/headGroupSpec/template/spec", "/spec/rayClusterSpec/headGroupSpec/template/metadata", ""},
    {"/spec/submitterPodTemplate/spec", "/spec/submitterPodTemplate/metadata", ""}};

/// With Ray's autoscaler a group may grow to its maxReplicas.
void raise(const Part& cluster, std::vector<PodTemplate>& templates) {
  if (!cluster.boolean("enableInTreeAutoscaling").value_or(false)) return;
  for (PodTemplate& pod : templates) {
    const std::size_t end = pod.pointer.find("/template/");
    if (end == std::string::npos || pod.pointer.find("/workerGroupSpecs/") == std::string::npos) continue;
    const Part group = partAt(cluster, std::string_view(pod.pointer).substr(cluster.pointer().size(), end - cluster.pointer().size()));
    const std::int64_t hosts = countAt(group, "/numOfHosts").value_or(1);
    pod.replicas = std::max(pod.replicas, timesBytes(countAt(group, "/maxReplicas").value_or(0), hosts));
  }
}

void completeCluster(const Part& object, std::vector<PodTemplate>& templates) { raise(object.object("spec"), templates); }

void completeService(const Part& object, std::vector<PodTemplate>& templates) {
  raise(object.object("spec").object("rayClusterConfig"), templates);
  attachServeConfig(object.object("spec").member("serveConfigV2"), templates);
}

void completeJob(const Part& object, std::vector<PodTemplate>& templates) {
  raise(object.object("spec").object("rayClusterSpec"), templates);
}

constexpr std::string_view kOperator = "system:serviceaccount:<namespace of KubeRay>:kuberay-operator";
constexpr std::string_view kSource = "ray-project/kuberay ray-operator/config/crd/bases, v1.5.0";

constexpr Kind kRows[] = {
    {.group = "ray.io", .kind = "RayCluster", .places = kCluster, .complete = completeCluster, .multiPodGroup = true, .version = "v1",
     .plural = "rayclusters", .custom = true, .unread = "what is started on the cluster later", .controller = kOperator, .source = kSource},
    {.group = "ray.io", .kind = "RayService", .places = kService, .complete = completeService, .multiPodGroup = true, .version = "v1",
     .plural = "rayservices", .custom = true, .model = "`spec.serveConfigV2`: `llm_configs` and arguments of applications",
     .unread = "which of several models a worker runs", .controller = kOperator, .source = kSource},
    {.group = "ray.io", .kind = "RayJob", .places = kJob, .complete = completeJob, .multiPodGroup = true, .version = "v1", .plural = "rayjobs",
     .custom = true, .unread = "what `spec.entrypoint` starts", .controller = kOperator, .source = kSource},
};

}  // namespace

std::span<const Kind> ray() { return kRows; }

}  // namespace rightslice::workload::rows
