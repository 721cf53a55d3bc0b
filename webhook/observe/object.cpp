#include "observe/object.hpp"

#include "admission/inventory.hpp"
#include "json/utf8.hpp"
#include "workload/claim.hpp"

namespace rightslice::observe {
namespace {

// Annotation of Deployments and their ReplicaSets: kubernetes pkg/controller/deployment/util (RevisionAnnotation).
constexpr std::string_view kRevision = "deployment.kubernetes.io/revision";
// Of DaemonSets: what the label pod-template-generation of the newest pods says (k8s.io/api apps/v1, DeprecatedTemplateGeneration).
constexpr std::string_view kTemplateGeneration = "deprecated.daemonset.template.generation";

std::string copy(json::View value) { return std::string(value.stringOr("")); }

Rollout readRollout(json::View object, std::string_view kind) {
  const json::View spec = object["spec"], status = object["status"], annotations = object["metadata"]["annotations"];
  Rollout out;
  out.told = status["observedGeneration"].integer().has_value();
  out.generation = object["metadata"]["generation"].integer().value_or(0);
  out.observedGeneration = status["observedGeneration"].integer().value_or(0);
  const bool daemons = kind == "DaemonSet";
  out.replicas = status[daemons ? "desiredNumberScheduled" : "replicas"].integer();
  out.updated = status[daemons ? "updatedNumberScheduled" : "updatedReplicas"].integer();
  out.ready = status[daemons ? "numberReady" : "readyReplicas"].integer();
  // An absent count of these is 0 (omitempty).
  if (out.told && !out.updated) out.updated = 0;
  if (out.told && !out.ready) out.ready = 0;
  if (out.told && !out.replicas) out.replicas = 0;
  if (kind == "Deployment") out.revision = copy(annotations[kRevision]);
  if (kind == "StatefulSet") out.revision = copy(status["updateRevision"]);
  if (daemons) out.revision = copy(annotations[kTemplateGeneration]);
  out.paused = spec["paused"].boolean().value_or(false);
  const json::View strategy = spec["updateStrategy"];
  out.onDelete = strategy["type"].stringOr("") == "OnDelete";
  out.partition = strategy["rollingUpdate"]["partition"].integer().value_or(0);
  for (const json::View each : status["conditions"].elements()) {
    if (each["type"].stringOr("") == "ReplicaFailure" && each["status"].stringOr("") == "True") {
      out.failure = json::printable(each["message"].stringOr(each["reason"].stringOr("pods could not be made")));
      out.failureSince = copy(each["lastTransitionTime"]);
    }
    if (each["type"].stringOr("") != "Progressing") continue;
    out.stuck = each["reason"].stringOr("") == "ProgressDeadlineExceeded";
    out.progressAt = copy(each["lastUpdateTime"]);
  }
  return out;
}

/// A glance that spares reading most objects of a cluster.
bool mentionsGpu(std::string_view text) {
  for (const std::string_view word : {std::string_view("nvidia.com/"), std::string_view("mig.das.com/"), std::string_view("\"resourceClaims\""),
                                      workload::kDeviceClassPrefix})
    if (text.find(word) != std::string_view::npos) return true;
  return false;
}

}  // namespace

std::optional<Owner> readOwner(json::View metadata) {
  for (const json::View each : metadata["ownerReferences"].elements()) {
    if (!each["controller"].boolean().value_or(false)) continue;
    return Owner{copy(each["apiVersion"]), copy(each["kind"]), copy(each["name"]), copy(each["uid"])};
  }
  return std::nullopt;
}

std::optional<Object> readObject(json::View object, const workload::Kind& kind, std::string_view apiVersion) {
  const json::View metadata = object["metadata"];
  auto text = admission::runningText(object, apiVersion, kind.kind);
  // Without a text it may stand between pods and their owner.
  if (!text && !kind.custom && !mentionsGpu(object["spec"].text())) return std::nullopt;
  Object out;
  out.apiVersion = apiVersion;
  out.group = kind.group;
  out.kind = kind.kind;
  out.ns = metadata["namespace"].stringOr("default");
  out.name = copy(metadata["name"]);
  out.uid = copy(metadata["uid"]);
  out.created = copy(metadata["creationTimestamp"]);
  out.owner = readOwner(metadata);
  if (text) out.text = std::make_shared<const std::string>(std::move(*text));
  out.rollout = readRollout(object, kind.kind);
  if (kind.kind == "ReplicaSet") out.revision = copy(metadata["annotations"][kRevision]);
  return out;
}

}  // namespace rightslice::observe
