#include "observe/observation.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "admission/context.hpp"
#include "json/document.hpp"
#include "observe/missing.hpp"
#include "observe/rules.hpp"

namespace rightslice::observe {
namespace {

constexpr std::array<std::string_view, 3> kScaling{"unknown", "none", "scaled"};

/// What runs, as the webhook knows it: budgets count it.
admission::Inventory inventoryOf(const Snapshot& snapshot, const admission::Environment& environment,
                                 const std::shared_ptr<const workload::Autoscalers>& autoscalers) {
  std::vector<std::shared_ptr<const admission::Running>> running;
  for (const Object& each : snapshot.objects) {
    if (!each.text) continue;
    auto made = std::make_shared<admission::Running>();
    made->group = each.group;
    made->kind = each.kind;
    made->ns = each.ns;
    made->name = each.name;
    made->uid = each.uid;
    made->owner = each.owner ? each.owner->uid : "";
    made->text = each.text;
    const bool budget = environment.policies->hasBudget(each.ns);
    admission::addUse(environment, budget ? autoscalers->of(each.group, each.kind, each.ns, each.name) : nullptr, *made);
    running.push_back(std::move(made));
  }
  return admission::Inventory(std::move(running), autoscalers);
}

class Judging {
 public:
  Judging(const Snapshot& snapshot, const Looking& looking)
      : snapshot_(snapshot), looking_(looking), autoscalers_(std::make_shared<const workload::Autoscalers>(snapshot.autoscalers)),
        inventory_(inventoryOf(snapshot, looking.environment, autoscalers_)) {}

  WorkloadState judge(const Deployed& deployed) const {
    WorkloadState out;
    const Object* object = deployed.object ? &snapshot_.objects[*deployed.object] : nullptr;
    const Pod* pod = deployed.pods.empty() ? nullptr : &snapshot_.pods[deployed.pods.front()];
    const std::string& ns = object != nullptr ? object->ns : pod->ns;
    const auto document = json::Document::parse(object != nullptr ? *object->text : *pod->text);
    if (!document) return out;  // it was written by this program
    const auto workload = workload::read(document->root(), ns);
    policy::Request request;
    admission::addRunning(inventory_, workload, looking_.environment, request);
    request.usageKnown = snapshot_.selector.empty() && snapshot_.workloadsKnown(ns);   // others use the budget too
    request.autoscalersKnown = snapshot_.autoscalersKnown(ns);
    out.judgement = admission::verdict(*document, ns, looking_.environment, request);
    if (object == nullptr) {
      out.judgement.name = pod->name;
      out.replicas = static_cast<std::int64_t>(deployed.pods.size());
    } else {
      out.replicas = replicasOf(workload);
      out.missing = missingPods(snapshot_, deployed, *object, out.replicas).value_or(0);
    }
    if (looking_.unknownPolicies)
      for (auto& text : looking_.unknownPolicies(ns)) out.judgement.unknown.push_back(std::move(text));
    scale(workload, object != nullptr, ns, out.scaling);
    return out;
  }

 private:
  static std::optional<std::int64_t> replicasOf(const workload::Workload& object) {
    std::int64_t out = 0;
    for (const auto& pod : object.templates) {
      if (!pod.replicasKnown) return std::nullopt;
      if (!pod.pattern) out = plusBytes(out, pod.replicas);
    }
    return out;
  }

  void scale(const workload::Workload& workload, bool read, const std::string& ns, Scaling& out) const {
    const auto* by = autoscalers_->of(workload);
    if (by != nullptr && read) out = {Scaling::State::Scaled, by->title(), by->most};
    else if (snapshot_.autoscalersKnown(ns) && read) out.state = Scaling::State::None;
  }

  const Snapshot& snapshot_;
  const Looking& looking_;
  std::shared_ptr<const workload::Autoscalers> autoscalers_;
  admission::Inventory inventory_;
};

std::vector<Finding> found(std::span<const Rule> rules, const Scene& scene, Index index) {
  std::vector<Finding> out;
  for (const Rule rule : rules)
    for (Finding& each : rule(scene, index)) out.push_back(std::move(each));
  std::stable_sort(out.begin(), out.end(), [](const Finding& a, const Finding& b) { return a.code < b.code; });
  return out;
}

}  // namespace

std::string_view name(Scaling::State state) { return kScaling[static_cast<std::size_t>(state)]; }

const policy::ContainerJudgement* judgedOf(const WorkloadState& state, const Hold& hold) {
  const policy::ContainerJudgement* out = nullptr;
  for (const auto& each : state.judgement.containers)
    if (each.name == hold.container && each.requested && (byClaim(hold.resource) || each.requested->resource == hold.resource)) out = &each;
  return out;
}

bool contradicted(const WorkloadState& state, std::string_view container) {
  const auto judged = [&](const policy::Finding& each) {
    return each.code == policy::Code::Oversized && each.action != policy::Action::Allow && each.container == container;
  };
  const auto found = [&](const Finding& each) { return each.code == Code::Oversized && each.container == container; };
  return std::any_of(state.judgement.findings.begin(), state.judgement.findings.end(), judged) &&
         std::none_of(state.findings.begin(), state.findings.end(), found);
}

Observation observe(const Snapshot& snapshot, const Looking& looking) {
  Observation out;
  out.placement = placementOf(snapshot, *looking.environment.catalogue.gpus);
  const Judging judging(snapshot, looking);
  out.workloads.reserve(out.placement.deployed.size());
  for (const Deployed& each : out.placement.deployed) {
    out.workloads.push_back(judging.judge(each));
    if (looking.progress) looking.progress(out.workloads.back().judgement.name);
  }
  const Scene scene(snapshot, looking, out);
  std::vector<std::vector<Finding>> ofWorkloads, ofNodes;
  for (Index i = 0; i < out.workloads.size(); ++i) ofWorkloads.push_back(found(workloadRules(), scene, i));
  for (Index i = 0; i < out.placement.boards.size(); ++i) ofNodes.push_back(found(nodeRules(), scene, i));
  for (Index i = 0; i < out.workloads.size(); ++i) out.workloads[i].findings = std::move(ofWorkloads[i]);
  out.nodes = std::move(ofNodes);
  return out;
}

void surround(const Snapshot& snapshot, workload::Surroundings& out) {
  if (!out.nodes && snapshot.nodes) {
    out.nodes.emplace();
    for (const Node& each : *snapshot.nodes) out.nodes->push_back(each.facts);
  }
  if (!out.namespaces) out.namespaces = snapshot.namespaces;
  workload::merge(snapshot.devices, out.devices);
  out.digest = workload::digestOf(out);
  out.sort();
}

}  // namespace rightslice::observe
