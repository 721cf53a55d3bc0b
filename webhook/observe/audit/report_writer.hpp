// Writes reports into a cluster, only where their content changed.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "kube/cluster.hpp"
#include "observe/audit/report_object.hpp"

namespace rightslice::observe::audit {

struct Written {
  bool served = true;                    ///< false: the cluster has no definition of such reports
  std::size_t created = 0, updated = 0, deleted = 0;
  std::size_t unchanged = 0, kept = 0;   ///< as ReportCounts
  std::size_t foreign = 0;               ///< there is one of our name that is not ours: it stays as it is
  std::size_t failed = 0;
  std::vector<std::string> troubles;     ///< one sentence for each sort of failure
  bool good() const { return troubles.empty(); }
};

struct Writing {
  std::function<bool()> may = [] { return true; };       ///< asked before each write
  /// Not empty: nothing is written, and each change is told here.
  std::function<void(const ReportChange&)> dryRun{};
  ReportLimits limits{};
};

/// Reads those of ours and writes what changed. What cannot be written is tried again at the next look.
Written writeReports(kube::Cluster& cluster, const ReportKind& kind, const Found& found, const Writing& how);

}  // namespace rightslice::observe::audit
