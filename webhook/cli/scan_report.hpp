// How the results of scan are shown: one function per output format. JSON is observe/observation_json.hpp.
#pragma once
#include <functional>
#include <string_view>

#include "cli/terminal.hpp"
#include "observe/observation.hpp"

namespace rightslice::cli {

using Print = std::function<void(std::string_view)>;

void writeScanText(const observe::Snapshot& snapshot, const observe::Observation& seen, const Style& style, const Print& print);
/// The same as JSON, as YAML.
void writeScanYaml(const observe::Snapshot& snapshot, const observe::Observation& seen, const Print& print);
/// A line for each workload (RFC 4180).
void writeScanCsv(const observe::Snapshot& snapshot, const observe::Observation& seen, const Print& print);
/// Tables of GitHub's Markdown.
void writeScanMarkdown(const observe::Snapshot& snapshot, const observe::Observation& seen, const Print& print);

}  // namespace rightslice::cli
