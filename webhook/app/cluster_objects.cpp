#include "app/cluster_objects.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "app/policy_status.hpp"
#include "base/quantity.hpp"
#include "gpu/resource_name.hpp"
#include "policy/field.hpp"
#include "policy/served.hpp"

namespace rightslice::app {
namespace {

constexpr std::string_view kNameLabel = "kubernetes.io/metadata.name";
/// Labels that say which GPU a node has, also while its device plugin is away and nothing is allocatable.
constexpr std::string_view kProductLabels[] = {"nvidia.com/gpu.product", "cloud.google.com/gke-accelerator"};

workload::StringMap labelsOf(json::View object) {
  workload::StringMap out;
  for (const auto each : object["metadata"]["labels"].members()) {
    if (const auto value = each.value.string()) out.emplace(each.key, *value);
  }
  return out;
}

/// GPU resources of a resource list; what is no whole count of 0 or more is left out.
Counts gpusOf(json::View resources) {
  Counts out;
  for (const auto each : resources.members()) {
    if (!gpu::ResourceName::parse(each.key).asksForGpu()) continue;
    const auto quantity = Quantity::parse(each.value.scalarText().value_or(""));
    const auto count = quantity && !quantity->isNegative() ? quantity->integer() : std::nullopt;
    if (count) out.emplace(each.key, *count);
  }
  return out;
}

/// What a container asks for. Kubernetes copies limits of extended resources to requests, so limits are what is there.
Counts asked(json::View container) {
  const json::View resources = container["resources"];
  Counts out = gpusOf(resources["limits"]);
  out.merge(gpusOf(resources["requests"]));
  return out;
}

constexpr std::int64_t kMost = std::int64_t{1} << 40;  // of one resource on one pod; keeps sums from overflowing

void addTo(Counts& sum, const Counts& more) {
  for (const auto& [resource, count] : more) {
    std::int64_t& at = sum[resource];
    at = std::min(kMost, at + std::min(kMost, count));
  }
}

void raiseTo(Counts& most, const Counts& other) {
  for (const auto& [resource, count] : other) {
    std::int64_t& at = most[resource];
    at = std::max(at, std::min(kMost, count));
  }
}

std::optional<Condition> acceptedOf(json::View status) {
  for (const json::View each : status["conditions"].elements()) {
    if (each["type"].stringOr("") != "Accepted") continue;
    Condition out;
    out.accepted = each["status"].stringOr("") == "True";
    out.reason = each["reason"].stringOr("");
    out.message = each["message"].stringOr("");
    out.since = each["lastTransitionTime"].stringOr("");
    out.generation = each["observedGeneration"].integer().value_or(0);
    return out;
  }
  return std::nullopt;
}

}  // namespace

std::string PolicyObject::place() const {
  std::string out = plural + "." + std::string(policy::kGroup) + "/";
  if (!ns.empty()) out += ns + "/";
  return out + name;
}

std::optional<PolicyObject> readPolicyObject(json::View object, std::string_view plural, std::string_view kind) {
  const json::View metadata = object["metadata"];
  PolicyObject out;
  out.plural = plural;
  out.kind = kind;
  out.ns = metadata["namespace"].stringOr("");
  out.name = metadata["name"].stringOr("");
  out.uid = metadata["uid"].stringOr("");
  out.generation = metadata["generation"].integer().value_or(0);
  out.condition = acceptedOf(object["status"]);
  const json::View last = object["status"]["lastAccepted"];
  out.lastText = last["text"].stringOr("");
  out.lastGeneration = out.lastText.empty() ? 0 : last["generation"].integer().value_or(0);
  out.counted = countedText(object["status"]);
  out.evaluated = object["status"]["lastEvaluationTime"].stringOr("");
  out.text = policy::servedText(object, kind);
  return out;
}

std::optional<workload::Node> readNode(json::View object) {
  workload::Node node;
  node.name = object["metadata"]["name"].stringOr("");
  node.allocatable = gpusOf(object["status"]["allocatable"]);
  node.labels = labelsOf(object);
  const bool named = std::any_of(std::begin(kProductLabels), std::end(kProductLabels), [&](std::string_view label) { return node.labels.contains(label); });
  if (node.allocatable.empty() && !named) return std::nullopt;
  return node;
}

std::optional<PodUse> readPodUse(json::View object) {
  const json::View spec = object["spec"];
  const std::string_view phase = object["status"]["phase"].stringOr("");
  PodUse out;
  out.node = spec["nodeName"].stringOr("");
  if (out.node.empty() || phase == "Succeeded" || phase == "Failed") return std::nullopt;
  // What the scheduler reserves: the larger of all containers together and of each init container beside the sidecars before it.
  Counts beside, most;
  for (const json::View each : spec["initContainers"].elements()) {
    Counts own = asked(each);
    const bool sidecar = each["restartPolicy"].stringOr("") == "Always";
    if (sidecar) {
      addTo(beside, own);
    } else {
      addTo(own, beside);
      raiseTo(most, own);
    }
  }
  out.counts = beside;
  for (const json::View each : spec["containers"].elements()) addTo(out.counts, asked(each));
  raiseTo(out.counts, most);
  std::erase_if(out.counts, [](const auto& each) { return each.second == 0; });
  if (out.counts.empty()) return std::nullopt;
  return out;
}

std::optional<RunningText> readRunningObject(json::View object, const workload::Kind& kind) {
  const std::string_view version = workload::versionsOf(kind).front();
  const std::string apiVersion = kind.group.empty() ? std::string(version) : fmt::format("{}/{}", kind.group, version);
  auto text = admission::runningText(object, apiVersion, kind.kind);
  if (!text) return std::nullopt;
  const json::View metadata = object["metadata"];
  RunningText out;
  out.kind = kind.kind;
  out.group = kind.group;
  out.ns = metadata["namespace"].stringOr("default");
  out.name = metadata["name"].stringOr("");
  out.uid = metadata["uid"].stringOr("");
  for (const json::View each : metadata["ownerReferences"].elements()) {
    if (each["controller"].boolean().value_or(false)) out.owner = each["uid"].stringOr("");
  }
  out.text = std::make_shared<const std::string>(std::move(*text));
  return out;
}

std::optional<PodFacts> readPod(json::View object) {
  static const workload::Kind* const kPod = workload::findKind("v1", "Pod");
  PodFacts out{readPodUse(object), readRunningObject(object, *kPod)};
  if (!out.use && !out.running) return std::nullopt;
  return out;
}

std::optional<workload::StringMap> readNamespaceLabels(json::View object) {
  workload::StringMap labels = labelsOf(object);
  labels.insert_or_assign(std::string(kNameLabel), std::string(object["metadata"]["name"].stringOr("")));
  return labels;
}

}  // namespace rightslice::app
