#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.hpp"
#include "observe/observation_json.hpp"
#include "observe/page/summary.hpp"
#include "observe/page/verdict.hpp"

namespace rightslice::observe::page {
namespace {

class Table {
 public:
  Table(const Print& print, std::string_view title, std::initializer_list<std::string_view> columns) : print_(print) {
    print(fmt::format("<h2>{}</h2>\n<div class=\"scroll\"><table>\n<thead><tr>", title));
    for (const auto each : columns) print(fmt::format("<th scope=\"col\">{}</th>", each));
    print("</tr></thead>\n<tbody>\n");
  }
  void row(std::initializer_list<std::string> cells) {
    if (++rows_ > kMostPlainRows) return;
    std::string out = "<tr>";
    for (const auto& each : cells) out += fmt::format("<td>{}</td>", escaped(each));
    print_(out + "</tr>\n");
  }
  void end(std::string_view others) {
    print_("</tbody></table></div>\n");
    if (rows_ > kMostPlainRows) print_(fmt::format("<p>And {} more: {}.</p>\n", rows_ - kMostPlainRows, others));
  }

 private:
  const Print& print_;
  std::size_t rows_ = 0;
};

std::string sliceText(const SliceUse& each) {
  const std::string& what = !each.profile.empty() ? each.profile : each.resource;
  return fmt::format("{} {}/{}", what, each.asked ? std::to_string(*each.asked) : "?", each.offered);
}

void add(std::string& to, const std::string& text) {
  if (!text.empty()) to += (to.empty() ? "" : ", ") + text;
}

/// Each code once.
std::string codesOf(const std::vector<Finding>& findings) {
  std::string out;
  for (std::size_t i = 0; i < findings.size(); ++i)
    if (i == 0 || findings[i].code != findings[i - 1].code) add(out, std::string(name(findings[i].code)));
  return out;
}

/// What judging says that is not told as a finding of what runs.
std::vector<const policy::Finding*> judgedOf(const WorkloadState& state) {
  std::vector<const policy::Finding*> out;
  for (const auto& each : state.judgement.findings) {
    const bool told = std::any_of(state.findings.begin(), state.findings.end(), [&](const Finding& one) { return name(one.code) == name(each.code); });
    const bool refuted = each.code == policy::Code::Oversized && contradicted(state, each.container);
    if (each.action != policy::Action::Allow && !told && !refuted) out.push_back(&each);
  }
  return out;
}

}  // namespace

void writePlainTables(const Report& report, const Print& print) {
  const Snapshot& snapshot = report.snapshot;
  const Observation& seen = report.seen;
  if (snapshot.nodes) {
    Table nodes(print, "Nodes", {"Node", "Product", "GPUs", "Slices (asked for / offered)", "Findings"});
    for (Index i = 0; i < seen.placement.boards.size(); ++i) {
      const Board& board = seen.placement.boards[i];
      std::string slices;
      for (const SliceUse& each : board.slices) add(slices, sliceText(each));
      nodes.row({(*snapshot.nodes)[board.node].facts.name, board.geometry.product != nullptr ? board.geometry.product->label() : board.geometry.productName,
                 board.geometry.gpus ? std::to_string(*board.geometry.gpus) : "?", slices, codesOf(seen.nodes[i])});
    }
    nodes.end("rightslice scan -o json has all");
  }
  std::vector<Index> order(seen.workloads.size());
  std::vector<Verdict> verdicts;
  for (Index i = 0; i < order.size(); ++i) {
    order[i] = i;
    verdicts.push_back(verdictOf(seen.workloads[i]));
  }
  std::stable_sort(order.begin(), order.end(), [&](Index a, Index b) { return verdicts[a] < verdicts[b]; });
  Table workloads(print, "Workloads", {"Namespace", "Workload", "Model", "Slice", "Needs", "Holds", "Better", "Verdict", "Findings"});
  for (const Index i : order) {
    const auto& judged = seen.workloads[i].judgement;
    std::string model, slice, need, holds, better;
    for (const auto& each : judged.containers) {
      if (!each.requested) continue;
      add(model, each.model.empty() ? each.engine : each.model);
      add(slice, (each.requested->profile.empty() ? each.requested->resource : each.requested->profile) +
                     (each.requested->count == 1 ? "" : fmt::format(" x {}", each.requested->count)));
      add(need, each.need ? formatBytes(each.need->bytes) : "?");
      add(holds, each.requested->usable ? formatBytes(*each.requested->usable) : "?");
      if (each.recommended && !contradicted(seen.workloads[i], each.name))
        add(better, each.recommended->profile.empty() ? each.recommended->resource : each.recommended->profile);
    }
    std::string codes = codesOf(seen.workloads[i].findings);
    for (const auto* each : judgedOf(seen.workloads[i])) add(codes, std::string(name(each->code)));
    workloads.row({judged.ns, fmt::format("{} {}", judged.kind, judged.name), model, slice, need, holds, better, std::string(name(verdicts[i])),
                   codes});
  }
  workloads.end("rightslice scan -o csv has all");
  Table findings(print, "Findings", {"Finding", "Of", "What", "Remedy", "Confidence"});
  const auto finding = [&](const std::string& where, const Finding& each) {
    findings.row({std::string(name(each.code)), where, each.message, each.remedy, std::string(model::name(each.confidence))});
  };
  for (const auto& each : seen.workloads) {
    const std::string where = fmt::format("{} {}/{}", each.judgement.kind, each.judgement.ns, each.judgement.name);
    for (const Finding& one : each.findings) finding(where, one);
    for (const auto* one : judgedOf(each)) findings.row({std::string(name(one->code)), where, one->message, "", ""});
  }
  for (Index i = 0; i < seen.nodes.size(); ++i)
    for (const Finding& one : seen.nodes[i]) finding("node " + (*snapshot.nodes)[seen.placement.boards[i].node].facts.name, one);
  findings.end("rightslice scan -o json has all");
}

}  // namespace rightslice::observe::page
