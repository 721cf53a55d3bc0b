#include "app/cluster_objects.hpp"

#include <fmt/format.h>

#include "app/policy_status.hpp"
#include "policy/field.hpp"
#include "policy/served.hpp"

namespace rightslice::app {
namespace {

constexpr std::string_view kNameLabel = "kubernetes.io/metadata.name";
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
  workload::StringMap labels = workload::labelsOf(object);
  labels.insert_or_assign(std::string(kNameLabel), std::string(object["metadata"]["name"].stringOr("")));
  return labels;
}

}  // namespace rightslice::app
