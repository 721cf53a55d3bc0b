// Recorded objects of a cluster (kubectl get -o json, -o yaml), as scan --from reads them.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "app/cluster_objects.hpp"
#include "observe/snapshot.hpp"

namespace rightslice::cli {

struct RecordedCluster {
  observe::Snapshot snapshot;
  std::vector<app::PolicyObject> policies;
  int unreadable = 0;                        ///< files and parts of them; each was said on stderr
};

/// What none of the files holds is unknown: nobody can tell whether it was asked for.
RecordedCluster readRecorded(const std::vector<std::string>& paths, std::string takenAt);

}  // namespace rightslice::cli
