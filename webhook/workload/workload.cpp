#include "workload/workload.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/quantity.hpp"
#include "gpu/resource_name.hpp"
#include "workload/part.hpp"
#include "workload/read_pod.hpp"

namespace rightslice::workload {
namespace {

constexpr std::string_view kMirror = "kubernetes.io/config.mirror";  // set by the kubelet on pods of static manifests

std::optional<OwnerReference> readController(const Part& metadata) {
  std::optional<OwnerReference> controller;
  for (const Part& each : metadata.objects("ownerReferences")) {
    if (!each.boolean("controller").value_or(false) || controller) continue;
    const auto text = [&](std::string_view key) { return std::string(each.string(key).value_or("")); };
    controller = OwnerReference{text("apiVersion"), text("kind"), text("name"), text("uid")};
  }
  return controller;
}

void readMetadata(const Part& metadata, Workload& out) {
  const auto ns = metadata.string("namespace").value_or("");
  if (!ns.empty()) out.ns = ns;
  out.name = metadata.string("name").value_or("");
  const auto generated = metadata.string("generateName").value_or("");
  if (out.name.empty()) out.name = generated;
  out.uid = metadata.string("uid").value_or("");
  out.labels = metadata.stringMap("labels");
  out.annotations = metadata.stringMap("annotations");
  out.controller = readController(metadata);
  // Only what the API server holds is being deleted; in a manifest it drops the field.
  out.deleting = metadata.string("deletionTimestamp").has_value() && !out.uid.empty();
}

/// First in document order, a key before what it holds. Without recursion: `open` is the way down.
std::string firstGpuKey(json::View object) {
  struct Level {
    json::View view;
    json::View::MemberIterator member, lastMember;
    json::View::ElementIterator element, lastElement;
    std::size_t index = 0;
    std::string token;  // of this level in its parent
  };
  const auto levelOf = [](json::View view, std::string token) {
    const auto members = view.members();
    const auto elements = view.elements();
    return Level{view, members.first, members.last, elements.first, elements.last, 0, std::move(token)};
  };
  std::vector<Level> open{levelOf(object, {})};
  while (!open.empty()) {
    Level& top = open.back();
    if (top.member != top.lastMember) {
      const json::View::Member each = *top.member++;
      if (gpu::ResourceName::parse(each.key).asksForGpu()) {
        std::string pointer;
        for (std::size_t i = 1; i < open.size(); ++i) pointer += "/" + open[i].token;
        return pointer + "/" + json::escapeToken(each.key);
      }
      if (each.value.size() > 0) open.push_back(levelOf(each.value, json::escapeToken(each.key)));
    } else if (top.element != top.lastElement) {
      const json::View each = *top.element++;
      std::string token = std::to_string(top.index++);
      if (each.size() > 0) open.push_back(levelOf(each, std::move(token)));
    } else {
      open.pop_back();
    }
  }
  return {};
}

/// Argo Rollouts: pods by the template of another object (spec.workloadRef).
void readReference(const Part& reference, Workload& out) {
  if (!reference.exists()) return;
  out.notes.push_back(fmt::format("the pods of {} {} come from {} {} (spec.workloadRef), which is judged itself", out.kindName, out.name,
                                  reference.string("kind").value_or("an object"), reference.string("name").value_or("")));
}

bool asksForGpuIn(const StringPairs& quantities) {
  return std::any_of(quantities.begin(), quantities.end(), [](const auto& each) {
    if (!gpu::ResourceName::parse(each.first).asksForGpu()) return false;
    const auto quantity = Quantity::parse(each.second);
    return !quantity || !quantity->isZero();
  });
}

}  // namespace

const std::string* Workload::label(std::string_view key) const { return findIn(labels, key); }
const std::string* Workload::annotation(std::string_view key) const { return findIn(annotations, key); }

bool Workload::asksForGpu() const {
  if (!gpuKeyPointer.empty()) return true;
  return std::any_of(templates.begin(), templates.end(), [](const PodTemplate& pod) {
    return std::any_of(pod.containers.begin(), pod.containers.end(), [](const Container& container) {
      return !container.claims.empty() || asksForGpuIn(container.limits) || asksForGpuIn(container.requests);
    });
  });
}

Workload read(json::View object, std::string_view defaultNamespace) {
  Workload out;
  out.ns = defaultNamespace;
  Reading reading(out.malformed);
  const Part root = reading.root(object).asObject();
  out.apiVersion = root.string("apiVersion").value_or("");
  out.kindName = root.string("kind").value_or("");
  out.kind = findKind(out.apiVersion, out.kindName);
  readMetadata(root.object("metadata"), out);
  if (out.kind == nullptr) {
    out.gpuKeyPointer = firstGpuKey(object);
    return out;
  }
  out.mirrorPod = out.kindName == "Pod" && out.annotation(kMirror) != nullptr;
  out.templates = readTemplates(root, *out.kind);
  if (isClaim(out.apiVersion, out.kindName) || isClaimTemplate(out.apiVersion, out.kindName)) out.claim = readClaim(object, out.malformed);
  if (out.kind->holds == Holds::Reference) readReference(root.object("spec").object("workloadRef"), out);
  return out;
}

}  // namespace rightslice::workload
