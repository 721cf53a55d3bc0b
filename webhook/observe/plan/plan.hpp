// What a cluster should do: other slices for workloads, and other cuts for GPUs. Pure: the same look gives the same plan.
#pragma once
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "observe/plan/advice.hpp"
#include "observe/plan/steps.hpp"

namespace rightslice::observe::plan {

/// A configuration of mig-parted, for all nodes with this label.
struct MigConfig {
  std::string name;                       ///< value of the node label nvidia.com/mig.config
  std::vector<Cut> gpus;                  ///< by index
  std::vector<std::size_t> nodes;         ///< of Fleet
};

struct Plan {
  bool recommended = true;                ///< with what is recommended; else for what is asked for today
  std::vector<Advice> advice;
  Fleet fleet;                            ///< with what is recommended, unless only what is asked for was wanted
  Target target;
  std::set<Index> withoutGain;            ///< workloads that are not changed here, since the cut for them would gain nothing
  std::vector<PoolTarget> asAsked;        ///< parallel to Fleet::pools: with what is asked for today
  Migration migration;
  std::vector<MigConfig> configs;
};
Plan planOf(const Snapshot& snapshot, const Observation& seen, bool recommended);

/// What to know before the node is cut anew: one sentence each, without a trailing period.
std::vector<std::string> notesOn(const Observation& seen, const Plan& plan, std::size_t node);

/// A file for mig-parted (`version: v1`, `mig-configs`; mig-parted, README.md and examples/config.yaml).
std::string migPartedYaml(const Plan& plan);
/// A kustomization.yaml whose patches do to manifests in Git what the recommendations do in the cluster (kustomize, `patches` with JSON 6902).
std::string kustomization(const Snapshot& snapshot, const Observation& seen, const Plan& plan);
struct Worth;
/// What `plan -o json` prints.
void writeJson(const Snapshot& snapshot, const Observation& seen, const Plan& plan, const Worth& worth, const std::function<void(std::string_view)>& sink);

/// "Deployment team-a/chat"; "pod team-a/chat-0 (Deployment chat)".
std::string workloadTitle(const Observation& seen, Index deployed);
std::string needTitle(const Snapshot& snapshot, const Observation& seen, const Need& need);
/// "1 3g.40gb", "2 whole GPUs".
std::string asksText(const Slices& slices, std::int64_t whole);

}  // namespace rightslice::observe::plan
