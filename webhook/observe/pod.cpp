#include "observe/pod.hpp"

#include "gpu/resource_name.hpp"
#include "json/utf8.hpp"
#include "json/writer.hpp"

namespace rightslice::observe {
namespace {

constexpr std::size_t kMostMessage = 400;   // of a termination message: what went wrong stands at its end
constexpr std::string_view kOurs = "rightslice.io/", kPrometheus = "prometheus.";   // prometheus.io/port, prometheus.kserve.io/port

// Labels by which controllers tell the templates of their pods apart, the surest first: kubernetes pkg/controller (ReplicaSets;
// StatefulSets; DaemonSets), LeaderWorkerSet.
constexpr std::string_view kRevisionLabels[] = {"pod-template-generation", "controller-revision-hash", "pod-template-hash",
                                                "leaderworkerset.sigs.k8s.io/template-revision-hash"};

std::string copy(json::View value) { return std::string(value.stringOr("")); }

std::string revisionOf(json::View labels) {
  for (const std::string_view key : kRevisionLabels)
    if (const auto value = labels[key].string()) return std::string(*value);
  return {};
}

/// Members of an object that `keys` names, as they are.
void writeSome(json::Writer& out, json::View object, std::initializer_list<std::string_view> keys) {
  for (const std::string_view key : keys)
    if (object[key].exists()) out.key(key).value(object[key]);
}

void writeContainers(json::Writer& out, std::string_view key, json::View containers) {
  if (!containers.isArray()) return;
  out.key(key).beginArray();
  for (const json::View each : containers.elements()) {
    out.beginObject();
    writeSome(out, each, {"name", "image", "command", "args", "env", "envFrom", "ports", "resources", "restartPolicy", "securityContext"});
    out.endObject();
  }
  out.endArray();
}

std::string textOf(json::View object) {
  const json::View spec = object["spec"];
  json::Writer out;
  out.beginObject().member("apiVersion", "v1").member("kind", "Pod").key("metadata").beginObject();
  const json::View metadata = object["metadata"];
  const auto says = [](std::string_view key) {
    std::string_view system;
    return key.find(kOurs) != std::string_view::npos || key.starts_with(kPrometheus) || gpu::isSharingAnnotation(key, &system);
  };
  const auto writeMap = [&](std::string_view key) {
    out.key(key).beginObject();
    for (const auto each : metadata[key].members())
      if (says(each.key)) out.key(each.key).value(each.value);
    out.endObject();
  };
  writeMap("annotations");
  writeMap("labels");
  out.endObject().key("spec").beginObject();
  writeContainers(out, "containers", spec["containers"]);
  writeContainers(out, "initContainers", spec["initContainers"]);
  writeSome(out, spec, {"nodeSelector", "affinity", "resourceClaims", "runtimeClassName"});
  out.key("tolerations").beginArray();
  // Those for good: every pod has two by which it may stay for a while (not-ready, unreachable).
  for (const json::View each : spec["tolerations"].elements())
    if (!each["tolerationSeconds"].exists()) out.value(each);
  out.endArray();
  out.endObject().endObject();
  return out.take();
}

std::optional<Ended> readEnded(json::View terminated) {
  if (!terminated.isObject()) return std::nullopt;
  Ended out;
  out.reason = copy(terminated["reason"]);
  out.finishedAt = copy(terminated["finishedAt"]);
  out.exitCode = terminated["exitCode"].integer().value_or(0);
  out.signal = terminated["signal"].integer().value_or(0);
  std::string_view message = terminated["message"].stringOr("");
  if (message.size() > kMostMessage) message.remove_prefix(message.size() - kMostMessage);
  out.message = json::printable(message);
  return out;
}

void readStatus(json::View status, RunningContainer& out) {
  out.imageId = copy(status["imageID"]);
  out.restarts = status["restartCount"].integer().value_or(0);
  const json::View state = status["state"];
  out.running = state["running"].isObject();
  out.startedAt = copy(state["running"]["startedAt"]);
  out.waiting = copy(state["waiting"]["reason"]);
  out.last = readEnded(state["terminated"]);
  if (!out.last) out.last = readEnded(status["lastState"]["terminated"]);
}

json::View statusOf(json::View statuses, std::string_view name) {
  for (const json::View each : statuses.elements())
    if (each["name"].stringOr("") == name) return each;
  return {};
}

void readContainers(json::View containers, json::View statuses, bool init, std::vector<RunningContainer>& to) {
  for (const json::View each : containers.elements()) {
    RunningContainer out;
    out.asks = workload::askedBy(each);
    std::erase_if(out.asks, [](const auto& count) { return count.second == 0; });
    if (out.asks.empty() && each["resources"]["claims"].size() == 0) continue;
    for (const json::View claim : each["resources"]["claims"].elements()) out.claims.emplace_back(copy(claim["name"]), copy(claim["request"]));
    out.name = copy(each["name"]);
    out.image = copy(each["image"]);
    out.init = init;
    readStatus(statusOf(statuses, out.name), out);
    to.push_back(std::move(out));
  }
}

std::vector<Pod::UsedClaim> readClaims(json::View object) {
  std::vector<Pod::UsedClaim> out;
  const json::View made = object["status"]["resourceClaimStatuses"];
  for (const json::View each : object["spec"]["resourceClaims"].elements()) {
    std::string name = copy(each["resourceClaimName"]);
    if (name.empty()) name = copy(statusOf(made, each["name"].stringOr(""))["resourceClaimName"]);
    if (!name.empty()) out.push_back({copy(each["name"]), std::move(name)});
  }
  return out;
}

void readExtended(json::View status, Pod& out) {
  const json::View given = status["extendedResourceClaimStatus"];
  if (given["resourceClaimName"].stringOr("").empty()) return;
  out.asksByClaim = true;
  out.claims.push_back({"", copy(given["resourceClaimName"])});
  dropExtended(status, out.counts);
  for (const json::View each : given["requestMappings"].elements()) {
    for (RunningContainer& container : out.containers)
      if (container.name == each["containerName"].stringOr("")) container.claims.emplace_back("", copy(each["requestName"]));
  }
}

}  // namespace

void dropExtended(json::View podStatus, Counts& counts) {
  for (const json::View each : podStatus["extendedResourceClaimStatus"]["requestMappings"].elements()) counts.erase(copy(each["resourceName"]));
}

std::shared_ptr<const std::string> TextPool::keep(std::string text) {
  if (const auto at = texts_.find(text); at != texts_.end()) return at->second;
  auto kept = std::make_shared<const std::string>(std::move(text));
  texts_.emplace(*kept, kept);
  return kept;
}

std::optional<Pod> readPod(json::View object, TextPool& pool) {
  const json::View metadata = object["metadata"], spec = object["spec"], status = object["status"];
  Pod out;
  out.phase = copy(status["phase"]);
  if (out.phase == "Succeeded" || out.phase == "Failed") return std::nullopt;
  out.counts = workload::reservedFor(spec);
  out.asksByClaim = spec["resourceClaims"].size() > 0;
  if (out.counts.empty() && !out.asksByClaim) return std::nullopt;
  out.ns = metadata["namespace"].stringOr("default");
  out.name = copy(metadata["name"]);
  out.uid = copy(metadata["uid"]);
  out.created = copy(metadata["creationTimestamp"]);
  out.owner = readOwner(metadata);
  out.revision = revisionOf(metadata["labels"]);
  out.deleting = metadata["deletionTimestamp"].exists();
  out.node = copy(spec["nodeName"]);
  for (const json::View each : status["conditions"].elements()) {
    const std::string_view type = each["type"].stringOr("");
    const bool is = each["status"].stringOr("") == "True";
    if (type == "Ready") out.ready = is;
    if (type != "PodScheduled" || is || each["reason"].stringOr("") != "Unschedulable") continue;
    out.unschedulable = json::printable(each["message"].stringOr("unschedulable"));
    out.unschedulableSince = copy(each["lastTransitionTime"]);
  }
  out.claims = readClaims(object);
  readContainers(spec["containers"], status["containerStatuses"], false, out.containers);
  readContainers(spec["initContainers"], status["initContainerStatuses"], true, out.containers);
  readExtended(status, out);
  if (metadata["labels"].isObject()) out.labels = pool.keep(metadata["labels"].text());
  out.text = pool.keep(textOf(object));
  return out;
}

}  // namespace rightslice::observe
