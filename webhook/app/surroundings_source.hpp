// What stands around requests: the file of --surroundings, followed by content, and the facts of a cluster.
#pragma once
#include <optional>
#include <string>

#include "app/cluster_source.hpp"
#include "base/error.hpp"
#include "host/published.hpp"
#include "workload/surroundings.hpp"

namespace rightslice::app {

/// current() is thread-safe; the rest is for one thread.
class SurroundingsSource {
 public:
  /// `file` empty: everything is unknown but `prices`, which stand in wherever the file names none.
  /// `cluster`: nothing is published before its facts are there. What the file says of nodes, namespaces, classes or claims stands instead of them.
  SurroundingsSource(std::string file, workload::PriceBook prices, bool cluster = false);

  /// True if something new was published. After an error the last good value stays.
  Result<bool> read();
  /// New facts of the cluster.
  void take(ClusterFacts facts);
  /// Of what current() was made from: another text whenever what usage hangs on may be another there (not what is requested on nodes).
  std::string basis() const;
  std::shared_ptr<const workload::Surroundings> current() const { return published_.get(); }

 private:
  void publish();

  std::string file_, lastText_;
  workload::PriceBook prices_;
  bool cluster_, loaded_ = false;
  workload::Surroundings read_;                ///< what the file says
  std::optional<ClusterFacts> facts_;
  host::Published<workload::Surroundings> published_;
};

}  // namespace rightslice::app
