// Drift: what is declared now, what admission recorded, and what the pods run, compared pairwise.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "json/document.hpp"
#include "observe/rules.hpp"
#include "policy/annotations.hpp"
#include "policy/judge.hpp"
#include "workload/workload.hpp"

namespace rightslice::observe {
namespace {

using policy::ContainerJudgement;

/// As Deployments count by default (spec.progressDeadlineSeconds).
constexpr std::int64_t kStandstillSeconds = 600;

/// One difference of one container.
struct Difference {
  std::string aspect, container, declared, running;
  std::string between = "declared and running";
};

std::string text(const workload::Counts& counts) {
  std::string out;
  for (const auto& [resource, count] : counts) out += fmt::format("{}{}{}", out.empty() ? "" : ", ", resource, count == 1 ? "" : fmt::format(" x {}", count));
  return out.empty() ? "no GPU" : out;
}

template <class T>
std::string text(const std::optional<T>& value) {
  if constexpr (std::is_same_v<T, std::string>) return value.value_or("");
  else return value ? fmt::format("{}", *value) : "";
}

/// What of an engine's settings makes which aspect. What only one of the two says is a difference too: the engine's default against a value.
void compareSettings(const ContainerJudgement& declared, const ContainerJudgement& running, std::vector<Difference>& out) {
  const auto differ = [&](std::string_view aspect, const std::string& a, const std::string& b) {
    if (a != b) out.push_back({std::string(aspect), declared.name, a.empty() ? "the default" : a, b.empty() ? "the default" : b});
  };
  differ("model", declared.model, running.model);
  const model::Settings none;
  const auto& a = declared.settings ? *declared.settings : none;
  const auto& b = running.settings ? *running.settings : none;
  differ("context", text(a.maxModelLen), text(b.maxModelLen));
  differ("precision", text(a.dtype), text(b.dtype));
  differ("precision", text(a.quantization), text(b.quantization));
  differ("precision", text(a.kvCacheDtype), text(b.kvCacheDtype));
  differ("concurrency", text(a.maxNumSeqs), text(b.maxNumSeqs));
  differ("concurrency", text(a.maxNumBatchedTokens), text(b.maxNumBatchedTokens));
  differ("parallelism", text(a.tensorParallelSize), text(b.tensorParallelSize));
  differ("memory fraction", text(a.memoryFraction), text(b.memoryFraction));
}

class Comparing {
 public:
  Comparing(const Scene& scene, Index index) : scene_(scene), deployed_(scene.deployed(index)), state_(scene.seen.workloads[index]), judgement_(state_.judgement) {}

  std::vector<Finding> run() {
    const Object* object = deployed_.object ? &scene_.snapshot.objects[*deployed_.object] : nullptr;
    if (object != nullptr && !moves(*object)) {
      if (auto document = json::Document::parse(*object->text)) {
        declared_ = std::move(*document);
        workload_ = workload::read(declared_.root());
        comparePods();
        compareRecord();
      }
    }
    compareImages();
    compareReplicas();
    return std::move(out_);
  }

 private:
  /// A rollout is on its way: old and new pods side by side are no drift.
  static bool moves(const Object& object) {
    const Rollout& rollout = object.rollout;
    if (!rollout.told || rollout.paused || rollout.stuck || rollout.onDelete || rollout.partition > 0) return false;
    return rollout.observedGeneration < rollout.generation || (rollout.replicas && rollout.updated && *rollout.updated < *rollout.replicas);
  }

  const workload::Container* declaredContainer(std::string_view name) const {
    const workload::Container* found = nullptr;
    for (const auto& pod : workload_.templates)
      for (const auto& each : pod.containers) {
        if (each.name != name) continue;
        if (found != nullptr) return nullptr;   // of several templates: which one a pod is of is not told here
        found = &each;
      }
    return found;
  }

