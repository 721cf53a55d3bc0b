#include "observe/history/subjects.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "observe/rules.hpp"

namespace rightslice::observe::history {
namespace {

using policy::ContainerJudgement;

/// Why the silence of a look says nothing: what a code rests on was not read.
constexpr std::string_view kPolicyResources[] = {"slicepolicies.rightslice.io", "clusterslicepolicies.rightslice.io", "sliceexceptions.rightslice.io",
                                                 "namespaces"};

/// Of files nobody says that there are policies beside them: those that were given hold.
bool wasRefused(const Coverage& coverage, std::string_view resource, std::string_view ns) {
  const auto& all = coverage.entries();
  return !coverage.known(resource, ns) && std::any_of(all.begin(), all.end(), [&](const Seen& each) {
    return each.resource == resource && (each.ns.empty() || each.ns == ns) && (each.state == Seen::State::Forbidden || each.state == Seen::State::Failed);
  });
}

bool policiesKnown(const Coverage& coverage, std::string_view ns) {
  return std::none_of(std::begin(kPolicyResources), std::end(kPolicyResources), [&](std::string_view each) { return wasRefused(coverage, each, ns); });
}

/// Several values as one, in order, each once.
std::string joined(const std::set<std::string>& values) { return fmt::format("{}", fmt::join(values, ", ")); }

std::string times(std::int64_t count, std::string_view resource) { return fmt::format("{} x {}", count, resource); }

/// What the judgement says of a container.
void addContainer(const ContainerJudgement& container, Subject& to) {
  const auto set = [&](std::string_view field, std::string value) {
    if (!value.empty()) to.fields.emplace(fmt::format("{}/{}", container.name, field), std::move(value));
  };
  const auto number = [&](std::string_view field, const std::optional<std::int64_t>& value) {
    if (value) set(field, std::to_string(*value));
  };
  set("engine", container.engine);
  set("model", container.model);
  if (container.requested) set("slice", times(container.requested->count, container.requested->resource));
  if (container.recommended) set("recommended", times(container.recommended->count.value_or(1), container.recommended->resource));
  if (container.need) {
    number("needBytes", container.need->bytes);
    number("highBytes", container.need->high);
    set("needSource", std::string(model::name(container.need->source)));
  }
  if (!container.settings) return;
  const auto& settings = *container.settings;
  number("tensorParallelSize", settings.tensorParallelSize);
  number("pipelineParallelSize", settings.pipelineParallelSize);
  number("maxModelLen", settings.maxModelLen);
  number("maxNumSeqs", settings.maxNumSeqs);
  if (settings.memoryFraction) set("memoryFraction", fmt::format("{}", *settings.memoryFraction));
  set("dtype", settings.dtype.value_or(""));
  set("quantization", settings.quantization.value_or(""));
  set("kvCacheDtype", settings.kvCacheDtype.value_or(""));
}

/// Of the containers of one workload, by name: what runs and where.
struct Running {
  std::set<std::string> images, held;
};

/// What each workload holds, by deployed and container.
std::vector<std::map<std::string, Running>> runningOf(const Report& report) {
  const auto& placement = report.seen.placement;
  std::vector<std::map<std::string, Running>> out(placement.deployed.size());
  for (const Board& board : placement.boards)
    for (const Hold& hold : board.holds) {
      const std::string& product = board.geometry.product != nullptr ? board.geometry.product->label() : board.geometry.productName;
      out[hold.deployed][hold.container].held.insert(
          fmt::format("{} on {}", hold.profile.empty() ? hold.resource : hold.profile, product.empty() ? "an unknown GPU" : product));
    }
  for (Index i = 0; i < placement.deployed.size(); ++i)
    for (const Index pod : placement.deployed[i].pods)
      for (const auto& container : report.snapshot.pods[pod].containers)
        if (!report.snapshot.pods[pod].deleting) out[i][container.name].images.insert(container.image);
  return out;
}

Found foundOf(const Finding& finding, Sort sort, const std::string& key) {
  Found out{sort, key, std::string(name(finding.code)), finding.container, finding.aspect, finding.message, finding.remedy,
            std::string(model::name(finding.confidence)), finding.evidence};
  if (sort == Sort::Node && out.aspect.empty()) out.aspect = finding.path;   // there is one of each resource
  // What an engine says of itself is found by metrics; without them nobody knows (findObservedDrift).
  if (finding.code == Code::Drift && !finding.evidence.empty() && finding.evidence.front().name == "observed") out.aspect += ", observed";
  return out;
}

/// What could not be looked for in a workload.
void addUntold(const Report& report, Index index, const std::string& ns, Subject& to) {
  const Coverage& coverage = report.snapshot.coverage;
  const auto untold = [&](std::initializer_list<Code> codes) {
    for (const Code each : codes) to.untold.emplace(name(each));
  };
  if (!policiesKnown(coverage, ns) || !report.snapshot.nodes) untold({Code::Oversized, Code::Undersized});
  if (!coverage.known("pods", ns)) untold({Code::Drift, Code::Stale, Code::Restarting, Code::Pending, Code::Idle, Code::NearCeiling});
  if (!coverage.known("replicasets.apps", ns)) untold({Code::Drift, Code::Stale});
  if (!report.snapshot.nodes || !report.snapshot.heldKnown) untold({Code::Pending});
  if (!report.snapshot.nodes) untold({Code::Drift});
  if (!tellsIdle(report.snapshot, report.seen, index)) untold({Code::Idle});
  for (const auto& [container, aspect] : untoldCeilings(report.snapshot, report.seen, index))
    to.untold.insert(fmt::format("{}/{}/{}", name(Code::NearCeiling), container, aspect));
  if (report.snapshot.measured) return;
  for (const auto& each : report.seen.workloads[index].judgement.containers)
    for (const std::string_view aspect : {"model", "memory fraction", "precision", "memory"})
      to.untold.insert(fmt::format("{}/{}/{}, observed", name(Code::Drift), each.name, aspect));
}

Subject workloadOf(const Report& report, Index index, const std::map<std::string, Running>& running) {
  const Snapshot& snapshot = report.snapshot;
  const Deployed& deployed = report.seen.placement.deployed[index];
  const WorkloadState& state = report.seen.workloads[index];
  const std::string& ns = state.judgement.ns;
  Subject out;
  out.key = keyOf(report, index);
  const auto field = [&](std::string_view name, bool known, std::string value) {
    if (!known) out.unread.emplace(name);
    else if (!value.empty()) out.fields.emplace(name, std::move(value));
  };
  field("uid", deployed.object.has_value(), deployed.object ? snapshot.objects[*deployed.object].uid : "");
  field("replicas", state.replicas.has_value(), std::to_string(state.replicas.value_or(0)));
  field("scaledBy", state.scaling.state != Scaling::State::Unknown, state.scaling.by);
  const bool policies = policiesKnown(snapshot.coverage, ns);
  // Products, and with them what a model needs and what is allowed, hang on the nodes too.
  const bool judged = policies && snapshot.nodes;
  field("decision", judged, std::string(policy::name(state.judgement.decision)));
  field("policies", policies, fmt::format("{}", fmt::join(state.judgement.policies, ", ")));
  for (const ContainerJudgement& each : state.judgement.containers) addContainer(each, out);
  const bool pods = snapshot.coverage.known("pods", ns);
  for (const ContainerJudgement& each : state.judgement.containers) {
    for (const std::string_view name : {"recommended", "needBytes", "highBytes", "needSource"}) {
      if (judged) continue;
      out.fields.erase(fmt::format("{}/{}", each.name, name));
      out.unread.insert(fmt::format("{}/{}", each.name, name));
    }
    const auto at = running.find(each.name);
    const Running* now = at == running.end() ? nullptr : &at->second;
    // Of nothing that runs the image is not another one.
    field(each.name + "/image", now != nullptr && !now->images.empty(), now != nullptr ? joined(now->images) : "");
    field(each.name + "/held", pods && snapshot.nodes, now != nullptr ? joined(now->held) : "");
  }
  addUntold(report, index, ns, out);
  return out;
}

std::string slicesText(const Board& board) {
  std::set<std::string> out;
  for (const SliceUse& each : board.slices)
    if (each.offered > 0) out.insert(times(each.offered, each.profile.empty() ? each.resource : each.profile));
  return joined(out);
}

}  // namespace

std::string keyOf(const Report& report, Index index) {
  const Deployed& deployed = report.seen.placement.deployed[index];
  if (deployed.object || !deployed.owner || deployed.owner->kind == "Node") return workloadKey(report.seen, index);
  return fmt::format("{}/{}/{}", report.seen.workloads[index].judgement.ns, deployed.owner->kind, deployed.owner->name);
}

void addWorkloads(const Report& report, Record& to) {
  const auto running = runningOf(report);
  for (Index i = 0; i < report.seen.workloads.size(); ++i) {
    to.subjects.push_back(workloadOf(report, i, running[i]));
    for (const Finding& each : report.seen.workloads[i].findings) to.findings.push_back(foundOf(each, Sort::Workload, to.subjects.back().key));
  }
}

void addNodes(const Report& report, Record& to) {
  const Snapshot& snapshot = report.snapshot;
  for (Index i = 0; i < report.seen.placement.boards.size(); ++i) {
    const Board& board = report.seen.placement.boards[i];
    const Node& node = (*snapshot.nodes)[board.node];
    Subject out;
    out.sort = Sort::Node;
    out.key = node.facts.name;
    const auto field = [&](std::string_view name, std::string value) {
      if (!value.empty()) out.fields.emplace(name, std::move(value));
    };
    field("product", board.geometry.product != nullptr ? board.geometry.product->label() : board.geometry.productName);
    if (board.geometry.gpus) field("gpus", std::to_string(*board.geometry.gpus));
    field("config", board.geometry.config);
    field("slices", slicesText(board));
    if (!node.ready) field("state", "not ready");
    else if (node.cordoned) field("state", "cordoned");
    const bool asked = std::all_of(board.slices.begin(), board.slices.end(), [](const SliceUse& each) { return each.asked.has_value(); });
    if (!asked || !snapshot.heldKnown) out.untold.emplace(name(Code::Dark));
    if (!snapshot.heldKnown || !policiesKnown(snapshot.coverage, "")) out.untold.emplace(name(Code::Stranded));
    to.subjects.push_back(std::move(out));
    for (const Finding& each : report.seen.nodes[i]) to.findings.push_back(foundOf(each, Sort::Node, node.facts.name));
  }
}

}  // namespace rightslice::observe::history
