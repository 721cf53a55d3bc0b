// A cluster at one moment, as far as it was seen. Plain values.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "observe/budget.hpp"
#include "observe/coverage.hpp"
#include "observe/endpoint.hpp"
#include "observe/metrics/measured.hpp"
#include "observe/node.hpp"
#include "observe/object.hpp"
#include "observe/pod.hpp"
#include "workload/autoscaler.hpp"
#include "workload/surroundings.hpp"

namespace rightslice::observe {

struct Snapshot {
  std::string source;                     ///< the kubeconfig and its context, "in-cluster", or the files
  std::string clusterId;                  ///< uid of the namespace kube-system, which is the cluster's for life; empty: not read
  std::string takenAt;                    ///< RFC 3339, UTC: when the look began
  std::set<std::string> scope;            ///< namespaces that were looked at; empty: all
  std::string selector;                   ///< only workloads with these labels are in it; empty: all
  std::vector<Object> objects;            ///< that run pods with GPUs, or link them
  std::vector<Pod> pods;                  ///< with GPUs, that have not ended
  std::vector<Exporter> exporters;        ///< of DCGM, also outside of the scope where pods there were read
  std::optional<std::vector<Node>> nodes; ///< with GPUs; absent: not known
  std::optional<std::map<std::string, workload::StringMap, std::less<>>> namespaces;
  workload::Devices devices;              ///< classes and claims of DRA
  /// The same as a file of surroundings has them, compact JSON each; as far as they are known.
  std::vector<std::string> deviceClasses, claimTemplates, claims;
  std::vector<Allocation> allocations;    ///< what claims hold, of all namespaces that could be read
  bool allocationsKnown = false;          ///< they are all there is
  std::vector<workload::Autoscaler> autoscalers;
  std::optional<std::vector<Budget>> budgets;   ///< PodDisruptionBudgets; absent: not known
  /// What pods hold on nodes, by node, outside of the scope.
  std::map<std::string, workload::Counts, std::less<>> heldElsewhere;
  workload::Counts waitingElsewhere;      ///< what pods that are not looked at ask for, and have no node yet
  bool heldKnown = false;                 ///< `pods` and `heldElsewhere` say all that is held
  /// What metrics say of `pods`; null: none were asked for.
  std::shared_ptr<const metrics::Measurements> measured;
  Coverage coverage;

  /// Is all that runs in the namespace known, as far as the kinds of the table go? And what scales it?
  bool workloadsKnown(std::string_view ns) const;
  bool autoscalersKnown(std::string_view ns) const;
};

/// Brings everything into one order, and fills in what nodes hold. To be called once, when all was read.
void finish(Snapshot& snapshot);

}  // namespace rightslice::observe
