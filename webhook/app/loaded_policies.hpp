// Policies that are objects of a cluster, for who judges with them without following it.
#pragma once
#include <string>
#include <vector>

#include "app/cluster_look.hpp"
#include "policy/load.hpp"

namespace rightslice::app {

struct LoadedPolicies {
  policy::Loaded loaded;                             ///< those that are valid, without diagnostics
  std::vector<policy::Diagnostic> diagnostics;       ///< of each object by itself
  std::vector<std::string> notAccepted;              ///< "SlicePolicy team-a/default": not valid; the webhook may keep its last good version
};
LoadedPolicies loadPolicyObjects(const std::vector<PolicyObject>& objects, const policy::LoadOptions& options);

/// What is not known of the policies over a namespace, for `unknown`.
std::vector<std::string> unknownPolicies(const ClusterSnapshot& snapshot, const std::vector<std::string>& notAccepted, const std::string& ns);

}  // namespace rightslice::app
