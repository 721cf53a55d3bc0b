// Flags that `audit` and `serve --audit` share.
#pragma once
#include <string>

#include "cli/flags.hpp"
#include "cli/store_flags.hpp"
#include "observe/audit/report_object.hpp"

namespace rightslice::cli {

/// A choice of --reports: "none" and the names of report kinds.
Flag& declareReports(Flags& flags, std::string& target, std::string name);

/// --store, --store-file and --keep, after `prefix` ("--" or "--audit-"). As long as `target` lives.
void declareHistory(Flags& flags, StoreFlags& target, const std::string& prefix = "--", std::string group = "history");

}  // namespace rightslice::cli
