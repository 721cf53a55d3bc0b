// How a plan is shown to people.
#pragma once
#include "cli/scan_report.hpp"
#include "observe/plan/worth.hpp"

namespace rightslice::cli {

/// "Drift: ", to stand before the reason; empty of those that need no word.
std::string_view manifestStateText(observe::plan::Manifest::State state);

void writePlanText(const observe::Snapshot& snapshot, const observe::Observation& seen, const observe::plan::Plan& plan, const observe::plan::Worth& worth,
                   const Style& style, const Print& print);

}  // namespace rightslice::cli
