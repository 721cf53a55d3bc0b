// Flags that `audit` and `serve --audit` share.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "cli/flags.hpp"
#include "observe/audit/history_writer.hpp"
#include "observe/audit/report_object.hpp"
#include "workload/rate.hpp"

namespace rightslice::cli {

/// A choice of --reports: "none" and the names of report kinds.
Flag& declareReports(Flags& flags, std::string& target, std::string name);

/// --store and --store-days, after `prefix` ("--" or "--audit-"). As long as `target` lives.
void declareHistory(Flags& flags, observe::audit::HistoryPlace& target, const std::string& prefix, std::string_view group);

/// The price book of a file; none for "".
Result<std::optional<workload::RateBook>> readPrices(const std::string& file);

}  // namespace rightslice::cli