  void comparePods() {
    std::map<const std::string*, std::vector<const Pod*>> byText;
    for (const Index at : deployed_.pods) {
      const Pod& pod = scene_.snapshot.pods[at];
      if (pod.placed() && !pod.deleting) byText[pod.text.get()].push_back(&pod);
    }
    std::map<std::tuple<std::string, std::string, std::string, std::string>, std::vector<const Pod*>> found;
    for (const auto& [ignored, pods] : byText)
      for (const Difference& each : differencesOf(*pods.front())) {
        auto& all = found[{each.aspect, each.container, each.declared, each.running}];
        all.insert(all.end(), pods.begin(), pods.end());
      }
    for (auto& [key, pods] : found) {
      const auto& [aspect, container, declared, running] = key;
      std::sort(pods.begin(), pods.end(), [](const Pod* a, const Pod* b) { return a->name < b->name; });
      const Pod& first = *pods.front();
      Finding& finding = add(aspect, container);
      finding.pod = first.name;
      finding.message = fmt::format("{}: {} {} declares {}, and {} {} {}", aspect, judgement_.kind, judgement_.name, declared,
                                    pods.size() == 1 ? "pod " + first.name : counted(static_cast<std::int64_t>(pods.size()), "pod"),
                                    pods.size() == 1 ? "runs" : "run", running);
      finding.remedy = "roll the object out anew, so that its pods run what it declares; or declare what runs";
      finding.evidence.push_back({"declared", declared, fmt::format("{} {}/{}", judgement_.kind, judgement_.ns, judgement_.name)});
      finding.evidence.push_back({"running", running, fmt::format("pod {}/{}", first.ns, first.name), first.created});
    }
  }

  std::vector<Difference> differencesOf(const Pod& pod) {
    std::vector<Difference> out;
    const auto document = json::Document::parse(*pod.text);
    if (!document) return out;
    std::optional<policy::Judgement> judged;
    for (const json::View each : document->root()["spec"]["containers"].elements()) {
      const std::string name(each["name"].stringOr(""));
      const auto* declared = declaredContainer(name);
      const bool asks = std::any_of(pod.containers.begin(), pod.containers.end(), [&](const auto& one) { return one.name == name; });
      if (declared == nullptr || declared->gathered || (!asks && declared->limits.empty())) continue;
      const json::View written = declared_.root().find(declared->pointer);
      if (!written["image"].exists()) continue;   // no container as pods have it: its operator writes that
      const std::string was(written["image"].stringOr("")), is(each["image"].stringOr(""));
      if (was != is) out.push_back({"image", name, was, is});
      const auto wants = workload::askedBy(written), has = workload::askedBy(each);
      if (wants != has && (asks || !wants.empty())) out.push_back({"slice", name, text(wants), text(has)});
      bool same = true;
      for (const std::string_view key : {"command", "args", "env", "image"}) same = same && written[key].equals(each[key]);
      if (same) continue;
      if (!judged)
        judged = policy::judge(workload::read(document->root(), pod.ns), *scene_.looking.environment.policies, scene_.looking.environment.catalogue,
                               *scene_.looking.environment.surroundings, {}, scene_.looking.environment.now);
      const auto* a = find(judgement_.containers, name);
      const auto* b = find(judged->containers, name);
      if (a != nullptr && b != nullptr) compareSettings(*a, *b, out);
    }
    return out;
  }

  static const ContainerJudgement* find(const std::vector<ContainerJudgement>& all, std::string_view name) {
    for (const auto& each : all)
      if (each.name == name) return &each;
    return nullptr;
  }

  /// What a rewrite recorded against what is declared now.
  void compareRecord() {
    for (const auto& pod : workload_.templates) {
      const auto* record = pod.annotation(policy::kOriginalRequest);
      if (record == nullptr) continue;
      for (const auto& entry : policy::parseOriginalRequests(*record).value_or(std::vector<policy::OriginalRequest>{})) {
        const auto* container = declaredContainer(entry.container);
        if (container == nullptr || container->limit(entry.written) != nullptr || container->limit(entry.asked) != nullptr) continue;
        std::string now;
        for (const auto& [resource, count] : workload::askedBy(declared_.root().find(container->pointer))) now += (now.empty() ? "" : ", ") + resource;
        Finding& finding = add("slice", entry.container);
        finding.path = pod.metadataPointer + "/annotations/rightslice.io~1original-request";
        finding.message = fmt::format("slice: admission wrote {} in place of {}, and now {} is declared", entry.written, entry.asked, now.empty() ? "no GPU" : now);
        finding.remedy = "it was changed where no webhook saw it: apply the object again";
        finding.evidence.push_back({"admitted", entry.written, std::string("annotation ") + std::string(policy::kOriginalRequest)});
        finding.evidence.push_back({"declared", now, container->pointer});
      }
    }
  }

