#include "observe/plan/advice.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "json/document.hpp"
#include "json/pointer.hpp"
#include "json/writer.hpp"
#include "policy/flag_edit.hpp"
#include "workload/kind.hpp"
#include "workload/workload.hpp"

namespace rightslice::observe::plan {
namespace {

using policy::Code;

bool measuredAgainst(const WorkloadState& state, const std::string& container) {
  return std::any_of(state.findings.begin(), state.findings.end(), [&](const Finding& each) {
    const bool pressed = each.code == observe::Code::NearCeiling ||
                         (each.code == observe::Code::Drift && (each.aspect == "traffic" || each.aspect == "memory"));
    return pressed && each.container == container;
  });
}

const policy::Finding* findingOf(const WorkloadState& state, const std::string& container) {
  for (const auto& each : state.judgement.findings) {
    if (each.code == Code::Oversized && measuredAgainst(state, container)) continue;
    const bool fit = each.code == Code::Undersized || each.code == Code::TightFit || each.code == Code::Oversized || each.code == Code::EngineCannotStart;
    if (fit && each.container == container && each.action != policy::Action::Allow) return &each;
  }
  return nullptr;
}

model::Confidence confidenceOf(const policy::ContainerJudgement& container) {
  if (!container.need) return model::Confidence::Low;
  return container.need->source == model::Need::Source::Estimate ? container.need->confidence : model::Confidence::High;
}

/// Why the recommendation is no other name for the resource; empty if it is.
std::string obstacleOf(const policy::ContainerJudgement& container) {
  const auto& better = *container.recommended;
  if (better.count) return fmt::format("ask for {} x {} and set the parallelism of the engine to it by hand", better.resource, *better.count);
  if (better.resource.starts_with(workload::kDeviceClassPrefix))
    return fmt::format("it asks by a claim, which is another object: write profile {} there", better.profile);
  if (container.requested && better.resource == container.requested->resource)
    return fmt::format("{} means a slice here: choose {} by the label or the pool of the nodes", better.resource, better.profile);
  return {};
}

bool fixedTemplate(const Object& object) {
  const workload::Kind* kind = workload::findKind(object.apiVersion, object.kind);
  return kind != nullptr && kind->immutableTemplate;
}

/// Why pods of the object do not follow its template, and what to do about it; empty if they do.
std::string afterwardsOf(const Object& object) {
  if (fixedTemplate(object)) return "it is made anew by hand";
  if (object.kind == "ReplicaSet" || object.kind == "ReplicationController")
    return fmt::format("a {} does not replace its pods: delete them, one at a time, and it makes them anew", object.kind);
  if (object.kind == "CronJob") return "pods of a run that goes on keep their slices: the next run asks for the other";
  if (object.rollout.paused) return "its rollout is paused: let it go on with kubectl rollout resume";
  if (object.rollout.onDelete) return "its update strategy is OnDelete: delete its pods, one at a time, and they are made anew";
  if (object.rollout.partition > 0)
    return fmt::format("pods with ordinals below its partition of {} are not replaced: lower spec.updateStrategy.rollingUpdate.partition", object.rollout.partition);
  return {};
}

/// Labels and annotations by which tools mark what they apply: Helm (docs, "Labels and Annotations"; meta.helm.sh since 3.2), Flux
/// (kustomize-controller, helm-controller), Argo CD (docs, "Resource Tracking").
struct Marker {
  std::string_view key;
  bool label;
  std::string_view tool;
};
constexpr Marker kMarkers[] = {{"helm.toolkit.fluxcd.io/name", true, "Flux HelmRelease"},
                               {"kustomize.toolkit.fluxcd.io/name", true, "Flux Kustomization"},
                               {"argocd.argoproj.io/tracking-id", false, "Argo CD application"},
                               {"argocd.argoproj.io/instance", true, "Argo CD application"},
                               {"meta.helm.sh/release-name", false, "Helm release"}};

std::string managerOf(const workload::Workload& object, const std::optional<Owner>& owner) {
  if (owner) return fmt::format("{} {}", owner->kind, owner->name);
  for (const Marker& each : kMarkers) {
    const std::string* value = each.label ? object.label(each.key) : object.annotation(each.key);
    // A tracking id is <application>:<group>/<kind>:<namespace>/<name>.
    if (value != nullptr) return fmt::format("{} {}", each.tool, each.key.ends_with("tracking-id") ? value->substr(0, value->find(':')) : *value);
  }
  if (object.controller) return fmt::format("{} {}", object.controller->kind, object.controller->name);
  return {};
}

const std::string* jsonOf(const std::vector<std::pair<std::string, std::string>>& list, const std::vector<std::string>& texts, const std::string& resource) {
  for (std::size_t i = 0; i < list.size() && i < texts.size(); ++i)
    if (list[i].first == resource) return &texts[i];
  return nullptr;
}

/// The resource key renamed where it is written, each behind a test of what stands there.
json::Patch sliceEdit(const workload::Container& container, const Change& change) {
  using Op = json::PatchOperation::Op;
  json::Patch out;
  const auto rename = [&](std::string_view list, const std::string* value) {
    if (value == nullptr) return;
    const std::string place = fmt::format("{}/resources/{}/", container.pointer, list);
    out.push_back({Op::Test, place + json::escapeToken(change.from), {}, *value});
    out.push_back({Op::Move, place + json::escapeToken(change.to), place + json::escapeToken(change.from), {}});
  };
  rename("limits", jsonOf(container.limits, container.limitsJson, change.from));
  rename("requests", jsonOf(container.requests, container.requestsJson, change.from));
  return out;
}

/// In single quotes for a POSIX shell.
std::string shellWord(const std::string& text) {
  std::string out = "'";
  for (const char each : text) out += each == '\'' ? std::string("'\\''") : std::string(1, each);
  return out + "'";
}

class Advising {
 public:
  Advising(const Snapshot& snapshot, const Observation& seen, Index index) : state_(seen.workloads[index]), deployed_(seen.placement.deployed[index]) {
    out_.deployed = index;
    if (deployed_.object) object_ = &snapshot.objects[*deployed_.object];
  }

