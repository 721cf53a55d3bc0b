#include <algorithm>

#include "observe/observation_json.hpp"

namespace rightslice::observe {

Totals totalsOf(const Snapshot& snapshot, const Observation& seen) {
  Totals out;
  out.workloads = static_cast<std::int64_t>(seen.workloads.size());
  out.pods = static_cast<std::int64_t>(snapshot.pods.size());
  out.nodes = static_cast<std::int64_t>(seen.placement.boards.size());
  for (const Board& each : seen.placement.boards) {
    if (each.geometry.gpus) out.gpus += *each.geometry.gpus;
    else ++out.gpusUnknown;
  }
  for (const WorkloadState& each : seen.workloads) {
    switch (each.judgement.decision) {
      case policy::Action::Allow: ++out.allowed; break;
      case policy::Action::Warn: ++out.warned; break;
      case policy::Action::Rewrite: ++out.rewritten; break;
      case policy::Action::Deny: ++out.denied; break;
    }
    const auto& findings = each.judgement.findings;
    out.notJudged += std::any_of(findings.begin(), findings.end(), [](const auto& one) { return one.code == policy::Code::NotJudged; }) ? 1 : 0;
    for (const Finding& one : each.findings) ++out.findings[one.code];
  }
  for (const auto& node : seen.nodes)
    for (const Finding& one : node) ++out.findings[one.code];
  return out;
}

}  // namespace rightslice::observe
