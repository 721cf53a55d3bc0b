#include <fmt/format.h>

#include "cli/measured_row.hpp"
#include "cli/scan_money.hpp"
#include "cli/scan_report.hpp"
#include "cli/scan_row.hpp"
#include "json/utf8.hpp"
#include "json/yaml.hpp"
#include "observe/observation_json.hpp"

namespace rightslice::cli {
namespace {

using observe::Index;

/// A field of RFC 4180. What a spreadsheet would take for a formula begins with an apostrophe (OWASP, CSV Injection).
std::string field(std::string_view text) {
  std::string out = json::printable(text);
  if (!out.empty() && std::string_view("=+-@\t").find(out[0]) != std::string_view::npos) out.insert(0, "'");
  if (out.find_first_of("\",\n") == std::string::npos) return out;
  std::string quoted = "\"";
  for (const char c : out) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + '"';
}

/// A cell of a Markdown table: nothing in it is markup.
std::string cell(std::string_view text) {
  std::string out;
  for (const char c : json::printable(text)) {
    if (std::string_view("\\`*_{}[]<>|#").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

std::string line(std::initializer_list<std::string_view> cells) {
  std::string out = "|";
  for (const std::string_view each : cells) out += fmt::format(" {} |", cell(each));
  return out + "\n";
}

std::string head(std::initializer_list<std::string_view> cells) {
  std::string out = line(cells) + "|";
  for (std::size_t i = 0; i < cells.size(); ++i) out += "---|";
  return out + "\n";
}

/// The first row names the columns; all but the first are numbers.
std::string numbersTable(const std::vector<std::vector<std::string>>& rows) {
  std::string out;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    out += "|";
    for (const auto& each : rows[i]) out += fmt::format(" {} |", cell(each));
    out += "\n";
    if (i == 0) out += "|---|";
    for (std::size_t j = 1; i == 0 && j < rows[i].size(); ++j) out += "---:|";
    if (i == 0) out += "\n";
  }
  return out;
}

}  // namespace

void writeScanJson(const observe::Report& report, const Print& print) {
  observe::writeJson(report.snapshot, report.seen, print, {{"money", observe::moneyJson(report.snapshot, report.seen, report.money, report.use)}});
}

void writeScanYaml(const observe::Report& report, const Print& print) {
  std::string text;
  writeScanJson(report, [&](std::string_view piece) { text += piece; });
  if (const auto document = json::Document::parse(text)) print(json::yamlText(document->root()));
}

void writeScanCsv(const observe::Report& report, const Print& print) {
  const auto& snapshot = report.snapshot;
  const auto& seen = report.seen;
  const auto& money = report.money;
  const auto costs = workloadCosts(seen, money.money);
  print("namespace,kind,name,owner,engine,model,resource,slice,gpus,replicas,pods,ready,need,holds,better,decision,wouldBe,findings,"
        "currency,monthlyCost,monthlyOversized");
  print(std::string(kMeasuredColumns) + "\n");
  for (Index i = 0; i < seen.workloads.size(); ++i) {
    const auto row = workloadRow(snapshot, seen, i);
    const std::string pods = std::to_string(row.pods), ready = std::to_string(row.ready);
    std::vector<std::string> fields;
    for (const std::string* each : {&row.ns, &row.kind, &row.name, &row.owner, &row.engine, &row.model, &row.resource, &row.slice, &row.gpus, &row.replicas, &pods,
                                    &ready, &row.need, &row.holds, &row.better, &row.decision, &row.wouldBe, &row.findings})
      fields.push_back(field(*each));
    const auto& cost = costs[i];
    fields.push_back(cost.total.empty() ? "" : money.money.currency);
    fields.push_back(cost.total);
    fields.push_back(cost.oversized);
    const auto measured = snapshot.measured ? std::optional(measuredRow(snapshot, seen, i)) : std::nullopt;
    print(fmt::format("{}{}\n", fmt::join(fields, ","), measuredCsv(measured)));
  }
}

void writeScanMarkdown(const observe::Report& report, const Print& print) {
  const auto& snapshot = report.snapshot;
  const auto& seen = report.seen;
  const auto& money = report.money;
  print(fmt::format("# What runs: {}\n\nAt {}. {}.\n", cell(snapshot.source), snapshot.takenAt, totalsText(snapshot, seen)));
  print("\n## Nodes\n\n");
  if (!snapshot.nodes) print("Unknown: nodes could not be read.\n");
  else print(head({"node", "product", "GPUs", "slices (asked/offered)", "findings"}));
  for (Index i = 0; i < seen.placement.boards.size(); ++i) {
    const auto row = nodeRow(snapshot, seen, i);
    print(line({row.name, row.product.empty() ? "?" : row.product, row.gpus.empty() ? "?" : row.gpus, row.slices, row.findings}));
  }
  print("\n## Workloads\n\n" + head({"namespace", "workload", "model", "slice", "ready", "need", "holds", "better", "findings"}));
  for (Index i = 0; i < seen.workloads.size(); ++i) {
    const auto row = workloadRow(snapshot, seen, i);
    print(line({row.ns, fmt::format("{} {}{}", row.kind, row.name, row.owner.empty() ? "" : fmt::format(" ({})", row.owner)),
                row.model.empty() ? row.engine : row.model, row.slice, fmt::format("{}/{}", row.ready, row.replicas.empty() ? "?" : row.replicas),
                row.need.empty() ? "?" : row.need, row.holds.empty() ? "?" : row.holds, row.better, row.findings}));
  }
  if (const MeasuredTable measured = measuredTable(report); !measured.rows.empty()) {
    print(fmt::format("\n## {}\n\n", cell("M" + measured.title.substr(1))));
    if (measured.rows.size() > 1) print(numbersTable(measured.rows));
    if (!measured.note.empty()) print((measured.rows.size() > 1 ? "\n" : "") + cell(measured.note) + "\n");
  }
  const auto findings = findingRows(snapshot, seen);
  if (!findings.empty()) print("\n## Findings\n\n" + head({"finding", "of", "what", "fix", "confidence"}));
  for (const auto& each : findings) print(line({each.code, each.where, each.message, each.remedy, each.confidence}));
  int others = 0;
  const auto unread = unreadRows(snapshot, others);
  if (!unread.empty() || others > 0) print("\n## Not seen\n\n" + head({"resources", "why", "unknown is"}));
  for (const auto& each : unread) print(line({each.resources, each.reason.empty() ? each.why : fmt::format("{}: {}", each.why, each.reason), each.unknown}));
  if (others > 0) print(line({fmt::format("{} further resources", others), "not given", ""}));
  const auto page = moneyPage(snapshot, seen, money);
  print(fmt::format("\n## {}\n", cell(page.title)));
  for (const auto& each : page.tables) print(fmt::format("\n{}{}", each.title.empty() ? "" : fmt::format("### {}\n\n", cell(each.title)), numbersTable(each.rows)));
  if (!page.notes.empty()) print("\n");
  for (const auto& each : page.notes) print(fmt::format("- {}\n", cell(each)));
}

}  // namespace rightslice::cli
