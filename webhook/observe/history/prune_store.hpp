// What is older than people want to keep. Private to history/.
#pragma once
#include "observe/history/connection.hpp"
#include "observe/history/store.hpp"

namespace rightslice::observe::history {

constexpr std::int64_t kSecondsOfDay = 86'400;

/// In transactions of a bounded number of rows each: who looks meanwhile waits for one of them at most.
Result<Pruned> pruneRows(Connection& connection, std::int64_t now, const Retention& retention);

}  // namespace rightslice::observe::history
