// One look, from what was read of a cluster or of files to what is found of it: the same for every command and for serve.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/cluster_look.hpp"
#include "app/loaded_policies.hpp"
#include "app/sources.hpp"
#include "observe/cluster_source.hpp"
#include "observe/observation.hpp"
#include "policy/policy_set.hpp"

namespace rightslice::observe {

/// Under which policies a look is judged, and what is not known of them.
struct LookPolicies {
  policy::PolicySet set;
  bool starter = false;                            ///< there are none: the shipped one, in audit mode
  bool refused = false;                            ///< starter, because not all of those of the cluster may be read, and none was
  bool ok = true;                                  ///< false: files have errors, and nothing can be judged under them
  std::vector<policy::Diagnostic> diagnostics;     ///< of objects of the cluster, then of files, then of both together
  app::ClusterSnapshot ofCluster;                  ///< policies, and what of the look was not read
  std::vector<std::string> notAccepted;            ///< objects of the cluster that are not valid
  std::vector<std::string> unknownOver(const std::string& ns) const { return app::unknownPolicies(ofCluster, notAccepted, ns); }
};

/// Those of the look's cluster and of `files`; where there is none, the starter's. Only errors in files are fatal: who looks did not
/// write what is in the cluster.
LookPolicies policiesOf(const Snapshot& snapshot, std::vector<app::PolicyObject> objects, const std::vector<std::string>& files,
                        const policy::LoadOptions& options);

}  // namespace rightslice::observe
