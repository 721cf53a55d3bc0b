// Flags that `audit` and `serve --audit` share.
#pragma once
#include <optional>
#include <string>

#include "cli/flags.hpp"
#include "observe/audit/report_object.hpp"
#include "workload/rate.hpp"

namespace rightslice::cli {

/// A choice of --reports: "none" and the names of report kinds.
Flag& declareReports(Flags& flags, std::string& target, std::string name);

/// The price book of a file; none for "".
Result<std::optional<workload::RateBook>> readPrices(const std::string& file);

}  // namespace rightslice::cli
