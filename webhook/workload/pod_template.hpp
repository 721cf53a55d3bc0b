// A pod template within a workload.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "json/view.hpp"
#include "workload/container.hpp"

namespace rightslice::workload {

/// node.kubernetes.io and what autoscalers write: karpenter-provider-aws website/content/en/docs/concepts/scheduling.md, EKS Auto Mode,
/// cluster-autoscaler cloudprovider/aws.
constexpr std::string_view kMachineLabels[] = {"node.kubernetes.io/instance-type",    "beta.kubernetes.io/instance-type",
                                               "karpenter.k8s.aws/instance-family",   "eks.amazonaws.com/instance-family",
                                               "karpenter.k8s.aws/instance-gpu-name", "eks.amazonaws.com/instance-gpu-name",
                                               "k8s.amazonaws.com/accelerator"};

/// Products and slices that node selection names (DESIGN 3.1, 3.2). Labels read: nvidia.com/gpu.product,
/// cloud.google.com/gke-accelerator, cloud.google.com/gke-gpu-partition-size, cloud.google.com/gke-gpu-sharing-strategy.
struct NodeSelection {
  /// One label of interest. From nodeSelector: one value. From required node affinity: the alternatives (terms) each with
  /// the `In` values, or nothing where a term does not name the label.
  struct Label {
    std::optional<std::string> selector;
    bool hasAffinity = false;                                   ///< required node affinity is there at all
    std::vector<std::optional<std::vector<std::string>>> terms; ///< one per nodeSelectorTerm; several In of a term intersect
  };
  Label product, gkeAccelerator, gkePartition, gkeSharing;
  /// Labels that tell the machine, and with it the GPU (kMachineLabels): those that are named at all. Alternatives behind the last that
  /// names one are left out of its terms.
  std::vector<std::pair<std::string_view, Label>> machine;
  /// All nodeSelector entries, to match the inventory.
  std::vector<std::pair<std::string, std::string>> nodeSelector;
};

struct PodTemplate {
  std::string pointer;             ///< of the pod spec: "/spec/template/spec"; "/spec" for a Pod
  std::string metadataPointer;     ///< of the template's metadata: "/spec/template/metadata"; "/metadata" for a Pod; "" if none
  bool metadataExists = false;     ///< the metadata object is there (a patch that adds an annotation must know)
  bool annotationsExist = false;   ///< and has an annotations object
  std::vector<std::pair<std::string, std::string>> annotations;  ///< of the template (of the object for a Pod)
  std::vector<Container> containers;   ///< containers first, then init containers; ephemeral containers never ask for GPUs
  NodeSelection nodes;
  bool nvidiaRuntimeClass = false; ///< runtimeClassName contains "nvidia"
  std::vector<std::string> hostPaths;  ///< volumes[].hostPath.path
  std::vector<PodClaim> claims;        ///< spec.resourceClaims
  std::string sharingSystem;       ///< named by an annotation or label of another sharing system; empty if none
  std::int64_t replicas = 1;       ///< pods of this template per object; absent = 1
  bool replicasKnown = true;       ///< false for a DaemonSet
  std::int64_t podsPerReplica = 0; ///< pods for each one of the object's own spec.replicas, which scaling sets; 0: it sets none
  bool multiPodGroup = false;      ///< pods of this template work as one group (LeaderWorkerSet, multi-node ...)
  bool pattern = false;            ///< others are made from it, and it runs no pod itself: judged by the names of its requests alone
  std::string neverRewrite;        ///< why the webhook must not rewrite the request of this template; empty if it may

  const std::string* annotation(std::string_view key) const;
};

}  // namespace rightslice::workload