  std::optional<Advice> run() {
    for (const auto& each : state_.judgement.containers) change(each);
    if (out_.changes.empty()) return std::nullopt;
    const auto document = object_ != nullptr && object_->text ? json::Document::parse(*object_->text) : Result<json::Document>(json::Document());
    if (object_ == nullptr || !document) {
      for (Change& each : out_.changes)
        if (each.obstacle.empty()) each.obstacle = "the object that makes these pods was not read, or is of a kind that is not";
      if (deployed_.owner) out_.managedBy = fmt::format("{} {}", deployed_.owner->kind, deployed_.owner->name);
      return std::move(out_);
    }
    const auto workload = workload::read(document->root(), object_->ns);
    out_.managedBy = managerOf(workload, deployed_.owner);
    out_.afterwards = afterwardsOf(*object_);
    for (Change& each : out_.changes) {
      costOfOne(workload, each);
      write(workload, each);
    }
    if (!out_.patch.empty()) {
      // The name of a type with its group, so that no other kind of the name is meant.
      const std::string type = object_->kind + (object_->group.empty() ? "" : "." + object_->apiVersion.substr(object_->apiVersion.find('/') + 1) + "." + object_->group);
      out_.command = fmt::format("kubectl -n {} patch {} {} --type=json -p {}", object_->ns, type, object_->name, shellWord(json::patchText(out_.patch)));
    }
    return std::move(out_);
  }

 private:
  void change(const policy::ContainerJudgement& container) {
    const auto* finding = findingOf(state_, container.name);
    if (finding == nullptr || !container.requested || (!container.recommended && container.remedy.empty())) return;
    Change out;
    out.container = container.name;
    out.from = container.requested->resource;
    if (container.recommended) {
      out.to = container.recommended->resource;
      out.fromCount = container.requested->count;
      out.toCount = container.recommended->count;
      if (out.to == out.from && !out.toCount) out.toProfile = container.recommended->profile;
      out.flags = container.recommended->flags;
      out.obstacle = obstacleOf(container);
    } else {
      out.flags = container.remedy;
    }
    out.why = finding->message;
    out.confidence = confidenceOf(container);
    out.cost = container.cost;
    out_.changes.push_back(std::move(out));
  }

