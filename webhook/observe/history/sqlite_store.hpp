// A history in a file, by SQLite. Private to history/.
#pragma once
#include <memory>
#include <string>

#include "observe/history/connection.hpp"
#include "observe/history/store.hpp"

namespace rightslice::observe::history {

Result<std::unique_ptr<Connection>> openSqlite(const std::string& file, Opening opening);

}  // namespace rightslice::observe::history
