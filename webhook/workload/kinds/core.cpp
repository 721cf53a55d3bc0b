// Sources: kubernetes/api {core,apps,batch,extensions} types.go. spec.parallelism and spec.completions of a Job: batch/v1
// types.go (at most parallelism pods run at any time, and never more than completions are left).
// The spec of a running Pod and the template of a Job cannot change (validation of core and batch in kube-apiserver).
#include "workload/kinds/kinds.hpp"

namespace rightslice::workload::rows {
namespace {

constexpr PodPlace kPod[] = {{"/spec", "/metadata", ""}};
constexpr PodPlace kReplicated[] = {{"/spec/template/spec", "/spec/template/metadata", "/spec/replicas"}};
constexpr PodPlace kOnNodes[] = {{"/spec/template/spec", "/spec/template/metadata", ""}};
constexpr PodPlace kJob[] = {{"/spec/template/spec", "/spec/template/metadata", "/spec/parallelism<=/spec/completions"}};
constexpr PodPlace kCronJob[] = {{"/spec/jobTemplate/spec/template/spec", "/spec/jobTemplate/spec/template/metadata",
                                  "/spec/jobTemplate/spec/parallelism<=/spec/jobTemplate/spec/completions"}};

constexpr Kind kRows[] = {
    {.group = "", .kind = "Pod", .places = kPod, .immutableTemplate = true, .version = "v1", .plural = "pods"},
    {.group = "apps", .kind = "Deployment", .places = kReplicated, .version = "v1", .plural = "deployments"},
    {.group = "apps", .kind = "StatefulSet", .places = kReplicated, .version = "v1", .plural = "statefulsets"},
    {.group = "apps", .kind = "ReplicaSet", .places = kReplicated, .version = "v1", .plural = "replicasets"},
    {.group = "apps", .kind = "DaemonSet", .places = kOnNodes, .replicasKnown = false, .version = "v1", .plural = "daemonsets"},
    {.group = "batch", .kind = "Job", .places = kJob, .immutableTemplate = true, .version = "v1", .plural = "jobs"},
    {.group = "batch", .kind = "CronJob", .places = kCronJob, .version = "v1", .plural = "cronjobs"},
    {.group = "", .kind = "ReplicationController", .places = kReplicated, .version = "v1", .plural = "replicationcontrollers"},
    // The group of old, still found in charts.
    {.group = "extensions", .kind = "Deployment", .places = kReplicated},
    {.group = "extensions", .kind = "ReplicaSet", .places = kReplicated},
    {.group = "extensions", .kind = "DaemonSet", .places = kOnNodes, .replicasKnown = false},
    // They run nothing: what they ask for themselves is judged (claim.hpp). A claim cannot change; of a template nothing but metadata can.
    {.group = "resource.k8s.io", .kind = "ResourceClaimTemplate", .immutableTemplate = true},
    {.group = "resource.k8s.io", .kind = "ResourceClaim", .immutableTemplate = true},
};

}  // namespace

std::span<const Kind> core() { return kRows; }

}  // namespace rightslice::workload::rows
