#include "observe/history/proposal.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "base/bytes.hpp"

namespace rightslice::observe::history {
namespace {

/// As spec.models takes it; a star would stand for other models too.
bool isName(const std::string& model) {
  return std::none_of(model.begin(), model.end(), [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == '\x7f' || c == '*' || c == '?'; });
}

std::string whyNot(const Proposal& proposal, const std::string& lastWhy) {
  if (!isName(proposal.model)) return "its name cannot stand in a policy";
  if (proposal.measured == 0) return lastWhy.empty() ? "what the model takes was never measured" : lastWhy;
  if (proposal.measured < kLeastMeasured)
    return "only " + std::to_string(proposal.measured) + " looks measured it, and " + std::to_string(kLeastMeasured) + " are the least";
  if (proposal.days < kLeastDays) return "it was measured on one day only: a peak of one day is none of a week";
  if (proposal.seen * 100 < proposal.seconds * kLeastCoveragePercent)
    return "samples cover " + std::to_string(proposal.seen * 100 / std::max<std::int64_t>(proposal.seconds, 1)) + " % of the time that was looked back";
  return {};
}

}  // namespace

std::vector<Proposal> proposalsOf(const std::vector<KeptPeak>& peaks) {
  struct All {
    Proposal proposal;
    std::set<std::string> workloads;
    std::set<std::int64_t> days;
    std::string why;
  };
  std::map<std::tuple<std::string, std::string, std::string>, All> all;
  for (const KeptPeak& each : peaks) {
    const Peak& peak = each.peak;
    if (peak.model.empty()) continue;
    All& to = all[{peak.model, peak.engine, peak.quantization}];
    Proposal& proposal = to.proposal;
    proposal.model = peak.model;
    proposal.engine = peak.engine;
    proposal.quantization = peak.quantization;
    proposal.looks += each.looks;
    proposal.measured += each.measured;
    proposal.seconds += peak.windowSeconds;
    proposal.seen += peak.seenSeconds;
    to.workloads.insert(peak.workload);
    if (peak.kvPerMille) proposal.kvPerMille = std::max(proposal.kvPerMille.value_or(0), *peak.kvPerMille);
    if (!peak.why.empty()) to.why = peak.why;
    if (!peak.memory) continue;
    proposal.peak = std::max(proposal.peak, *peak.memory);
    to.days.insert(each.day);
  }
  std::vector<Proposal> out;
  for (auto& [id, each] : all) {
    Proposal& proposal = each.proposal;
    proposal.workloads.assign(each.workloads.begin(), each.workloads.end());
    proposal.days = static_cast<std::int64_t>(each.days.size());
    proposal.why = whyNot(proposal, each.why);
    if (proposal.why.empty()) proposal.memory = ceilDiv(proposal.peak, kMiB) * kMiB;
    out.push_back(std::move(proposal));
  }
  return out;
}

}  // namespace rightslice::observe::history