  /// The same name of an image that stands for several.
  void compareImages() {
    std::map<std::pair<std::string, std::string>, std::map<std::string, const Pod*>> ids;
    for (const Index at : deployed_.pods) {
      const Pod& pod = scene_.snapshot.pods[at];
      for (const RunningContainer& each : pod.containers)
        if (!each.imageId.empty() && !pod.deleting) ids[{each.name, each.image}].emplace(each.imageId, &pod);
    }
    for (const auto& [key, pods] : ids) {
      if (pods.size() < 2) continue;
      const auto& [container, image] = key;
      Finding& finding = add("image", container);
      finding.pod = pods.begin()->second->name;
      finding.message = fmt::format("image: {} stands for {} images in the pods: its tag was moved", image, pods.size());
      finding.remedy = "name the image by its digest, and roll the object out anew";
      for (const auto& [id, pod] : pods) finding.evidence.push_back({"image id", id, sourceOf(*pod)});
    }
  }

  /// Pods that are declared and were not made, for longer than a rollout may stand still.
  void compareReplicas() {
    if (state_.missing == 0 || !deployed_.object) return;
    const Object& object = scene_.snapshot.objects[*deployed_.object];
    const auto [since, from] = standstill(object);
    const auto seconds = scene_.secondsSince(since);
    if (!seconds || *seconds < kStandstillSeconds) return;
    Finding& finding = add("replicas", "");
    const std::int64_t there = *state_.replicas - state_.missing;
    const std::string& why = object.rollout.failure;
    finding.message = fmt::format("replicas: {} {} declares {}, and {} {}, for {} now{}", judgement_.kind, judgement_.name, counted(*state_.replicas, "pod"), there,
                                  there == 1 ? "exists" : "exist", metrics::windowText(*seconds), why.empty() ? "" : ": " + why);
    finding.remedy = why.empty() ? "look at the events of its controller: it makes no more pods" : "mend what keeps its pods from being made, or declare fewer";
    finding.confidence = why.empty() ? model::Confidence::Medium : model::Confidence::High;
    finding.path = "/spec/replicas";
    const std::string source = fmt::format("{} {}/{}", judgement_.kind, judgement_.ns, judgement_.name);
    finding.evidence.push_back({"declared", std::to_string(*state_.replicas), source});
    finding.evidence.push_back({"existing", std::to_string(there), "pods, and status.replicas of " + source});
    finding.evidence.push_back({"standstill", since, from, since});
  }

  /// Since when nothing has moved, as far as that is told, and by what.
  std::pair<std::string, std::string> standstill(const Object& object) const {
    if (!object.rollout.failureSince.empty()) return {object.rollout.failureSince, "condition ReplicaFailure"};
    if (!object.rollout.progressAt.empty()) return {object.rollout.progressAt, "condition Progressing"};
    std::string youngest;
    for (const Index each : deployed_.pods) {
      const Pod& pod = scene_.snapshot.pods[each];
      if (!pod.ready) return {};   // the next one waits for it
      youngest = std::max(youngest, pod.created);
    }
    if (!youngest.empty()) return {youngest, "the youngest of its pods"};
    return object.rollout.generation == 1 ? std::pair(object.created, std::string("it was made then, and never changed")) : std::pair<std::string, std::string>();
  }

  Finding& add(std::string aspect, std::string container) {
    Finding& out = out_.emplace_back();
    out.code = Code::Drift;
    out.aspect = std::move(aspect);
    out.container = std::move(container);
    return out;
  }

  const Scene& scene_;
  const Deployed& deployed_;
  const WorkloadState& state_;
  const policy::Judgement& judgement_;
  json::Document declared_;
  workload::Workload workload_;
  std::vector<Finding> out_;
};

}  // namespace

std::vector<Finding> findDrift(const Scene& scene, Index index) { return Comparing(scene, index).run(); }

}  // namespace rightslice::observe
