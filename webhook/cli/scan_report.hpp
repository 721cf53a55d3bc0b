// How the results of scan are shown: one function per output format.
#pragma once
#include <functional>
#include <string_view>

#include "cli/terminal.hpp"
#include "observe/observation.hpp"

namespace rightslice::cli {

using Print = std::function<void(std::string_view)>;

void writeScanText(const observe::Snapshot& snapshot, const observe::Observation& seen, const Style& style, const Print& print);

}  // namespace rightslice::cli
