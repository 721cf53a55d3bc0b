#include "observe/page/verdict.hpp"

#include <algorithm>

namespace rightslice::observe::page {
namespace {

bool found(const WorkloadState& state, Code code, std::string_view container) {
  return std::any_of(state.findings.begin(), state.findings.end(),
                     [&](const Finding& each) { return each.code == code && (each.container.empty() || each.container == container); });
}

bool judged(const WorkloadState& state, policy::Code code, std::string_view container) {
  const auto& all = state.judgement.findings;
  return std::any_of(all.begin(), all.end(),
                     [&](const auto& each) { return each.code == code && each.action != policy::Action::Allow && each.container == container; });
}

}  // namespace

std::string_view name(Verdict verdict) {
  constexpr std::string_view kNames[] = {"limit", "idle", "oversized", "unknown", "right"};
  return kNames[static_cast<std::size_t>(verdict)];
}

Verdict verdictOf(const WorkloadState& state, std::string_view container) {
  for (const Code code : {Code::Undersized, Code::NearCeiling})
    if (found(state, code, container)) return Verdict::Limit;
  for (const policy::Code code : {policy::Code::EngineCannotStart, policy::Code::TightFit})
    if (judged(state, code, container)) return Verdict::Limit;
  if (found(state, Code::Idle, container)) return Verdict::Idle;
  if (found(state, Code::Oversized, container)) return Verdict::Oversized;
  const auto& all = state.judgement.containers;
  const auto at = std::find_if(all.begin(), all.end(), [&](const auto& each) { return each.name == container; });
  return at == all.end() || !at->requested || !at->need || !at->requested->usable ? Verdict::Unknown : Verdict::Right;
}

Verdict verdictOf(const WorkloadState& state) {
  std::optional<Verdict> first;
  for (const auto& each : state.judgement.containers)
    if (each.requested) first = std::min(first.value_or(Verdict::Right), verdictOf(state, each.name));
  return first.value_or(Verdict::Unknown);
}

}  // namespace rightslice::observe::page
