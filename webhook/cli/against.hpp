// Manifests against a cluster: what each is an update of, and what is used already where it goes.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "app/inventory_source.hpp"
#include "cli/live_cluster.hpp"

namespace rightslice::cli {

/// What a manifest meets in the cluster.
struct Meeting {
  std::optional<json::Document> merged;             ///< the object that comes of it, where there is one already
  std::optional<workload::Workload> now, old, owner;  ///< now: of `merged`
  std::vector<std::string> unknown;
};

class Against {
 public:
  /// Both outlive this.
  Against(LiveCluster& live, const Sources& sources);

  /// Asks for the object that is there, and makes `request` what the webhook would make of it. `meeting` lives as long as the request.
  /// An error is one of the connection.
  Result<bool> meet(json::View manifest, const workload::Workload& workload, Meeting& meeting, policy::Request& request);
  /// The object got in: it counts for those after it.
  void admit(const workload::Workload& workload, const policy::Request& request);

 private:
  LiveCluster& live_;
  const Sources& sources_;
  app::InventorySource inventory_;
  struct Use {
    policy::Request::Usage counted, written;
  };
  std::map<std::string, Use> more_;  // by namespace: what the input added so far
};

}  // namespace rightslice::cli
