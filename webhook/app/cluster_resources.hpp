// What is read of a cluster: the lists of the API server that say something here.
#pragma once
#include <array>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "app/cluster_objects.hpp"
#include "kube/resource.hpp"

namespace rightslice::app {

struct PolicyKind {
  std::string_view plural, kind;
  bool namespaced = true;
};
inline constexpr std::array<PolicyKind, 3> kPolicyKinds{
    {{"slicepolicies", "SlicePolicy"}, {"clusterslicepolicies", "ClusterSlicePolicy", false}, {"sliceexceptions", "SliceException"}}};

struct AutoscalerKind {
  std::string_view group, version, plural, kind;
  bool custom = false;  ///< defined by a CRD: a cluster may lack it
};
/// HorizontalPodAutoscalers are served as v2 by every Kubernetes since 1.23; KEDA's resources may not be there.
inline constexpr std::array<AutoscalerKind, 2> kAutoscalerKinds{
    {{"autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler"}, {"keda.sh", "v1alpha1", "scaledobjects", "ScaledObject", true}}};

kube::Resource policyResource(const PolicyKind& kind);
kube::Resource autoscalerResource(const AutoscalerKind& kind);
kube::Resource namespaceResource();   ///< metadata alone
kube::Resource nodeResource();
kube::Resource budgetResource();      ///< PodDisruptionBudgets: policy/v1 since Kubernetes 1.21
kube::Resource podResource();         ///< of those that have not ended
/// Nothing for a kind that is not read.
std::optional<kube::Resource> resourceOf(const workload::Kind& kind);

/// GPU resources that pods hold, by node.
using Requested = std::map<std::string, Counts, std::less<>>;
void addUse(Requested& requested, const PodUse& use);

}  // namespace rightslice::app
