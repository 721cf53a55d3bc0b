// What every table of scan shows of a workload and of a node, so that all say the same.
#pragma once
#include <string>
#include <vector>

#include "observe/observation.hpp"

namespace rightslice::cli {

/// Texts for people, as they stand in the cluster: each output makes them safe for itself. Empty: not known, or nothing.
struct WorkloadRow {
  std::string ns, kind, name, owner;       ///< owner: what controls it and is not judged itself, "ModelServer server"
  std::string engine, model, resource, slice, gpus;
  std::int64_t ready = 0, pods = 0;
  std::string replicas;                    ///< that are declared
  std::string need, holds;                 ///< "6.1 GiB"
  std::string better;                      ///< the slice that is recommended
  std::string decision, wouldBe, findings;
};
WorkloadRow workloadRow(const observe::Snapshot& snapshot, const observe::Observation& seen, observe::Index index);

struct NodeRow {
  std::string name, product, gpus, slices, findings;   ///< slices: "1g.10gb 3/7", asked of offered
};
NodeRow nodeRow(const observe::Snapshot& snapshot, const observe::Observation& seen, observe::Index index);

/// A resource that was not read, and others for which the same holds.
struct UnreadRow {
  std::string resources, why, unknown, reason;
};
/// Of files only what most hangs on; `others` counts the rest.
std::vector<UnreadRow> unreadRows(const observe::Snapshot& snapshot, int& others);

/// "4 workloads, 6 pods with GPUs, ...: Oversized 1, ...".
std::string totalsText(const observe::Snapshot& snapshot, const observe::Observation& seen);

/// "Deployment team-a/chat", "node gpu-1", and a finding of it, in the order of the report: workloads, then nodes.
struct FindingRow {
  std::string where, code, message, remedy, confidence;   ///< the last two empty: a finding of judging alone
};
std::vector<FindingRow> findingRows(const observe::Snapshot& snapshot, const observe::Observation& seen);

}  // namespace rightslice::cli