  /// Judging prices all pods of a template together.
  static void costOfOne(const workload::Workload& workload, Change& change) {
    if (!change.cost) return;
    const auto has = [&](const workload::PodTemplate& part) {
      return std::any_of(part.containers.begin(), part.containers.end(), [&](const auto& each) { return each.name == change.container; });
    };
    const auto part = std::find_if(workload.templates.begin(), workload.templates.end(), has);
    if (part == workload.templates.end()) return;
    // What was rounded up to a cent once is not rounded up again.
    const auto divide = [&](std::int64_t& cents) { cents = part->replicas > 0 ? (2 * cents + part->replicas - 1) / (2 * part->replicas) : 0; };
    divide(change.cost->requestedCents);
    if (change.cost->recommendedCents) divide(*change.cost->recommendedCents);
    if (change.cost->wasteCents) divide(*change.cost->wasteCents);
  }

  void write(const workload::Workload& workload, Change& change) {
    if (!change.obstacle.empty()) return;
    json::Patch patch;
    for (const auto& part : workload.templates) {
      for (const auto& container : part.containers) {
        if (container.name != change.container || (container.limit(change.from) == nullptr && container.request(change.from) == nullptr)) continue;
        if (!part.neverRewrite.empty()) change.obstacle = part.neverRewrite;
        if (!container.requestPointer.empty() || container.gathered) change.obstacle = "the request is written in a way of this kind's own: change it by hand";
        if (!change.to.empty())
          for (auto& each : sliceEdit(container, change)) patch.push_back(std::move(each));
        if (change.flags.empty()) continue;
        auto edit = policy::editFlags(container, change.flags);
        if (!edit.obstacle.empty()) change.obstacle = fmt::format("{}: write {} by hand", edit.obstacle, model::flagsText(change.flags));
        for (auto& each : edit.patch) patch.push_back(std::move(each));
      }
    }
    if (change.obstacle.empty() && patch.empty()) change.obstacle = "where the request is written was not found: change it by hand";
    if (change.obstacle.empty() && fixedTemplate(*object_))
      change.obstacle = object_->kind == "Pod" ? "the resources of a pod cannot be changed: make it anew"
                                               : fmt::format("the template of a {} cannot be changed: make it anew", object_->kind);
    if (change.obstacle.empty()) out_.patch.insert(out_.patch.end(), patch.begin(), patch.end());
  }

  const WorkloadState& state_;
  const Deployed& deployed_;
  const Object* object_ = nullptr;
  Advice out_;
};

}  // namespace

std::string_view name(Manifest::State state) {
  constexpr std::string_view kNames[] = {"changed", "written", "done", "drift", "byHand", "ambiguous", "missing"};
  return kNames[static_cast<std::size_t>(state)];
}

std::vector<SliceAdvice> sliceAdvice(const WorkloadState& state) {
  std::vector<SliceAdvice> out;
  for (const auto& each : state.judgement.containers) {
    if (!each.recommended || !each.requested || each.recommended->profile.empty() || each.requested->count != 1) continue;
    if (findingOf(state, each.name) == nullptr || confidenceOf(each) == model::Confidence::Low || !obstacleOf(each).empty()) continue;
    out.push_back({each.name, each.requested->resource, each.recommended->resource, each.recommended->profile});
  }
  return out;
}

std::vector<Advice> adviceOf(const Snapshot& snapshot, const Observation& seen) {
  std::vector<Advice> out;
  for (Index i = 0; i < seen.workloads.size(); ++i)
    if (auto one = Advising(snapshot, seen, i).run()) out.push_back(std::move(*one));
  return out;
}

}  // namespace rightslice::observe::plan
