// What a look at a cluster says: every workload judged as it would be at admission, and what is found of what runs.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "admission/verdict.hpp"
#include "observe/finding.hpp"
#include "observe/placement.hpp"
#include "policy/judgement.hpp"

namespace rightslice::observe {

/// What makes the number of pods of a workload change on its own. Where that may not be read it is unknown, never none.
struct Scaling {
  enum class State { Unknown, None, Scaled };
  State state = State::Unknown;
  std::string by;                           ///< "HorizontalPodAutoscaler chat"
  std::int64_t most = 0;                    ///< of Scaled: replicas that it may ask for
};
std::string_view name(Scaling::State state);   ///< "unknown", "none", "scaled"

/// One outermost object, or pods that stand in for one (see Deployed). Index i is Placement::deployed[i].
struct WorkloadState {
  policy::Judgement judgement;              ///< as of a CREATE of it as it is: what `check --against cluster` says
  std::optional<std::int64_t> replicas;     ///< pods that are declared; absent: not known (a DaemonSet's)
  std::int64_t missing = 0;                 ///< of replicas, pods that were not made (missing.hpp); 0 too where that cannot be told
  Scaling scaling;
  std::vector<Finding> findings;            ///< in the order of their codes
};

/// What was judged of the container that holds something, if that is what it asks for; null: nothing. What a claim gave is of whatever the
/// container asks for by claims.
const policy::ContainerJudgement* judgedOf(const WorkloadState& state, const Hold& hold);

/// Does what was measured speak against the smaller slice that judging recommends to an oversized container? Then nothing Oversized is found.
bool contradicted(const WorkloadState& state, std::string_view container);

struct Observation {
  Placement placement;
  std::vector<WorkloadState> workloads;     ///< parallel to placement.deployed
  std::vector<std::vector<Finding>> nodes;  ///< findings of each node; parallel to placement.boards
};

struct Looking {
  admission::Environment environment;       ///< policies, catalogue, surroundings (which should hold the Snapshot's nodes)
  /// What is not known of the policies over a namespace, for `unknown`; may be empty.
  std::function<std::vector<std::string>(const std::string& ns)> unknownPolicies{};
  std::function<void(std::string_view what)> progress{};
};

/// Pure: the same snapshot gives the same observation.
Observation observe(const Snapshot& snapshot, const Looking& looking);

/// Nodes, namespaces and devices of the snapshot as Surroundings, where `out` says nothing of them.
void surround(const Snapshot& snapshot, workload::Surroundings& out);

}  // namespace rightslice::observe
