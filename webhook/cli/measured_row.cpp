#include "cli/measured_row.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace rightslice::cli {
namespace {

using observe::metrics::Measure;
using observe::metrics::Measured;

void sum(std::optional<double>& to, const std::optional<double>& value) {
  if (value) to = to.value_or(0) + *value;
}

}  // namespace

MeasuredRow measuredRow(const observe::Snapshot& snapshot, const observe::Observation& seen, observe::Index index) {
  MeasuredRow out;
  out.windowSeconds = snapshot.measured->window.seconds;
  const auto& pods = seen.placement.deployed[index].pods;
  out.pods = static_cast<std::int64_t>(pods.size());
  double fullest = -1;
  for (const observe::Index pod : pods) {
    bool any = false;
    for (const auto& each : measuredOf(*snapshot.measured, pod)) {
      out.asked = true;
      if (out.why.empty()) out.why = each.why;
      if (const Measured* kv = each.find(Measure::KvUsage); kv != nullptr && kv->value && *kv->peak > out.kvPeak.value_or(-1)) {
        out.kv = kv->value;
        out.kvPeak = kv->peak;
      }
      const Measured* memory = each.find(Measure::FramebufferUsed);
      if (memory != nullptr && memory->value) {
        // Of slices of several sizes the one that is fullest, where it is known how large they are.
        const double full = memory->capacity && *memory->capacity > 0 ? *memory->value / *memory->capacity : 0;
        if (full > fullest) {
          fullest = full;
          out.memory = memory->value;
          out.memoryPeak = memory->peak;
          out.capacity = memory->capacity;
        }
      }
      sum(out.waiting, each.value(Measure::Waiting));
      sum(out.running, each.value(Measure::Running));
      sum(out.preemptions, each.value(Measure::Preemptions));
      for (const Measure which : {Measure::PromptTokens, Measure::GeneratedTokens})
        if (const Measured* found = each.find(which)) sum(out.tokens, found->perSecond);
      for (const Measured& value : each.values) {
        if (!value.value && out.why.empty()) out.why = fmt::format("{}: {}", value.metric, value.why);
        if (!value.value) continue;
        any = true;
        out.coverage = std::min(out.coverage.value_or(100), value.coverage() * 100);
      }
    }
    out.measured += any ? 1 : 0;
  }
  return out;
}

const char* const kMeasuredColumns =
    ",podsMeasured,windowSeconds,kvUsagePercent,kvUsagePeakPercent,requestsWaiting,requestsRunning,preemptions,tokensPerSecond,deviceMemoryUsedMiB,deviceMemoryMiB,"
    "seenPercent";

std::string measuredCsv(const std::optional<MeasuredRow>& row) {
  std::string out;
  const auto number = [&](const std::optional<double>& value, int digits = 0) {
    // 0.452 x 100 is 45.2, whatever binary fractions make of it; and no digits that say nothing.
    const double scale = std::pow(10.0, digits);
    out += value ? fmt::format(",{}", std::round(*value * scale) / scale) : ",";
  };
  const auto mebibytes = [](const std::optional<double>& bytes) { return bytes ? std::optional(*bytes / 1048576) : std::nullopt; };
  if (!row) return std::string(static_cast<std::size_t>(std::count(kMeasuredColumns, kMeasuredColumns + std::char_traits<char>::length(kMeasuredColumns), ',')), ',');
  out += fmt::format(",{},{}", row->measured, row->windowSeconds);
  number(row->kv, 2);
  number(row->kvPeak, 2);
  number(row->waiting);
  number(row->running);
  number(row->preemptions);
  number(row->tokens, 1);
  number(mebibytes(row->memory));
  number(mebibytes(row->capacity));
  number(row->coverage);
  return out;
}

}  // namespace rightslice::cli
