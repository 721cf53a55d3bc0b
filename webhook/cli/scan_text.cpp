#include <fmt/format.h>

#include <map>

#include "cli/scan_money.hpp"
#include "cli/scan_report.hpp"
#include "cli/scan_row.hpp"
#include "json/utf8.hpp"

namespace rightslice::cli {
namespace {

using observe::Index;

constexpr std::int64_t kMostTold = 20;   // of a code: nobody reads the same sentence of ten thousand workloads

/// Names come from the cluster: control characters in them must not reach a terminal.
std::string plain(std::string_view text) { return json::printable(text); }
std::string known(const std::string& text) { return text.empty() ? "?" : plain(text); }

std::string nodesText(const observe::Snapshot& snapshot, const observe::Observation& seen) {
  if (!snapshot.nodes) return "\nnodes unknown: which GPUs there are, what is free and what is stranded cannot be told\n";
  std::vector<std::vector<std::string>> rows{{"node", "product", "gpus", "slices (asked/offered)", "findings"}};
  for (Index i = 0; i < seen.placement.boards.size(); ++i) {
    const auto row = nodeRow(snapshot, seen, i);
    rows.push_back({plain(row.name), known(row.product), known(row.gpus), plain(row.slices), plain(row.findings)});
  }
  return rows.size() > 1 ? "\n" + table(rows, {2}) : "\nno node with GPUs\n";
}

std::string workloadsText(const observe::Snapshot& snapshot, const observe::Observation& seen) {
  std::vector<std::vector<std::string>> rows{{"namespace", "workload", "model", "slice", "ready", "need", "holds", "better", "findings"}};
  for (Index i = 0; i < seen.workloads.size(); ++i) {
    const auto row = workloadRow(snapshot, seen, i);
    const std::string name = fmt::format("{} {}{}", row.kind, row.name, row.owner.empty() ? "" : fmt::format(" ({})", row.owner));
    rows.push_back({plain(row.ns), plain(name), known(row.model.empty() ? row.engine : row.model), known(row.slice),
                    fmt::format("{}/{}", row.ready, row.replicas.empty() ? "?" : row.replicas), known(row.need), known(row.holds), plain(row.better),
                    plain(row.findings)});
  }
  return rows.size() > 1 ? "\n" + table(rows) : "";
}

}  // namespace

void writeScanText(const observe::Report& report, const Style& style, const Print& print) {
  const auto& snapshot = report.snapshot;
  const auto& seen = report.seen;
  print(fmt::format("{} at {}\n", plain(snapshot.source), snapshot.takenAt));
  if (!snapshot.scope.empty()) print(fmt::format("namespaces {}\n", fmt::join(snapshot.scope, ", ")));
  print(nodesText(snapshot, seen));
  print(workloadsText(snapshot, seen));
  std::map<std::string, std::int64_t> told;
  for (const auto& each : findingRows(snapshot, seen)) {
    if (++told[each.code] > kMostTold) continue;
    print(fmt::format("\n{} {}\n", style.paint(Colour::Yellow, each.code), style.paint(Colour::Bold, plain(each.where))));
    print(wrap(plain(each.message), style.width, "    ", "    "));
    if (!each.remedy.empty()) print(wrap(fmt::format("{}; {} confidence", plain(each.remedy), each.confidence), style.width, "    fix: ", "         "));
  }
  std::string more;
  for (const auto& [code, count] : told)
    if (count > kMostTold) more += fmt::format("{}{} {}", more.empty() ? "" : ", ", count - kMostTold, code);
  if (!more.empty())
    print("\n" + wrap(fmt::format("and {}: the tables above name each, and -o json, markdown or --namespace tells it in full", more), style.width, "", "  "));
  int others = 0;
  const auto unread = unreadRows(snapshot, others);
  if (!unread.empty() || others > 0) print("\n" + style.paint(Colour::Bold, "not seen") + "\n");
  for (const auto& each : unread)
    print(wrap(fmt::format("{} ({}): unknown is {}{}", each.resources, each.why, each.unknown, each.reason.empty() ? "" : fmt::format(" [{}]", plain(each.reason))),
               style.width, "    ", "      "));
  if (others > 0) print(wrap(fmt::format("{} further resources (not given); -o json names them", others), style.width, "    ", "      "));
  print("\n" + totalsText(snapshot, seen) + "\n");
  writeMoneyText(moneyPage(snapshot, seen, report.money), style, print);
}

}  // namespace rightslice::cli
