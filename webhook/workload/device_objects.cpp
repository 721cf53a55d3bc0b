#include "workload/device_objects.hpp"

#include <algorithm>

#include "base/quantity.hpp"
#include "workload/claim.hpp"

namespace rightslice::workload {
namespace {

std::string_view memberOf(json::View map, std::string_view name) {
  for (const std::string& key : {std::string(name), std::string(kGpuDriver) + "/" + std::string(name)}) {
    if (const auto text = map[key]["string"].string()) return *text;
  }
  return "";
}

/// v1alpha3 has the quantity itself where later versions have an object around it.
Bytes memoryOf(json::View capacity) {
  const json::View memory = capacity["memory"];
  const auto quantity = Quantity::parse(memory["value"].exists() ? memory["value"].scalarText().value_or("") : memory.scalarText().value_or(""));
  return quantity && !quantity->isNegative() ? quantity->bytes() : 0;
}

bool keptBack(json::View device) {
  for (const json::View taint : device["taints"].elements()) {
    const std::string_view effect = taint["effect"].stringOr("");
    if (effect == "NoSchedule" || effect == "NoExecute") return true;
  }
  return false;
}

void addTo(std::vector<DeviceSort>& sorts, DeviceSort device) {
  const auto same = std::find_if(sorts.begin(), sorts.end(), [&](DeviceSort each) {
    each.count = device.count;
    return each == device;
  });
  if (same == sorts.end()) sorts.push_back(std::move(device));
  else same->count += device.count;
}

}  // namespace

std::optional<DeviceClass> readDeviceClassObject(json::View object) {
  std::vector<Error> malformed;
  return readDeviceClass(object, malformed);
}

std::optional<Claim> readClaimTemplateObject(json::View object) {
  std::vector<Error> malformed;
  return readClaimSpec(object["spec"]["spec"], "", malformed);
}

std::optional<Claim> readClaimObject(json::View object) {
  for (const json::View owner : object["metadata"]["ownerReferences"].elements()) {
    if (owner["controller"].boolean().value_or(false)) return std::nullopt;
  }
  std::vector<Error> malformed;
  Claim out = readClaimSpec(object["spec"], "", malformed);
  out.shared = reservedForSeveral(object);
  return out;
}

std::optional<PublishedDevices> readResourceSlice(json::View object) {
  const json::View spec = object["spec"];
  if (spec["driver"].stringOr("") != kGpuDriver) return std::nullopt;
  PublishedDevices out;
  out.pool = spec["pool"]["name"].stringOr("");
  out.generation = spec["pool"]["generation"].integer().value_or(0);
  const std::string_view node = spec["nodeName"].stringOr("");
  for (const json::View each : spec["devices"].elements()) {
    const json::View device = each["basic"].isObject() ? each["basic"] : each;  // v1beta1
    const std::string_view own = device["nodeName"].stringOr(node);
    DeviceSort sort;
    sort.type = memberOf(device["attributes"], "type");
    sort.product = memberOf(device["attributes"], "productName");
    sort.profile = memberOf(device["attributes"], "profile");
    sort.memory = memoryOf(device["capacity"]);
    sort.count = 1;
    if (own.empty() || (sort.type != "gpu" && sort.type != "mig") || keptBack(device)) continue;
    addTo(out.nodes[std::string(own)], std::move(sort));
  }
  return out;
}

void DevicesByNode::add(const PublishedDevices& slice) {
  auto& [generation, slices] = pools_[slice.pool];
  if (slice.generation < generation) return;
  if (slice.generation > generation) slices.clear();
  generation = slice.generation;
  slices.push_back(slice);
}

void DevicesByNode::giveTo(std::vector<Node>& nodes) const {
  std::map<std::string, std::vector<DeviceSort>, std::less<>> byNode;
  for (const auto& [pool, kept] : pools_) {
    for (const PublishedDevices& slice : kept.second) {
      for (const auto& [node, sorts] : slice.nodes) {
        for (const DeviceSort& each : sorts) addTo(byNode[node], each);
      }
    }
  }
  for (Node& node : nodes) {
    node.devices.emplace();
    const auto at = byNode.find(node.name);
    if (at == byNode.end()) continue;
    node.devices = std::move(at->second);
    byNode.erase(at);
  }
  for (auto& [name, sorts] : byNode) {
    Node node;
    node.name = name;
    node.devices = std::move(sorts);
    nodes.push_back(std::move(node));
  }
}

}  // namespace rightslice::workload
