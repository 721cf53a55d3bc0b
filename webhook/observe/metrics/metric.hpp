// The metrics that engines, the DCGM exporter and kube-state-metrics publish, as one table: what each means, in which unit.
#pragma once
#include <cstdint>
#include <span>
#include <string_view>

namespace rightslice::observe::metrics {

/// What is measured. In the order in which it is shown.
enum class Measure : std::uint8_t {
  KvUsage,           ///< how full the KV cache is
  Waiting,           ///< requests in the queue
  Running,           ///< requests in work
  Preemptions,       ///< sequences that lost their KV cache to others and are computed again
  PromptTokens,      ///< read
  GeneratedTokens,   ///< written
  Requests,          ///< ended
  FramebufferUsed,   ///< memory of the slice or GPU in use, by anybody on it
  FramebufferFree,
  GpuActive,         ///< the time in which some kernel ran
  Restarts,          ///< of the container
  Settings           ///< no value: labels that tell the engine's settings
};
constexpr std::size_t kMeasures = 12;

enum class Unit : std::uint8_t { Percent, Requests, Tokens, Times, Bytes, None };
enum class Sort : std::uint8_t {
  Gauge,     ///< says how it is now
  Counter,   ///< only grows, and begins anew with its process: the increase counts
  Info       ///< 1, with labels
};

struct MeasureRow {
  Measure measure;
  std::string_view name;   ///< in output: "kvUsage"
  std::string_view title;  ///< for sentences
  Unit unit;
  Sort sort;
  bool summed;             ///< over the series of a container (ranks, reasons); else the highest counts
  bool lowest;             ///< of the samples of a step the lowest is kept, not the highest
};
const MeasureRow& rowOf(Measure measure);

struct MetricRow {
  Measure measure;
  std::string_view name;
  std::string_view from;        ///< engine (DESIGN 5), "dcgm" or "kube-state-metrics"
  double scale;                 ///< times this is the unit of the measure: a ratio x 100 is %, MiB x 2^20 are bytes
  std::string_view label = {}, value = {};   ///< counts only with this label
};
/// By measure; of one measure the newest spelling first. Of several that a container has, the first counts.
std::span<const MetricRow> metricRows();

/// Those that one query asks for together hang together: memory in use and free.
Measure batchOf(Measure measure);

std::string_view name(Unit unit);   ///< "%", "requests", "tokens", "times", "bytes", ""

}  // namespace rightslice::observe::metrics
