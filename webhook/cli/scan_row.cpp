#include "cli/scan_row.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "base/bytes.hpp"
#include "observe/observation_json.hpp"

namespace rightslice::cli {
namespace {

using observe::Finding;
using observe::Seen;

void add(std::string& to, const std::string& text) {
  if (!text.empty()) to += (to.empty() ? "" : ", ") + text;
}

/// Does judging say what still stands, now that it runs?
bool stands(const observe::WorkloadState& state, const policy::Finding& finding) {
  return finding.action != policy::Action::Allow && (finding.code != policy::Code::Oversized || !observe::contradicted(state, finding.container));
}

/// Codes of findings, each once.
std::string codesOf(const std::vector<Finding>& findings, const observe::WorkloadState* state = nullptr) {
  std::vector<std::string_view> codes;
  const auto once = [&](std::string_view code) {
    if (std::find(codes.begin(), codes.end(), code) == codes.end()) codes.push_back(code);
  };
  for (const Finding& each : findings) once(name(each.code));
  if (state != nullptr)
    for (const auto& each : state->judgement.findings)
      if (stands(*state, each)) once(name(each.code));
  return fmt::format("{}", fmt::join(codes, ", "));
}

std::string sliceText(const observe::SliceUse& slice) {
  const std::string name = !slice.profile.empty()                                                            ? slice.profile
                           : slice.resource == "nvidia.com/gpu" || slice.resource == observe::kClaimedGpu ? "whole"
                                                                                                          : slice.resource;
  return fmt::format("{} {}/{}", name, slice.asked ? std::to_string(*slice.asked) : "?", slice.offered);
}

/// Is it of interest for a cluster that is known by a few files?
bool isMain(const Seen& each) {
  constexpr std::string_view kMain[] = {"nodes", "pods", "namespaces", "deployments.apps", "replicasets.apps", "horizontalpodautoscalers.autoscaling"};
  return std::find(std::begin(kMain), std::end(kMain), each.resource) != std::end(kMain);
}

void addContainer(WorkloadRow& out, const policy::ContainerJudgement& each, bool refuted) {
  const auto& asked = *each.requested;
  add(out.engine, each.engine);
  add(out.model, each.model);
  add(out.resource, asked.count == 1 ? asked.resource : fmt::format("{} x {}", asked.resource, asked.count));
  const std::string slice = !asked.profile.empty() ? asked.profile : asked.resource == "nvidia.com/gpu" ? "whole GPU" : asked.resource;
  add(out.slice, asked.count == 1 ? slice : fmt::format("{} x {}", slice, asked.count));
  if (asked.gpus.size() == 1) add(out.gpus, asked.gpus.front());
  else if (!asked.gpus.empty()) add(out.gpus, fmt::format("one of {} products", asked.gpus.size()));
  if (each.need) add(out.need, formatBytes(each.need->bytes));
  if (asked.usable) add(out.holds, formatBytes(*asked.usable));
  if (!each.recommended || refuted) return;
  const auto& better = *each.recommended;
  const std::string& what = better.profile.empty() ? better.resource : better.profile;
  add(out.better, better.count ? fmt::format("{} x {}", what, *better.count) : what);
}

}  // namespace

WorkloadRow workloadRow(const observe::Snapshot& snapshot, const observe::Observation& seen, observe::Index index) {
  const auto& state = seen.workloads[index];
  const auto& deployed = seen.placement.deployed[index];
  WorkloadRow out;
  out.ns = state.judgement.ns;
  out.kind = state.judgement.kind;
  out.name = state.judgement.name;
  if (deployed.owner) out.owner = fmt::format("{} {}", deployed.owner->kind, deployed.owner->name);
  for (const auto& each : state.judgement.containers)
    if (each.requested) addContainer(out, each, observe::contradicted(state, each.name));
  out.pods = static_cast<std::int64_t>(deployed.pods.size());
  out.ready = std::count_if(deployed.pods.begin(), deployed.pods.end(), [&](observe::Index pod) { return snapshot.pods[pod].ready; });
  if (state.replicas) out.replicas = std::to_string(*state.replicas);
  out.decision = name(state.judgement.decision);
  if (state.judgement.wouldBe) out.wouldBe = name(*state.judgement.wouldBe);
  out.findings = codesOf(state.findings, &state);
  return out;
}

NodeRow nodeRow(const observe::Snapshot& snapshot, const observe::Observation& seen, observe::Index index) {
  const auto& board = seen.placement.boards[index];
  const auto& node = (*snapshot.nodes)[board.node];
  const auto& geometry = board.geometry;
  NodeRow out;
  out.name = node.facts.name;
  out.product = geometry.product != nullptr ? geometry.product->label() : geometry.productName;
  if (geometry.gpus) out.gpus = std::to_string(*geometry.gpus);
  for (const auto& each : board.slices) add(out.slices, sliceText(each));
  out.findings = codesOf(seen.nodes[index]);
  if (!node.ready) add(out.findings, "(not ready)");
  if (node.cordoned) add(out.findings, "(cordoned)");
  if (!geometry.sharing.empty()) add(out.findings, fmt::format("(shared by {})", geometry.sharing));
  return out;
}

std::vector<UnreadRow> unreadRows(const observe::Snapshot& snapshot, int& others) {
  others = 0;
  std::map<std::pair<Seen::State, std::string>, std::vector<const Seen*>> groups;
  for (const auto* each : snapshot.coverage.unread()) {
    if (each->state == Seen::State::NotGiven && !isMain(*each)) ++others;
    else groups[{each->state, std::string(observe::unknownWithout(each->resource))}].push_back(each);
  }
  std::vector<UnreadRow> out;
  for (const auto& [key, list] : groups) {
    UnreadRow row;
    for (std::size_t i = 0; i < list.size() && i < 3; ++i)
      add(row.resources, list[i]->ns.empty() ? list[i]->resource : fmt::format("{} of namespace {}", list[i]->resource, list[i]->ns));
    if (list.size() > 3) row.resources += fmt::format(" and {} more", list.size() - 3);
    row.why = key.first == Seen::State::NotGiven ? "not given" : std::string(observe::name(key.first));
    row.unknown = key.second;
    row.reason = list.front()->reason;
    out.push_back(std::move(row));
  }
  return out;
}

std::string totalsText(const observe::Snapshot& snapshot, const observe::Observation& seen) {
  const auto totals = observe::totalsOf(snapshot, seen);
  const auto counted = [](std::int64_t count, std::string_view noun) { return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s"); };
  std::string text = fmt::format("{}, {} with GPUs", counted(totals.workloads, "workload"), counted(totals.pods, "pod"));
  if (snapshot.nodes) text += fmt::format(", {} with {}", counted(totals.nodes, "node"), counted(totals.gpus, "GPU"));
  if (totals.gpusUnknown > 0) text += fmt::format(" and those of {} of which it is unknown", totals.gpusUnknown);
  std::string findings;
  for (const auto& [code, count] : totals.findings) findings += fmt::format("{}{} {}", findings.empty() ? ": " : ", ", name(code), count);
  return text + findings;
}

std::vector<FindingRow> findingRows(const observe::Snapshot& snapshot, const observe::Observation& seen) {
  std::vector<FindingRow> out;
  const auto observed = [&](const std::string& where, const Finding& each) {
    out.push_back({where, std::string(name(each.code)), each.message, each.remedy, std::string(model::name(each.confidence))});
  };
  for (const auto& state : seen.workloads) {
    const auto& judgement = state.judgement;
    const std::string where = fmt::format("{} {}/{}", judgement.kind, judgement.ns, judgement.name);
    for (const Finding& each : state.findings) observed(where, each);
    // What else judging says of it; Oversized and Undersized are told above, with what they rest on.
    for (const auto& each : judgement.findings) {
      const auto same = [&](const Finding& other) { return name(other.code) == name(each.code); };
      if (!stands(state, each) || std::any_of(state.findings.begin(), state.findings.end(), same)) continue;
      out.push_back({where, std::string(name(each.code)), (each.container.empty() ? "" : "container " + each.container + ": ") + each.message, "", ""});
    }
  }
  for (observe::Index i = 0; i < seen.nodes.size(); ++i)
    for (const Finding& each : seen.nodes[i]) observed("node " + (*snapshot.nodes)[seen.placement.boards[i].node].facts.name, each);
  return out;
}

}  // namespace rightslice::cli
