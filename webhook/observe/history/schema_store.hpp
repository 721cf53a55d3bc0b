// The tables of a history, and how an older history becomes one of today. One set of SQL for both databases. Private to history/.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "observe/history/connection.hpp"
#include "observe/history/store.hpp"

namespace rightslice::observe::history {

/// Never changed once released: what is another comes as a further row.
struct Migration {
  std::int64_t version = 0;
  std::vector<std::string> statements;
};
std::span<const Migration> migrations();

/// Brings the tables up to the last migration, each in one transaction of its own. Refuses a history that is newer than that, and with
/// Opening::Read one that is older.
Result<bool> prepareSchema(Connection& connection, Opening opening, std::span<const Migration> all);

}  // namespace rightslice::observe::history
