// One look, written. Private to history/.
#pragma once
#include <optional>

#include "observe/history/connection.hpp"
#include "observe/history/store.hpp"

namespace rightslice::observe::history {

struct ClusterRow {
  std::int64_t id = 0, first = 0, last = 0;
  std::optional<std::int64_t> accounted;    ///< up to when money is accounted for
};
/// Nothing: there is no look of it yet.
Result<std::optional<ClusterRow>> clusterRow(Connection& connection, const std::string& name);

Result<State> openState(Connection& connection, std::int64_t cluster);

/// In a transaction of the caller.
Result<Appended> writeLook(Connection& connection, const Record& look);

}  // namespace rightslice::observe::history
