#include "observe/device.hpp"

#include <algorithm>
#include <limits>
#include <set>

#include "base/quantity.hpp"
#include "gpu/profile.hpp"
#include "workload/device_selector.hpp"

namespace rightslice::observe {
namespace {

constexpr std::int64_t kMostCounter = std::int64_t{1} << 50;   // a petabyte; keeps sums from overflowing

/// By the bare name, or by the name with the driver's domain.
json::View memberOf(json::View map, std::string_view name) {
  const json::View bare = map[name];
  return bare.exists() ? bare : map[std::string(workload::kGpuDriver) + "/" + std::string(name)];
}

std::string textOf(json::View attributes, std::string_view name) { return std::string(memberOf(attributes, name)["string"].stringOr("")); }

/// v1alpha3 has the quantity itself where later versions have an object around it.
std::int64_t amountOf(json::View value) {
  const auto quantity = Quantity::parse((value["value"].exists() ? value["value"] : value).scalarText().value_or(""));
  return quantity && !quantity->isNegative() ? std::min<std::int64_t>(kMostCounter, quantity->bytes()) : 0;
}

bool keptBack(json::View device) {
  for (const json::View taint : device["taints"].elements()) {
    const std::string_view effect = taint["effect"].stringOr("");
    if (effect == "NoSchedule" || effect == "NoExecute") return true;
  }
  return false;
}

std::uint16_t idOf(DeviceSlice& slice, std::string_view name) {
  const auto at = slice.names.find(name);
  if (at != slice.names.end()) return at->second;
  const auto id = static_cast<std::uint16_t>(std::min<std::size_t>(slice.names.size(), std::numeric_limits<std::uint16_t>::max()));
  return slice.names.emplace(std::string(name), id).first->second;
}

Device readDevice(json::View object, DeviceSlice& slice) {
  const json::View device = object["basic"].isObject() ? object["basic"] : object;   // v1beta1
  const json::View attributes = device["attributes"];
  Device out;
  out.name = object["name"].stringOr("");
  out.type = textOf(attributes, "type");
  out.profile = textOf(attributes, "profile");
  if (const auto parsed = gpu::ProfileName::parse(out.profile)) out.profile = parsed->text();
  out.product = textOf(attributes, "productName");
  out.gpu = textOf(attributes, out.type == "mig" ? "parentUUID" : "uuid");
  out.memory = amountOf(memberOf(device["capacity"], "memory"));
  out.processors = amountOf(memberOf(device["capacity"], "multiprocessors"));
  out.keptBack = keptBack(device);
  out.divisible = device["allowMultipleAllocations"].boolean().value_or(false);
  for (const json::View each : device["consumesCounters"].elements()) {
    out.set = each["counterSet"].stringOr("");   // the driver has one of each GPU
    for (const auto counter : each["counters"].members()) out.takes.emplace_back(idOf(slice, counter.key), amountOf(counter.value));
  }
  return out;
}

}  // namespace

std::optional<DeviceSlice> readDeviceSlice(json::View object) {
  const json::View spec = object["spec"];
  if (spec["driver"].stringOr("") != workload::kGpuDriver) return std::nullopt;
  DeviceSlice out;
  out.pool = spec["pool"]["name"].stringOr("");
  out.generation = spec["pool"]["generation"].integer().value_or(0);
  out.slices = spec["pool"]["resourceSliceCount"].integer().value_or(1);
  out.node = spec["nodeName"].stringOr("");
  for (const json::View each : spec["sharedCounters"].elements())
    for (const auto counter : each["counters"].members()) out.sets[std::string(each["name"].stringOr(""))][std::string(counter.key)] = amountOf(counter.value);
  for (const json::View each : spec["devices"].elements()) {
    const json::View device = each["basic"].isObject() ? each["basic"] : each;
    std::string node(device["nodeName"].stringOr(out.node));
    if (!node.empty()) out.devices.emplace_back(std::move(node), readDevice(each, out));
  }
  return out;
}

void DevicePools::add(DeviceSlice slice) {
  auto& kept = pools_[slice.pool];
  if (!kept.empty() && slice.generation < kept.front().generation) return;
  if (!kept.empty() && slice.generation > kept.front().generation) kept.clear();
  kept.push_back(std::move(slice));
}

std::map<std::string, std::vector<DevicePool>, std::less<>> DevicePools::take() {
  std::map<std::string, std::vector<DevicePool>, std::less<>> out;
  for (auto& [name, slices] : pools_) {
    // Counters and the devices that take of them may stand in different slices: one numbering for the pool.
    DeviceSlice numbers;
    std::map<std::string, std::map<std::uint16_t, std::int64_t>> sets;
    for (const DeviceSlice& each : slices)
      for (const auto& [set, counters] : each.sets)
        for (const auto& [counter, amount] : counters) sets[set][idOf(numbers, counter)] = amount;
    const bool whole = static_cast<std::int64_t>(slices.size()) >= slices.front().slices;
    std::map<std::string, DevicePool> byNode;
    for (DeviceSlice& each : slices) {
      std::vector<std::uint16_t> ids(each.names.size());
      for (const auto& [counter, id] : each.names)
        if (id < ids.size()) ids[id] = idOf(numbers, counter);
      // A pool of a node says so even if nothing is in it.
      if (!each.node.empty()) byNode[each.node];
      for (auto& [node, device] : each.devices) {
        for (auto& [id, amount] : device.takes) id = id < ids.size() ? ids[id] : std::uint16_t{0};
        byNode[node].devices.push_back(std::move(device));
      }
    }
    for (auto& [node, pool] : byNode) {
      pool.name = name;
      pool.whole = whole;
      std::set<std::string> used;
      for (const Device& each : pool.devices) used.insert(each.set);
      for (const auto& [set, counters] : sets)
        if (used.contains(set)) pool.sets.emplace(set, counters);
      std::sort(pool.devices.begin(), pool.devices.end(), [](const Device& a, const Device& b) { return a.name < b.name; });
      out[node].push_back(std::move(pool));
    }
  }
  pools_.clear();
  return out;
}

std::optional<Allocation> readAllocation(json::View claim) {
  Allocation out;
  out.ns = claim["metadata"]["namespace"].stringOr("default");
  out.claim = claim["metadata"]["name"].stringOr("");
  for (const json::View each : claim["status"]["allocation"]["devices"]["results"].elements()) {
    if (each["driver"].stringOr("") != workload::kGpuDriver || each["adminAccess"].boolean().value_or(false)) continue;
    const std::string_view request = each["request"].stringOr("");   // "main" or "main/alternative"
    out.results.push_back({std::string(request.substr(0, request.find('/'))), std::string(each["pool"].stringOr("")), std::string(each["device"].stringOr("")),
                           each["shareID"].exists() || each["consumedCapacity"].isObject()});
  }
  return out.results.empty() ? std::nullopt : std::optional(std::move(out));
}

}  // namespace rightslice::observe
