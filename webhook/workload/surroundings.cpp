#include "workload/surroundings.hpp"

#include <algorithm>
#include <functional>
#include <tuple>

#include <fmt/format.h>

#include "base/digest.hpp"
#include "base/quantity.hpp"
#include "gpu/resource_name.hpp"
#include "workload/devices_file.hpp"
#include "workload/price_book.hpp"
#include "workload/strict_reader.hpp"

namespace rightslice::workload {
namespace {

constexpr std::string_view kNameLabel = "kubernetes.io/metadata.name";  // set on every namespace by kube-apiserver

/// Labels that say which product or slice a node has.
constexpr std::string_view kNodeLabels[] = {"nvidia.com/gpu.product", "cloud.google.com/gke-accelerator", "cloud.google.com/gke-gpu-partition-size"};

using Counts = std::map<std::string, std::int64_t, std::less<>>;

constexpr std::int64_t kMostOfANode = std::int64_t{1} << 40;  // keeps sums from overflowing

std::uint64_t labelPrint(std::string_view key, std::string_view value) {
  const std::hash<std::string_view> hash;
  return hash(key) * 31 + hash(value);
}

StringMap readLabels(const Entry& labels, StrictReader& reader) {
  StringMap out;
  if (!reader.map(labels, "labels")) return out;
  for (const auto each : labels.view.members()) {
    if (!each.value.isString()) {
      reader.refuse(labels[each.key], fmt::format("label '{}' must be a string (in quotes), not {}", each.key, each.value.typeName()));
    }
    out.emplace(each.key, each.value.stringOr(""));
  }
  return out;
}

/// GPU resources and how many; others are for the scheduler alone.
Counts readCounts(const Entry& resources, std::string_view what, StrictReader& reader) {
  Counts out;
  if (!reader.map(resources, what)) return out;
  for (const auto each : resources.view.members()) {
    if (!gpu::ResourceName::parse(each.key).asksForGpu()) continue;
    const bool scalar = each.value.isString() || each.value.isNumber();
    const std::string text = scalar ? each.value.scalarText().value_or("") : each.value.text();
    const auto quantity = Quantity::parse(text);
    const auto count = quantity && !quantity->isNegative() ? quantity->integer() : std::nullopt;
    if (!scalar || !count) {
      reader.refuse(resources[each.key], fmt::format("{} of '{}' must be a whole number of 0 or more, not {}", what, each.key, text));
    }
    out.emplace(each.key, count.value_or(0));
  }
  return out;
}

std::vector<Node> readNodes(const Entry& nodes, StrictReader& reader) {
  std::vector<Node> out;
  std::set<std::string> names;
  if (!reader.array(nodes, "nodes")) return out;
  for (const Entry& each : nodes.elements()) {
    // What `scan -o json` says of a node beside the facts is passed.
    if (!reader.object(each, "a node", {"name", "labels", "allocatable", "requested", "devices"},
                       {"product", "gpus", "strategy", "config", "configState", "sharing", "shares", "ready", "cordoned", "taints", "slices", "holds", "findings"}))
      continue;
    Node node;
    node.name = reader.name(each, "name", "the name of a node");
    if (!names.insert(node.name).second) reader.refuse(each["name"], fmt::format("node '{}' is there already", node.name));
    node.labels = readLabels(each["labels"], reader);
    node.allocatable = readCounts(each["allocatable"], "allocatable", reader);
    node.requested = readCounts(each["requested"], "requested", reader);
    node.requestedKnown = each["requested"].view.exists();
    if (each["devices"].view.exists()) node.devices = readDeviceSorts(each["devices"], reader);
    out.push_back(std::move(node));
  }
  return out;
}

std::map<std::string, StringMap, std::less<>> readNamespaces(const Entry& namespaces, StrictReader& reader) {
  std::map<std::string, StringMap, std::less<>> out;
  if (!reader.array(namespaces, "namespaces")) return out;
  for (const Entry& each : namespaces.elements()) {
    if (!reader.object(each, "a namespace", {"name", "labels"})) continue;
    std::string name = reader.name(each, "name", "the name of a namespace");
    StringMap labels = readLabels(each["labels"], reader);
    labels.emplace(kNameLabel, name);
    if (out.contains(name)) reader.refuse(each["name"], fmt::format("namespace '{}' is there already", name));
    out.emplace(std::move(name), std::move(labels));
  }
  return out;
}

template <class Map>
void addMap(Digest& digest, const Map& map) {
  digest.add(std::to_string(map.size()));
  for (const auto& [key, value] : map) {
    digest.add(key);
    if constexpr (std::is_same_v<std::decay_t<decltype(value)>, std::int64_t>) {
      digest.add(std::to_string(value));
    } else {
      digest.add(value);
    }
  }
}

/// What tells one sort of nodes from another.
using DeviceKey = std::tuple<std::string, std::string, std::string, Bytes>;
using Sort = std::tuple<StringMap, Counts, std::optional<std::vector<DeviceKey>>>;
Sort sortOf(const Node& node) {
  std::optional<std::vector<DeviceKey>> devices;
  if (node.devices) devices.emplace();
  for (const DeviceSort& each : node.devices.value_or(std::vector<DeviceSort>())) devices->emplace_back(each.type, each.product, each.profile, each.memory);
  return {node.labels, node.allocatable, std::move(devices)};
}

}  // namespace

const StringMap* Surroundings::namespaceLabels(std::string_view ns) const {
  if (!namespaces) return nullptr;
  const auto found = namespaces->find(ns);
  return found == namespaces->end() ? nullptr : &found->second;
}

bool NodeSort::mayHave(std::string_view key, std::string_view value) const {
  return std::binary_search(labels.begin(), labels.end(), labelPrint(key, value));
}

void Surroundings::sort() {
  sorts.clear();
  if (!nodes) return;
  std::map<Sort, std::size_t> seen;
  for (std::uint32_t index = 0; index < nodes->size(); ++index) {
    const Node& node = (*nodes)[index];
    Node kept;
    for (const std::string_view key : kNodeLabels) {
      if (const auto at = node.labels.find(key); at != node.labels.end()) kept.labels.insert(*at);
    }
    for (const auto& [resource, count] : node.allocatable) {
      if (count > 0) kept.allocatable.emplace(resource, 1);
    }
    if (node.devices) kept.devices.emplace();
    for (const DeviceSort& each : node.devices.value_or(std::vector<DeviceSort>())) {
      if (each.count > 0) kept.devices->push_back({each.type, each.product, each.profile, each.memory, 1});
    }
    const auto [at, added] = seen.emplace(sortOf(kept), sorts.size());
    if (added) {
      sorts.emplace_back().node = std::move(kept);
      sorts.back().node.requestedKnown = true;
      sorts.back().node.allocatable.clear();
    }
    NodeSort& sort = sorts[at->second];
    sort.members.push_back(index);
    sort.node.requestedKnown = sort.node.requestedKnown && node.requestedKnown;
    for (const auto& [resource, count] : node.allocatable) {
      if (count <= 0) continue;
      const std::int64_t most = std::min(count, kMostOfANode);
      const auto held = node.requested.find(resource);
      sort.node.allocatable[resource] += most;
      sort.node.requested[resource] += held == node.requested.end() ? 0 : std::min(held->second, most);
    }
    for (const auto& [key, value] : node.labels) sort.labels.push_back(labelPrint(key, value));
  }
  for (NodeSort& sort : sorts) {
    std::sort(sort.labels.begin(), sort.labels.end());
    sort.labels.erase(std::unique(sort.labels.begin(), sort.labels.end()), sort.labels.end());
    sort.labels.shrink_to_fit();
  }
}

std::string digestOf(const Surroundings& surroundings) {
  Digest digest;
  digest.add(surroundings.nodes ? std::to_string(surroundings.nodes->size()) : "nodes unknown");
  if (surroundings.nodes) {
    // Their order says nothing.
    std::map<std::string_view, const Node*> byName;
    for (const Node& node : *surroundings.nodes) byName.emplace(node.name, &node);
    for (const auto& [name, node] : byName) {
      digest.add(name);
      addMap(digest, node->labels);
      addMap(digest, node->allocatable);
      addMap(digest, node->requested);
      digest.add(node->requestedKnown ? "" : "requested unknown");
      digest.add(node->devices ? std::to_string(node->devices->size()) : "devices unknown");
      if (!node->devices) continue;
      for (const DeviceSort& each : *node->devices) {
        digest.add(each.type).add(each.product).add(each.profile).add(std::to_string(each.memory)).add(std::to_string(each.count));
      }
    }
  }
  digest.add(surroundings.namespaces ? std::to_string(surroundings.namespaces->size()) : "namespaces unknown");
  if (surroundings.namespaces) {
    for (const auto& [name, labels] : *surroundings.namespaces) {
      digest.add(name);
      addMap(digest, labels);
    }
  }
  digest.add(surroundings.prices ? "prices" : "prices unknown");
  if (surroundings.prices) {
    digest.add(surroundings.prices->currency).add(surroundings.prices->date).add(surroundings.prices->isDefault ? "default" : "");
    addMap(digest, surroundings.prices->gpuHourMicros);
  }
  addTo(digest, surroundings.devices);
  digest.add(surroundings.ownerUids ? "owners" : "owners unknown");
  if (surroundings.ownerUids) addMap(digest, *surroundings.ownerUids);
  return digest.hex();
}

Result<Surroundings> readSurroundings(std::string_view text, std::string_view file) {
  auto document = readDocument(text, file);
  if (!document) return tl::unexpected(std::move(document.error()));
  StrictReader reader(file, document->marks);
  const Entry root{document->document.root(), ""};
  Surroundings out;
  if (reader.object(root, "a surroundings file", {"nodes", "namespaces", "prices", "deviceClasses", "claimTemplates", "claims"},
                    {"scan", "results", "summary", "money", "coverage"})) {
    if (root["nodes"].view.exists()) out.nodes = readNodes(root["nodes"], reader);
    if (root["namespaces"].view.exists()) out.namespaces = readNamespaces(root["namespaces"], reader);
    if (root["prices"].view.exists()) out.prices = readPrices(root["prices"], reader);
    out.devices = readDevices(root, reader);
  }
  if (reader.error()) return tl::unexpected(*reader.error());
  out.digest = digestOf(out);
  out.sort();
  return out;
}

std::optional<std::pair<std::string, StringMap>> readNamespace(json::View object) {
  if (object["kind"].stringOr("") != "Namespace" || object["apiVersion"].stringOr("") != "v1") return std::nullopt;
  std::string name(object["metadata"]["name"].stringOr(""));
  if (name.empty()) return std::nullopt;
  StringMap labels;
  for (const auto each : object["metadata"]["labels"].members()) {
    if (const auto value = each.value.string()) labels.emplace(each.key, *value);
  }
  labels.insert_or_assign(std::string(kNameLabel), name);
  return std::pair(std::move(name), std::move(labels));
}

}  // namespace rightslice::workload
