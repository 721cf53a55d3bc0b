// A cluster as the commands judge with it: looked at once, what may not be read said on stderr.
#pragma once
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "app/cluster_look.hpp"
#include "cli/cluster_flags.hpp"
#include "cli/sources.hpp"
#include "policy/load.hpp"

namespace rightslice::cli {

struct LiveCluster {
  std::unique_ptr<app::ClusterLook> look;
  app::ClusterSnapshot snapshot;
  policy::Loaded loaded;                      ///< its policies and exceptions
  std::vector<std::string> notAccepted;       ///< "SlicePolicy team-a/default": not valid; the webhook may keep its last good version

  /// Makes `loaded` and `notAccepted` of the snapshot's policies; what is wrong with them is said on stderr.
  void load(const policy::LoadOptions& options);
  /// What is not known of the policies over a namespace, for `unknown`.
  std::vector<std::string> unknownPolicies(const std::string& ns) const;
  std::shared_ptr<const workload::Autoscalers> autoscalers() const;   ///< what of them could be read
  /// Nodes and namespaces stand in where --surroundings says nothing of them.
  void surround(Sources& sources) const;
};

/// The connection alone; nothing after the error was written on stderr.
std::unique_ptr<app::ClusterLook> connect(const ClusterFlags& flags);
enum class Scope { All, PoliciesOnly };
/// Of these namespaces, or (empty) of all; nothing after the error was written on stderr.
std::optional<LiveCluster> lookAt(std::unique_ptr<app::ClusterLook> look, Scope scope, const std::set<std::string>& namespaces,
                                  const policy::LoadOptions& options);

/// The policies of --policies and those of the cluster together; false after the errors were written on stderr. Only errors in files
/// are fatal: who runs the command did not write what is in the cluster.
bool usePolicies(Sources& sources, const SourceFlags& flags, const policy::Loaded& ofCluster, std::optional<policy::Mode> mode);

}  // namespace rightslice::cli
