// Private to workload/: the rows of the table of kinds, by project.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "workload/kind.hpp"
#include "workload/part.hpp"
#include "workload/pod_template.hpp"

namespace rightslice::workload::rows {

std::span<const Kind> core();         ///< Kubernetes itself
std::span<const Kind> ray();          ///< KubeRay
std::span<const Kind> groups();       ///< LeaderWorkerSet, JobSet, Volcano, AIBrix
std::span<const Kind> delivery();     ///< Argo Rollouts, Knative
std::span<const Kind> kserve();
std::span<const Kind> nim();          ///< NVIDIA NIM operator
std::span<const Kind> kaito();
std::span<const Kind> seldon();
std::span<const Kind> vllmRuntime();  ///< vLLM production stack
std::span<const Kind> dynamo();       ///< NVIDIA Dynamo, Grove
std::span<const Kind> hyperPod();     ///< Amazon SageMaker HyperPod

// What readers of several projects share.

using Told = model::Invocation::Told;

/// A whole number of 0 or more at a pointer; what is there and is none is reported.
std::optional<std::int64_t> countAt(const Part& object, std::string_view pointer);
/// max(minimum, maximum) where either is written: what an autoscaler may reach. Absent ones count as `least`.
std::int64_t mostReplicas(const Part& scope, std::string_view minimum, std::string_view maximum, std::int64_t least = 1);
/// Puts variables that the object keeps elsewhere before the container's own. A command line that is made of several places is not written
/// back.
void setEnvironment(Container& container, std::vector<model::Invocation::Env> before);
/// A request that the object writes as an amount and a type of its own: `count` of `resource` at `pointer`.
void setRequest(Container& container, std::string resource, const Part& count, const std::string& pointer);

}  // namespace rightslice::workload::rows
