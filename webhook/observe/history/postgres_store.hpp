// A history in a PostgreSQL database, by libpq. Private to history/.
#pragma once
#include <memory>
#include <string>

#include "observe/history/connection.hpp"
#include "observe/history/store.hpp"

namespace rightslice::observe::history {

Result<std::unique_ptr<Connection>> openPostgres(const std::string& url, Opening opening);

}  // namespace rightslice::observe::history
