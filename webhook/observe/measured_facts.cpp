#include "observe/measured_facts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "base/date.hpp"

namespace rightslice::observe {
namespace {

using metrics::Measure;
using metrics::Measured;

enum class Take { Last, Mean, MeanOfCapacity, PerSecond };
enum class Over { Sum, Mean, Highest };

/// Which fact is made of which measure, and how. The keys are those of the field's scanner, whose own values of some of them are something
/// else than their names say (a ratio called a percentage, requests in work called requests a second): here they are what the name says.
struct Row {
  std::string_view key, units;
  Measure measure;
  Take take;
  Over pods;
  std::string_view words;
  bool vllmOnly = false;
};
constexpr Row kRows[] = {
    {"obs.gpu.utilAvgPct", "%", Measure::GpuActive, Take::Mean, Over::Mean, "mean over the window and the pods"},
    {"obs.gpu.memUtilAvgPct", "%", Measure::FramebufferUsed, Take::MeanOfCapacity, Over::Mean, "used of used and free, mean over the window and the pods"},
    {"obs.vllm.kvCacheUsagePct", "%", Measure::KvUsage, Take::Last, Over::Highest, "ratio x 100, last sample, of the fullest pod", true},
    {"obs.vllm.requestsRunning", "requests", Measure::Running, Take::Last, Over::Sum, "last sample, sum of the pods", true},
    {"obs.vllm.requestsWaiting", "requests", Measure::Waiting, Take::Last, Over::Sum, "last sample, sum of the pods", true},
    {"obs.vllm.tokensPerSec", "tokens/s", Measure::GeneratedTokens, Take::PerSecond, Over::Sum, "increase by the time it took, sum of the pods", true},
    {"obs.tps.avg", "tokens/s", Measure::GeneratedTokens, Take::PerSecond, Over::Sum, "increase by the time it took, sum of the pods"},
    {"obs.rps.avg", "requests/s", Measure::Requests, Take::PerSecond, Over::Sum, "increase by the time it took, sum of the pods"},
};

std::optional<double> taken(const Measured& from, Take take) {
  if (!from.value) return std::nullopt;
  if (take == Take::Last) return from.value;
  if (take == Take::Mean) return from.mean;
  if (take == Take::PerSecond) return from.perSecond;
  if (!from.capacity || *from.capacity <= 0) return std::nullopt;
  if (from.points.empty()) return *from.value * 100 / *from.capacity;
  double sum = 0;
  for (const auto& each : from.points) sum += each.value;
  return sum / static_cast<double>(from.points.size());
}

std::string_view typeOf(std::string_view source) {
  if (source.starts_with("http://") || source.starts_with("https://")) return "prometheus";
  return source.starts_with("pod ") ? "http_metrics" : "other";
}

}  // namespace

std::vector<MeasuredFact> measuredFacts(const Snapshot& snapshot, const std::vector<Index>& pods, std::string_view container, std::string_view engine) {
  std::vector<MeasuredFact> out;
  if (!snapshot.measured) return out;
  for (const Row& row : kRows) {
    if (row.vllmOnly && engine != "vllm") continue;
    MeasuredFact fact;
    std::int64_t count = 0, sources = 0;
    for (const Index pod : pods) {
      const auto all = metrics::measuredOf(*snapshot.measured, pod);
      const auto own = std::find_if(all.begin(), all.end(), [&](const auto& each) { return each.container == container; });
      const Measured* from = own == all.end() ? nullptr : own->find(row.measure);
      const auto value = from == nullptr ? std::nullopt : taken(*from, row.take);
      if (!value) continue;
      fact.value = count == 0 ? *value : row.pods == Over::Highest ? std::max(fact.value, *value) : fact.value + *value;
      fact.confidence = std::min(fact.confidence, from->confidence);
      if (fact.at.empty() || from->at < fact.at) fact.at = from->at;
      if (fact.method.empty()) fact.method = fmt::format("{}: {}", from->metric, row.words);
      if (fact.ref.empty()) fact.ref = from->source;
      else if (fact.ref != from->source) ++sources;
      ++count;
    }
    if (count == 0) continue;
    if (row.pods == Over::Mean) fact.value /= static_cast<double>(count);
    fact.value = std::round(fact.value * 1000) / 1000;
    // A sum of some is not that of all.
    if (count < static_cast<std::int64_t>(pods.size()) && fact.confidence == model::Confidence::High) fact.confidence = model::Confidence::Medium;
    fact.key = row.key;
    fact.units = row.units;
    fact.type = typeOf(fact.ref);
    if (sources > 0) fact.ref += fmt::format(", and {} more", sources);
    if (const auto at = secondsOfTimestamp(fact.at)) fact.stalenessSec = std::max<std::int64_t>(0, snapshot.measured->window.end / 1000 - *at);
    out.push_back(std::move(fact));
  }
  return out;
}

}  // namespace rightslice::observe
