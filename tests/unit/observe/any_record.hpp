// Records of looks of any sort, for the laws of the history: what is seen comes and goes, and so does what may be read.
#pragma once
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>

#include "observe/history/difference.hpp"

namespace rightslice::observe::history {

/// Draws numbers from 0 below the bound: rapidcheck's, or those of a generator with a seed.
using Draw = std::function<std::size_t(std::size_t below)>;

inline bool chance(const Draw& draw, std::size_t percent) { return draw(100) < percent; }

inline void addAnySubject(const Draw& draw, Sort sort, std::string key, Record& to) {
  Subject subject;
  subject.sort = sort;
  subject.key = std::move(key);
  for (const std::string_view field : {"decision", "replicas", "vllm/model", "vllm/slice"}) {
    if (chance(draw, 15)) subject.unread.emplace(field);
    else if (chance(draw, 80)) subject.fields.emplace(field, fmt::format("{}'\"\\:$1;--\n€{}", field, draw(2)));
  }
  for (const std::string_view code : {"Oversized", "Idle", "NearCeiling", "Dark"}) {
    if (chance(draw, 15)) subject.untold.emplace(code);
    else if (chance(draw, 40))
      to.findings.push_back({sort, subject.key, std::string(code), "vllm", "", fmt::format("{} {}", code, draw(3)), "fix", draw(2) == 0 ? "high" : "low",
                             {{"n", fmt::format("{}", draw(2)), "s", ""}}});
  }
  to.subjects.push_back(std::move(subject));
}

inline Record anyRecord(const Draw& draw, std::int64_t takenAt) {
  Record out;
  out.cluster = "c";
  out.source = "test";
  out.takenAt = takenAt;
  if (chance(draw, 10)) out.scope = {"b"};
  out.selected = chance(draw, 10);
  const auto state = [&] { return chance(draw, 85) ? Seen::State::Read : Seen::State::Forbidden; };
  for (const char* ns : {"a", "b"})
    for (const char* resource : {"pods", "deployments.apps"}) out.coverage.add({resource, ns, state(), "", 1});
  out.coverage.add({"nodes", "", state(), "", 1});
  for (const char* key : {"a/Deployment/x", "a/Deployment/y", "b/Deployment/x"})
    if (chance(draw, 70)) addAnySubject(draw, Sort::Workload, key, out);
  for (const char* key : {"gpu-1", "gpu-2"})
    if (chance(draw, 70)) addAnySubject(draw, Sort::Node, key, out);
  std::sort(out.findings.begin(), out.findings.end(), [](const Found& a, const Found& b) { return a.id() < b.id(); });
  if (!out.scope.empty() || out.selected || chance(draw, 20)) return out;
  std::map<std::tuple<std::string, std::string, std::string>, Rate> rates;
  for (const Subject& each : out.subjects)
    for (const char* bucket : {"right", "idle"})
      if (each.sort == Sort::Workload && chance(draw, 60)) {
        Rate rate{std::string(each.ns()), each.key, bucket, static_cast<std::int64_t>(draw(100'000)), static_cast<std::int64_t>(draw(7300))};
        rates[{rate.ns, rate.workload, rate.bucket}] = rate;
      }
  rates[{"", "", "dark"}] = {"", "", "dark", static_cast<std::int64_t>(draw(100'000)), 73'000};
  out.costs = Costs{"USD", "2026-01-01", {}};
  for (auto& [id, rate] : rates) out.costs->rates.push_back(rate);
  for (const Subject& each : out.subjects)
    if (each.sort == Sort::Workload && chance(draw, 50)) {
      Peak peak{each.key, "vllm", "acme/m", "vllm", "", std::nullopt, "no pool", std::nullopt, std::nullopt, 3600, static_cast<std::int64_t>(draw(3600)), "2026-06-01T00:00:00Z"};
      if (chance(draw, 60)) {
        peak.memory = static_cast<std::int64_t>(draw(1'000'000));
        peak.why.clear();
      }
      if (chance(draw, 60)) peak.kvPerMille = static_cast<std::int64_t>(draw(1001));
      out.peaks.push_back(std::move(peak));
    }
  return out;
}

/// All of a state as text, for comparing.
inline std::string textOf(const State& state) {
  std::string out;
  for (const auto& each : state.subjects) {
    out += fmt::format("{} {} {}", name(each.sort), each.key, each.seen);
    for (const auto& [field, value] : each.fields) out += fmt::format(" {}={}", field, value);
    out += "\n";
  }
  for (const auto& each : state.findings) {
    const Found& found = each.found;
    out += fmt::format("{} {} {} {} {} {} {} {} {}", name(found.sort), found.key, found.code, found.container, found.aspect, found.message, found.remedy, found.confidence, each.seen);
    for (const auto& one : found.evidence) out += fmt::format(" [{} {} {} {}]", one.name, one.value, one.source, one.at);
    out += "\n";
  }
  return out;
}

}  // namespace rightslice::observe::history
