#include <fmt/format.h>

#include <algorithm>

#include "cli/scan_report.hpp"
#include "json/utf8.hpp"

namespace rightslice::cli {
namespace {

using observe::metrics::Measure;
using observe::metrics::Measured;
using observe::metrics::OfContainer;

/// What all containers of a workload say together.
struct Row {
  std::int64_t containers = 0;
  const Measured* kv = nullptr;              ///< of the fullest
  const Measured* memory = nullptr;
  std::optional<double> waiting, running, preemptions, tokens;
  double coverage = 1;

  void add(const OfContainer& each) {
    ++containers;
    const auto fullest = [&](Measure which, const Measured*& to) {
      const Measured* found = each.find(which);
      if (found != nullptr && found->value && (to == nullptr || *found->peak > *to->peak)) to = found;
    };
    fullest(Measure::KvUsage, kv);
    fullest(Measure::FramebufferUsed, memory);
    const auto sum = [](std::optional<double>& to, std::optional<double> value) {
      if (value) to = to.value_or(0) + *value;
    };
    sum(waiting, each.value(Measure::Waiting));
    sum(running, each.value(Measure::Running));
    sum(preemptions, each.value(Measure::Preemptions));
    for (const Measure which : {Measure::PromptTokens, Measure::GeneratedTokens})
      if (const Measured* found = each.find(which)) sum(tokens, found->perSecond);
    for (const Measured& value : each.values) coverage = std::min(coverage, value.value ? value.coverage() : 0.0);
  }
};

std::string number(const std::optional<double>& value) { return value ? fmt::format("{:.0f}", *value) : "?"; }

std::string percent(const Measured* measured, double of) {
  if (measured == nullptr) return "?";
  std::string out = fmt::format("{:.1f} %", *measured->value * 100 / of);
  if (measured->windowSeconds > 0) out += fmt::format(" (peak {:.1f} %)", *measured->peak * 100 / of);
  return out;
}

std::string memory(const Measured* measured) {
  if (measured == nullptr) return "?";
  const std::string used = valueText(*measured->value, observe::metrics::Unit::Bytes);
  return measured->capacity ? fmt::format("{} of {}", used, valueText(*measured->capacity, observe::metrics::Unit::Bytes)) : used;
}

}  // namespace

void writeMeasuredText(const observe::Report& report, const Style& style, const Print& print) {
  const observe::Snapshot& snapshot = report.snapshot;
  const observe::Observation& seen = report.seen;
  if (!snapshot.measured) return;
  const auto& all = *snapshot.measured;
  std::vector<std::vector<std::string>> rows{{"workload", "measured", "KV cache", "waiting", "in work", "preempted", "tokens/s", "device memory", "seen"}};
  for (observe::Index i = 0; i < seen.workloads.size(); ++i) {
    Row row;
    const auto& pods = seen.placement.deployed[i].pods;
    for (const observe::Index pod : pods)
      for (const OfContainer& each : measuredOf(all, pod)) row.add(each);
    if (row.containers == 0) continue;
    const auto& judged = seen.workloads[i].judgement;
    const auto measured = std::min(row.containers, static_cast<std::int64_t>(pods.size()));
    rows.push_back({json::printable(fmt::format("{} {}/{}", judged.kind, judged.ns, judged.name)), fmt::format("{} of {} pods", measured, pods.size()),
                    percent(row.kv, 100), number(row.waiting), number(row.running), number(row.preemptions), row.tokens ? fmt::format("{:.1f}", *row.tokens) : "?",
                    memory(row.memory), fmt::format("{:.0f} %", row.coverage * 100)});
  }
  const std::string window = all.window.seconds > 0 ? fmt::format("over {}", observe::metrics::windowText(all.window.seconds)) : "once";
  print("\n" + style.paint(Colour::Bold, fmt::format("measured {}", window)) + "\n");
  if (rows.size() == 1) print("    insufficient data: no series is of a pod with a GPU\n");
  else print(table(rows, {}, "    "));
}

}  // namespace rightslice::cli
