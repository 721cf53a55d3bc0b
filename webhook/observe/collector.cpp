#include "observe/collector.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <type_traits>

#include "json/writer.hpp"
#include "workload/node_object.hpp"

namespace rightslice::observe {
namespace {

std::string keyOf(json::View object) {
  const std::string_view ns = object["metadata"]["namespace"].stringOr("");
  std::string out(ns);
  if (!ns.empty()) out += '/';
  return out.append(object["metadata"]["name"].stringOr(""));
}

/// As `claims` and `claimTemplates` of a file of surroundings.
std::string claimText(json::View object, json::View spec) {
  json::Writer out;
  out.beginObject().member("namespace", object["metadata"]["namespace"].stringOr("default")).member("name", object["metadata"]["name"].stringOr(""));
  out.key("spec").value(spec).endObject();
  return out.take();
}

std::string classText(json::View object) {
  json::Writer out;
  out.beginObject().member("name", object["metadata"]["name"].stringOr("")).key("selectors").beginArray();
  for (const json::View each : object["spec"]["selectors"].elements())
    if (const auto text = each["cel"]["expression"].string()) out.string(*text);
  out.endArray();
  if (const json::View config = object["spec"]["config"]; config.isArray()) out.key("config").value(config);
  if (const auto name = object["spec"]["extendedResourceName"].string()) out.member("extendedResourceName", *name);
  if (const auto time = object["metadata"]["creationTimestamp"].string()) out.member("created", *time);
  out.endObject();
  return out.take();
}

template <class T>
void cut(std::vector<T>& list, std::size_t size) {
  list.erase(list.begin() + static_cast<std::ptrdiff_t>(std::min(size, list.size())), list.end());
}

}  // namespace

void Collector::pod(json::View object) {
  exporter(object);
  if (auto one = readPod(object, pool_)) to_.pods.push_back(std::move(*one));
}

void Collector::exporter(json::View pod) {
  if (auto one = readExporter(pod)) to_.exporters.push_back(std::move(*one));
}

void Collector::workload(json::View object, const workload::Kind& kind, std::string_view apiVersion) {
  if (auto one = readObject(object, kind, apiVersion)) to_.objects.push_back(std::move(*one));
}

void Collector::node(json::View object) {
  if (auto one = readNode(object)) nodes_.push_back(std::move(*one));
  else plainNodes_.push_back(readPlainNode(object));
}

void Collector::space(json::View object) {
  auto labels = workload::labelsOf(object);
  std::string name(object["metadata"]["name"].stringOr(""));
  if (name == "kube-system") to_.clusterId = object["metadata"]["uid"].stringOr("");
  labels.insert_or_assign("kubernetes.io/metadata.name", name);   // every namespace has it
  namespaces_.emplace_back(std::move(name), std::move(labels));
}

void Collector::autoscaler(json::View object, std::string_view kind) {
  if (auto one = workload::readAutoscaler(object, kind)) to_.autoscalers.push_back(std::move(*one));
}

void Collector::budget(json::View object) {
  if (auto one = readBudget(object)) budgets_.push_back(std::move(*one));
}

void Collector::deviceClass(json::View object) {
  if (auto one = workload::readDeviceClassObject(object)) classes_.push_back({keyOf(object), classText(object), std::move(*one)});
}

void Collector::claimTemplate(json::View object) {
  if (auto one = workload::readClaimTemplateObject(object)) templates_.push_back({keyOf(object), claimText(object, object["spec"]["spec"]), std::move(*one)});
}

void Collector::claim(json::View object) {
  if (auto one = workload::readClaimObject(object)) claims_.push_back({keyOf(object), claimText(object, object["spec"]), std::move(*one)});
  allocation(object);
}

void Collector::allocation(json::View claim) {
  if (auto one = readAllocation(claim)) to_.allocations.push_back(std::move(*one));
}

void Collector::resourceSlice(json::View object) {
  if (auto one = workload::readResourceSlice(object)) slices_.push_back(std::move(*one));
  if (auto one = readDeviceSlice(object)) deviceSlices_.push_back(std::move(*one));
}

Collector::Mark Collector::mark() const {
  return {to_.pods.size(), to_.exporters.size(), to_.objects.size(), nodes_.size(), namespaces_.size(), to_.autoscalers.size(), budgets_.size(), classes_.size(),
          templates_.size(), claims_.size(), slices_.size(), plainNodes_.size(), deviceSlices_.size(), to_.allocations.size()};
}

void Collector::back(const Mark& mark) {
  cut(to_.pods, mark.pods);
  cut(to_.exporters, mark.exporters);
  cut(to_.objects, mark.objects);
  cut(nodes_, mark.nodes);
  cut(namespaces_, mark.namespaces);
  cut(to_.autoscalers, mark.autoscalers);
  cut(budgets_, mark.budgets);
  cut(classes_, mark.classes);
  cut(templates_, mark.templates);
  cut(claims_, mark.claims);
  cut(slices_, mark.slices);
  cut(plainNodes_, mark.plainNodes);
  cut(deviceSlices_, mark.deviceSlices);
  cut(to_.allocations, mark.allocations);
}

std::string Collector::any(json::View object) {
  const std::string_view apiVersion = object["apiVersion"].stringOr(""), kind = object["kind"].stringOr("");
  const std::string_view group = workload::groupOf(apiVersion);
  if (workload::isAutoscaler(apiVersion, kind)) {
    autoscaler(object, kind);
    return kind == "ScaledObject" ? "scaledobjects.keda.sh" : "horizontalpodautoscalers.autoscaling";
  }
  if (group == "policy" && kind == "PodDisruptionBudget") return budget(object), "poddisruptionbudgets.policy";
  if (group == "resource.k8s.io") {
    const std::pair<std::string_view, std::pair<std::string_view, void (Collector::*)(json::View)>> rows[] = {
        {"DeviceClass", {"deviceclasses", &Collector::deviceClass}},
        {"ResourceClaimTemplate", {"resourceclaimtemplates", &Collector::claimTemplate}},
        {"ResourceClaim", {"resourceclaims", &Collector::claim}},
        {"ResourceSlice", {"resourceslices", &Collector::resourceSlice}}};
    for (const auto& [name, row] : rows) {
      if (name != kind) continue;
      (this->*row.second)(object);
      return std::string(row.first) + ".resource.k8s.io";
    }
    return {};
  }
  if (apiVersion == "v1" && kind == "Node") return node(object), "nodes";
  if (apiVersion == "v1" && kind == "Namespace") return space(object), "namespaces";
  if (apiVersion == "v1" && kind == "Pod") {
    pod(object);
    workload(object, *workload::findKind("v1", "Pod"), "v1");
    return "pods";
  }
  const auto* row = workload::findKind(apiVersion, kind);
  if (row == nullptr || row->plural.empty()) return {};
  workload(object, *row, apiVersion);
  return std::string(row->plural) + (row->group.empty() ? "" : "." + std::string(row->group));
}

/// Nodes get what is published for them; some are known to have GPUs by that alone.
void Collector::giveDevices() {
  workload::DevicesByNode sorts;
  for (const auto& each : slices_) sorts.add(each);
  std::vector<workload::Node> facts;
  for (Node& each : *to_.nodes) facts.push_back(std::move(each.facts));
  sorts.giveTo(facts);
  const std::size_t named = to_.nodes->size();
  to_.nodes->resize(facts.size());
  for (std::size_t i = 0; i < facts.size(); ++i) {
    Node& node = (*to_.nodes)[i];
    const auto plain = i < named ? plainNodes_.end()
                                 : std::find_if(plainNodes_.begin(), plainNodes_.end(), [&](const Node& each) { return each.facts.name == facts[i].name; });
    if (plain != plainNodes_.end()) {
      node = *plain;
      facts[i].labels = plain->facts.labels;
    }
    node.facts = std::move(facts[i]);
  }
  DevicePools pools;
  for (DeviceSlice& each : deviceSlices_) pools.add(std::move(each));
  auto byNode = pools.take();
  for (Node& node : *to_.nodes) {
    node.pools.emplace();
    const auto at = byNode.find(node.facts.name);
    if (at == byNode.end()) continue;
    node.pools = std::move(at->second);
    byNode.erase(at);
  }
  // Of some all devices are kept back.
  for (auto& [name, kept] : byNode) {
    const auto plain = std::find_if(plainNodes_.begin(), plainNodes_.end(), [&](const Node& each) { return each.facts.name == name; });
    if (plain == plainNodes_.end() || std::all_of(kept.begin(), kept.end(), [](const DevicePool& each) { return each.devices.empty(); })) continue;
    to_.nodes->push_back(*plain);
    to_.nodes->back().facts.devices.emplace();
    to_.nodes->back().pools = std::move(kept);
  }
}

/// A claim that more than one pod of the look names is shared, whatever of it is reserved yet.
void Collector::shareClaims() {
  std::map<std::string, std::set<std::string_view>> users;
  for (const Pod& pod : to_.pods)
    for (const auto& each : pod.claims)
      if (pod.stays()) users[pod.ns + "/" + each.object].insert(pod.name);
  for (auto& each : claims_) {
    const auto at = users.find(each.key);
    each.value.shared = each.value.shared || (at != users.end() && at->second.size() > 1);
    if (each.value.shared) each.text.insert(each.text.size() - 1, R"(,"shared":true)");
  }
}

void Collector::finish(const Known& known) {
  if (known.namespaces || !namespaces_.empty()) {
    to_.namespaces.emplace();
    for (auto& each : namespaces_) to_.namespaces->insert_or_assign(std::move(each.first), std::move(each.second));
  }
  const auto give = [](bool all, auto& from, auto& to, std::vector<std::string>& texts) {
    if (!all) return;
    std::sort(from.begin(), from.end(), [](const auto& a, const auto& b) { return a.key < b.key; });
    to.emplace();
    for (auto& each : from) {
      if (to->emplace(std::move(each.key), std::move(each.value)).second) texts.push_back(std::move(each.text));
    }
  };
  shareClaims();
  give(known.classes, classes_, to_.devices.classes, to_.deviceClasses);
  give(known.templates, templates_, to_.devices.templates, to_.claimTemplates);
  give(known.claims, claims_, to_.devices.claims, to_.claims);
  if (known.budgets) to_.budgets = std::move(budgets_);
  if (known.nodes) {
    to_.nodes = std::move(nodes_);
    if (known.slices) giveDevices();
  }
  to_.allocationsKnown = known.allocations;
  observe::finish(to_);
}

}  // namespace rightslice::observe
