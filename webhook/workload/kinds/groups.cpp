// Groups of pods that work as one.
#include <algorithm>
#include <string>

#include "base/bytes.hpp"
#include "workload/kinds/kinds.hpp"
#include "workload/read_pod.hpp"

namespace rightslice::workload::rows {
namespace {

// kubernetes-sigs/lws api/leaderworkerset/v1: groups of `size` pods; one of each is the leader, by the worker's template where it has
// none of its own.
constexpr PodPlace kLeaderWorkerSet[] = {
    {"/spec/leaderWorkerTemplate/workerTemplate/spec", "/spec/leaderWorkerTemplate/workerTemplate/metadata", "/spec/replicas"},
    {"/spec/leaderWorkerTemplate/leaderTemplate/spec", "/spec/leaderWorkerTemplate/leaderTemplate/metadata", "/spec/replicas"}};

void completeLeaderWorkerSet(const Part& object, std::vector<PodTemplate>& templates) {
  const std::int64_t size = std::max<std::int64_t>(1, countAt(object, "/spec/leaderWorkerTemplate/size").value_or(1));
  const bool hasLeader = partAt(object, "/spec/leaderWorkerTemplate/leaderTemplate/spec").exists();
  for (PodTemplate& pod : templates) {
    pod.multiPodGroup = size > 1;
    const bool worker = pod.pointer.find("/workerTemplate/") != std::string::npos;
    pod.podsPerReplica = !worker ? 1 : hasLeader ? size - 1 : size;
    pod.replicas = timesBytes(pod.replicas, pod.podsPerReplica);
    if (size == 1) continue;
    // pkg/utils/pod/pod_utils.go, AddLWSVariables.
    for (Container& container : pod.containers)
      container.give({{"LWS_LEADER_ADDRESS", std::nullopt}, {"LWS_GROUP_SIZE", std::to_string(size)}, {"LWS_WORKER_INDEX", std::nullopt}});
  }
}

// kubernetes-sigs/jobset api/jobset/v1alpha2.
constexpr PodPlace kJobSet[] = {
    {"/spec/replicatedJobs/*/template/spec/template/spec", "/spec/replicatedJobs/*/template/spec/template/metadata",
     "/spec/replicatedJobs/*/replicas /spec/replicatedJobs/*/template/spec/parallelism<=/spec/replicatedJobs/*/template/spec/completions"}};

// volcano-sh/apis pkg/apis/batch/v1alpha1/job.go.
constexpr PodPlace kVolcanoJob[] = {{"/spec/tasks/*/template/spec", "/spec/tasks/*/template/metadata", "/spec/tasks/*/replicas"}};
constexpr PodPlace kVolcanoCronJob[] = {{"/spec/jobTemplate/spec/tasks/*/template/spec", "/spec/jobTemplate/spec/tasks/*/template/metadata",
                                         "/spec/jobTemplate/spec/tasks/*/replicas"}};

// vllm-project/aibrix api/orchestration/v1alpha1: StormService -> RoleSet -> pods, or PodSet -> pods for roles of several pods.
constexpr PodPlace kStormService[] = {
    {"/spec/template/spec/roles/*/template/spec", "/spec/template/spec/roles/*/template/metadata",
     "/spec/replicas /spec/template/spec/roles/*/replicas /spec/template/spec/roles/*/podGroupSize"}};
constexpr PodPlace kRoleSet[] = {{"/spec/roles/*/template/spec", "/spec/roles/*/template/metadata",
                                  "/spec/roles/*/replicas /spec/roles/*/podGroupSize"}};
constexpr PodPlace kPodSet[] = {{"/spec/template/spec", "/spec/template/metadata", "/spec/podGroupSize"}};

/// A role of several pods is a group; others are judged by themselves.
void completeRoles(const Part& object, std::vector<PodTemplate>& templates) {
  for (PodTemplate& pod : templates) {
    const std::size_t end = pod.pointer.rfind("/template/spec");
    const std::string role = pod.pointer.substr(0, end);
    pod.multiPodGroup = countAt(object, role + "/podGroupSize").value_or(1) > 1;
  }
}

constexpr std::string_view kAibrix = "system:serviceaccount:aibrix-system:aibrix-controller-manager";
constexpr std::string_view kVolcano = "system:serviceaccount:volcano-system:volcano-controllers";

constexpr Kind kRows[] = {
    {.group = "leaderworkerset.x-k8s.io", .kind = "LeaderWorkerSet", .places = kLeaderWorkerSet, .complete = completeLeaderWorkerSet,
     .version = "v1", .plural = "leaderworkersets", .custom = true, .controller = "system:serviceaccount:lws-system:lws-controller-manager",
     .source = "kubernetes-sigs/lws api/leaderworkerset/v1/leaderworkerset_types.go"},
    {.group = "jobset.x-k8s.io", .kind = "JobSet", .places = kJobSet, .immutableTemplate = true, .multiPodGroup = true, .version = "v1alpha2",
     .plural = "jobsets", .custom = true, .controller = "system:serviceaccount:jobset-system:jobset-controller-manager",
     .source = "kubernetes-sigs/jobset api/jobset/v1alpha2/jobset_types.go"},
    {.group = "batch.volcano.sh", .kind = "Job", .places = kVolcanoJob, .immutableTemplate = true, .multiPodGroup = true, .version = "v1alpha1",
     .plural = "jobs", .custom = true, .controller = kVolcano, .source = "volcano-sh/volcano config/crd/volcano/bases"},
    {.group = "batch.volcano.sh", .kind = "CronJob", .places = kVolcanoCronJob, .multiPodGroup = true, .version = "v1alpha1",
     .plural = "cronjobs", .custom = true, .controller = kVolcano, .source = "volcano-sh/volcano config/crd/volcano/bases"},
    {.group = "orchestration.aibrix.ai", .kind = "StormService", .places = kStormService, .complete = completeRoles, .version = "v1alpha1",
     .plural = "stormservices", .custom = true, .controller = kAibrix,
     .source = "vllm-project/aibrix api/orchestration/v1alpha1/{stormservice,roleset}_types.go"},
    {.group = "orchestration.aibrix.ai", .kind = "RoleSet", .places = kRoleSet, .complete = completeRoles, .version = "v1alpha1",
     .plural = "rolesets", .custom = true, .controller = kAibrix, .source = "vllm-project/aibrix api/orchestration/v1alpha1/roleset_types.go"},
    {.group = "orchestration.aibrix.ai", .kind = "PodSet", .places = kPodSet, .multiPodGroup = true, .version = "v1alpha1", .plural = "podsets",
     .custom = true, .controller = kAibrix, .source = "vllm-project/aibrix api/orchestration/v1alpha1/podset_types.go"},
};

}  // namespace

std::span<const Kind> groups() { return kRows; }

}  // namespace rightslice::workload::rows
