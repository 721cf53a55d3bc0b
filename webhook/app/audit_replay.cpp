#include "app/audit_replay.hpp"

#include <fmt/format.h>

#include "admission/inventory.hpp"
#include "workload/autoscaler.hpp"

namespace rightslice::app {
namespace {

using Use = AuditEvent::Use;

std::string keyOf(const workload::Kind& kind, std::string_view ns, std::string_view name) {
  return fmt::format("{}/{}/{}/{}", kind.group, kind.kind, ns, name);
}

std::string apiVersionOf(const workload::Kind& kind) {
  return kind.group.empty() ? std::string(kind.version) : fmt::format("{}/{}", kind.group, kind.version);
}

/// A tree of its own of a part of an event.
json::Document copyOf(json::View view) {
  auto document = json::Document::parse(view.text());
  return document ? std::move(*document) : json::Document();
}

}  // namespace

std::optional<workload::Workload> AuditReplay::find(const std::string& key) const {
  const auto at = objects_.find(key);
  if (at == objects_.end()) return std::nullopt;
  auto object = admission::readRunning(at->second.text);
  if (object && at->second.replicas) workload::scaleTo(*object, *at->second.replicas);
  return object;
}

void AuditReplay::forget(const AuditEvent& event) {
  if (!event.name.empty()) {
    objects_.erase(keyOf(*event.kind, event.ns, event.name));
    return;
  }
  const std::string all = event.ns.empty() ? fmt::format("{}/{}/", event.kind->group, event.kind->kind) : keyOf(*event.kind, event.ns, "");
  std::erase_if(objects_, [&](const auto& each) { return each.first.starts_with(all); });
}

std::optional<Replayed> AuditReplay::take(const AuditEvent& event) {
  switch (event.use) {
    case Use::Judged: return judge(event);
    case Use::Scaled: return scale(event);
    case Use::Deleted:
      if (event.admitted) forget(event);
      return std::nullopt;
    case Use::LevelTooLow:
    case Use::Truncated:
    case Use::PatchOnly:
      // It changed, nobody knows how: no old object is better than a wrong one.
      if (event.admitted && !event.name.empty()) forget(event);
      return std::nullopt;
    default: return std::nullopt;
  }
}

std::optional<Replayed> AuditReplay::judge(const AuditEvent& event) {
  const json::Document object = copyOf(event.object);
  workload::Workload workload = workload::read(object.root(), event.ns.empty() ? "default" : event.ns);
  if (workload.name.empty()) workload.name = event.name;
  const std::string key = keyOf(*event.kind, workload.ns, event.name);
  auto old = event.created ? std::nullopt : find(key);
  std::optional<workload::Workload> owner;
  if (workload.controller) {
    const auto* kind = workload::findKind(workload.controller->apiVersion, workload.controller->kind);
    if (kind != nullptr) owner = find(keyOf(*kind, workload.ns, workload.controller->name));
  }
  policy::Request request;
  request.operation = event.created ? policy::Operation::Create : policy::Operation::Update;
  request.old = old ? &*old : nullptr;
  request.owner = owner ? &*owner : nullptr;
  request.user = event.user;
  request.groups = event.groups;
  request.trustedControllers = trustedControllers_;
  request.counted = admission::countsWithOwner(workload, owner.has_value());

  std::optional<Replayed> out{Replayed{admission::verdict(object, workload.ns, environment_, request), &event}};
  if (out->now.name.empty()) out->now.name = event.name;
  if (!workload.asksForGpu() && out->now.findings.empty()) out.reset();  // most of a cluster
  else if (!event.created && !old && !workload.controller) out->now.unknown.push_back(fmt::format("{} {} before the update", workload.kindName, workload.name));
  if (!event.admitted || event.name.empty()) return out;
  auto text = admission::runningText(event.stored, apiVersionOf(*event.kind), event.kind->kind);
  if (text) objects_.insert_or_assign(key, Kept{std::move(*text), std::nullopt});
  else objects_.erase(key);
  return out;
}

std::optional<Replayed> AuditReplay::scale(const AuditEvent& event) {
  const std::string key = keyOf(*event.kind, event.ns, event.name);
  const auto old = find(key);
  if (!old) {
    ++unseen_;
    return std::nullopt;
  }
  workload::Workload now = *old;
  workload::scaleTo(now, event.replicas);
  policy::Request request;
  request.operation = policy::Operation::Update;
  request.old = &*old;
  request.user = event.user;
  request.groups = event.groups;
  request.trustedControllers = trustedControllers_;
  request.validateOnly = true;
  request.budgetOnly = true;
  Replayed out{policy::judge(now, *environment_.policies, environment_.catalogue, *environment_.surroundings, request, environment_.now), &event};
  if (event.admitted) objects_.find(key)->second.replicas = event.replicas;
  return out;
}

}  // namespace rightslice::app
