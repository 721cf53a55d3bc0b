// How the results of scan are shown: one function per output format.
#pragma once
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/terminal.hpp"
#include "observe/report.hpp"

namespace rightslice::cli {

using Print = std::function<void(std::string_view)>;

void writeScanText(const observe::Report& report, const Style& style, const Print& print);
/// DESIGN 5; observe/observation_json.hpp.
void writeScanJson(const observe::Report& report, const Print& print);
/// The same as JSON, as YAML.
void writeScanYaml(const observe::Report& report, const Print& print);
/// A line for each workload (RFC 4180).
void writeScanCsv(const observe::Report& report, const Print& print);
/// Tables of GitHub's Markdown.
void writeScanMarkdown(const observe::Report& report, const Print& print);
/// What was measured, a line for each workload of which something is known; without metrics no rows. "?": insufficient data.
struct MeasuredTable {
  std::string title, note;                        ///< note: of what there are not enough data; may be empty
  std::vector<std::vector<std::string>> rows;     ///< the first names the columns
};
MeasuredTable measuredTable(const observe::Report& report);
/// What was measured, a line for each workload; nothing where no metrics were asked for.
void writeMeasuredText(const observe::Report& report, const Style& style, const Print& print);

}  // namespace rightslice::cli
