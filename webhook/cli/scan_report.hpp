// How the results of scan are shown: one function per output format.
#pragma once
#include <functional>
#include <string_view>

#include "cli/terminal.hpp"
#include "observe/money_json.hpp"
#include "observe/observation.hpp"

namespace rightslice::cli {

using Print = std::function<void(std::string_view)>;

/// All that a scan has to say. Each part of it is one member.
struct ScanReport {
  const observe::Snapshot& snapshot;
  const observe::Observation& seen;
  observe::Measured use;   ///< by metrics; empty without
  observe::MoneyReport money;
};

void writeScanText(const ScanReport& report, const Style& style, const Print& print);
/// DESIGN 5; observe/observation_json.hpp.
void writeScanJson(const ScanReport& report, const Print& print);
/// The same as JSON, as YAML.
void writeScanYaml(const ScanReport& report, const Print& print);
/// A line for each workload (RFC 4180).
void writeScanCsv(const ScanReport& report, const Print& print);
/// Tables of GitHub's Markdown.
void writeScanMarkdown(const ScanReport& report, const Print& print);
/// What was measured, a line for each workload; nothing where no metrics were asked for.
void writeMeasuredText(const ScanReport& report, const Style& style, const Print& print);

}  // namespace rightslice::cli
