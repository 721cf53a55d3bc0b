#include "admission/inventory.hpp"

#include <fmt/format.h>

#include "json/writer.hpp"

namespace rightslice::admission {
namespace {

using workload::Workload;

constexpr std::size_t kMaxAnnotation = 1024;  // ours are short; what others store in annotations is nothing to judge by

std::string keyOf(std::string_view group, std::string_view kind, std::string_view ns, std::string_view name) {
  return fmt::format("{}/{}/{}/{}", group, kind, ns, name);
}

/// The kind of an owner that is read itself; null: of another.
const workload::Kind* readKind(std::string_view apiVersion, std::string_view kind) {
  const auto* owner = workload::findKind(apiVersion, kind);
  return owner != nullptr && !owner->plural.empty() ? owner : nullptr;
}

/// Counted with an owner that says all of what its pods ask for. Most pods are children, and need not be read.
bool isCounted(json::View metadata) {
  for (const json::View each : metadata["ownerReferences"].elements()) {
    if (!each["controller"].boolean().value_or(false)) continue;
    const auto* owner = readKind(each["apiVersion"].stringOr(""), each["kind"].stringOr(""));
    return owner != nullptr && owner->holds == workload::Holds::Everything;
  }
  return false;
}

/// By what its kind says in its status: pods, jobs, and the sets of jobs of JobSet and Volcano.
bool ended(json::View object, std::string_view apiVersion, std::string_view kind) {
  const json::View status = object["status"];
  const std::string_view group = workload::groupOf(apiVersion);
  if (group == "jobset.x-k8s.io") return !status["terminalState"].stringOr("").empty();
  if (group == "batch.volcano.sh") {
    const std::string_view phase = status["state"]["phase"].stringOr("");
    return phase == "Completed" || phase == "Failed" || phase == "Aborted" || phase == "Terminated";
  }
  if (group.empty() && kind == "Pod") {
    const std::string_view phase = status["phase"].stringOr("");
    return phase == "Succeeded" || phase == "Failed";
  }
  if (group != "batch") return false;
  for (const json::View each : status["conditions"].elements()) {
    const std::string_view type = each["type"].stringOr("");
    if ((type == "Complete" || type == "Failed") && each["status"].stringOr("") == "True") return true;
  }
  return false;
}

void writeMetadata(json::Writer& out, json::View metadata) {
  out.key("metadata").beginObject();
  for (const std::string_view key : {"name", "namespace", "uid", "labels", "ownerReferences", "deletionTimestamp"}) {
    if (metadata[key].exists()) out.key(key).value(metadata[key]);
  }
  out.key("annotations").beginObject();
  for (const auto each : metadata["annotations"].members()) {
    if (each.value.stringOr("").size() <= kMaxAnnotation) out.key(each.key).value(each.value);
  }
  out.endObject().endObject();
}

}  // namespace

Inventory::Inventory(std::vector<std::shared_ptr<const Running>> objects, std::shared_ptr<const workload::Autoscalers> autoscalers)
    : objects_(std::move(objects)), autoscalers_(std::move(autoscalers)) {
  for (const auto& each : objects_) byUid_.emplace(each->uid, each.get());
  for (const auto& each : objects_) {
    if (byUid(each->owner) != nullptr) continue;  // counted with its owner
    byName_.emplace(keyOf(each->group, each->kind, each->ns, each->name), each.get());
    Use& use = use_[each->ns];
    use.counted = plus(use.counted, each->usage);
    use.written = plus(use.written, each->written);
    if (!each->raised || !autoscalers_) continue;
    // The one of the index, so that the object's own is known by its address.
    const auto& by = *each->autoscaler;
    if (const auto* one = autoscalers_->of(by.targetGroup, by.targetKind, by.ns, by.targetName)) use.autoscalers.push_back(one);
  }
}

bool countsWithOwner(const Workload& object, bool ownerAsks) {
  if (!object.controller) return false;
  const auto* owner = readKind(object.controller->apiVersion, object.controller->kind);
  return owner != nullptr && (owner->holds == workload::Holds::Everything || ownerAsks);
}

bool Inventory::countsWithOwner(const Workload& object) const {
  return admission::countsWithOwner(object, object.controller && byUid(object.controller->uid) != nullptr);
}

const Running* Inventory::find(std::string_view group, std::string_view kind, std::string_view ns, std::string_view name) const {
  const auto at = byName_.find(keyOf(group, kind, ns, name));
  return at == byName_.end() ? nullptr : at->second;
}

const Running* Inventory::byUid(std::string_view uid) const {
  const auto at = uid.empty() ? byUid_.end() : byUid_.find(uid);
  return at == byUid_.end() ? nullptr : at->second;
}

const Inventory::Use& Inventory::useOf(std::string_view ns) const {
  static const Use kNone;
  const auto at = use_.find(ns);
  return at == use_.end() ? kNone : at->second;
}

const workload::Autoscaler* Inventory::autoscalerOf(const Workload& object) const { return autoscalers_ ? autoscalers_->of(object) : nullptr; }

std::optional<std::string> runningText(json::View object, std::string_view apiVersion, std::string_view kind) {
  if (ended(object, apiVersion, kind) || isCounted(object["metadata"])) return std::nullopt;
  json::Writer out;
  out.beginObject().member("apiVersion", apiVersion).member("kind", kind);
  writeMetadata(out, object["metadata"]);
  // Not every kind keeps what it runs under spec.
  for (const auto each : object.members()) {
    if (each.key != "apiVersion" && each.key != "kind" && each.key != "metadata" && each.key != "status") out.key(each.key).value(each.value);
  }
  out.endObject();
  // Most objects of a cluster have nothing to do with GPUs: a glance spares reading them. Custom kinds have other words for them.
  const auto* row = workload::findKind(apiVersion, kind);
  const bool plain = row == nullptr || !row->custom;
  const auto says = [&](std::string_view word) { return out.text().find(word) != std::string::npos; };
  if (plain && !says("nvidia.com/") && !says("mig.das.com/") && !says("\"resourceClaims\"") && !says(workload::kDeviceClassPrefix))
    return std::nullopt;
  const auto read = readRunning(out.text());
  if (!read || !read->asksForGpu()) return std::nullopt;
  return out.take();
}

std::optional<Workload> readRunning(std::string_view text) {
  const auto document = json::Document::parse(text);
  if (!document) return std::nullopt;
  return workload::read(document->root());
}

}  // namespace rightslice::admission
