#include <fmt/format.h>

#include "cli/measured_row.hpp"
#include "cli/scan_report.hpp"
#include "json/utf8.hpp"

namespace rightslice::cli {
namespace {

using observe::metrics::Unit;
using observe::metrics::valueText;

std::string number(const std::optional<double>& value, std::string_view form = "{:.0f}") { return value ? fmt::format(fmt::runtime(form), *value) : "?"; }

std::string kvText(const MeasuredRow& row) {
  if (!row.kv) return "?";
  return row.windowSeconds > 0 ? fmt::format("{:.1f} % (peak {:.1f} %)", *row.kv, *row.kvPeak) : fmt::format("{:.1f} %", *row.kv);
}

std::string memoryText(const MeasuredRow& row) {
  if (!row.memory) return "?";
  const std::string used = valueText(*row.memory, Unit::Bytes);
  return row.capacity ? fmt::format("{} of {}", used, valueText(*row.capacity, Unit::Bytes)) : used;
}

}  // namespace

MeasuredTable measuredTable(const observe::Report& report) {
  MeasuredTable out;
  const observe::Snapshot& snapshot = report.snapshot;
  if (!snapshot.measured) return out;
  const auto& all = *snapshot.measured;
  out.title = all.window.seconds > 0 ? fmt::format("measured over {}", observe::metrics::windowText(all.window.seconds)) : "measured once";
  out.rows.push_back({"workload", "measured", "KV cache", "waiting", "in work", "preempted", "tokens/s", "device memory", "seen"});
  std::int64_t silent = 0;
  std::string first;
  for (observe::Index i = 0; i < report.seen.workloads.size(); ++i) {
    const MeasuredRow row = measuredRow(snapshot, report.seen, i);
    const auto& judged = report.seen.workloads[i].judgement;
    const std::string name = json::printable(fmt::format("{} {}/{}", judged.kind, judged.ns, judged.name));
    if (row.measured == 0) {
      if (row.asked && ++silent == 1) first = row.why.empty() ? name : fmt::format("{}: {}", name, json::printable(row.why));
      continue;
    }
    out.rows.push_back({name, fmt::format("{} of {} pods", row.measured, row.pods), kvText(row), number(row.waiting), number(row.running), number(row.preemptions),
                        number(row.tokens, "{:.1f}"), memoryText(row), number(row.coverage, "{:.0f} %")});
  }
  if (silent > 0) out.note = fmt::format("insufficient data of {} workload{}, first {}", silent, silent == 1 ? "" : "s", first);
  else if (out.rows.size() == 1) out.note = "insufficient data: no series is of a pod with a GPU";
  return out;
}

void writeMeasuredText(const observe::Report& report, const Style& style, const Print& print) {
  const MeasuredTable measured = measuredTable(report);
  if (measured.rows.empty()) return;
  print("\n" + style.paint(Colour::Bold, measured.title) + "\n");
  if (measured.rows.size() > 1) print(table(measured.rows, {}, "    "));
  if (!measured.note.empty()) print(wrap(measured.note, style.width, "    ", "      "));
}

}  // namespace rightslice::cli
