#include "observe/node.hpp"

#include <algorithm>
#include <charconv>
#include <set>

#include "gpu/resource_name.hpp"
#include "workload/node_object.hpp"

namespace rightslice::observe {
namespace {

using workload::Counts;

// Labels of GPU feature discovery and of mig-parted (k8s-device-plugin docs/gpu-feature-discovery; mig-parted), and of GKE.
constexpr std::string_view kProduct = "nvidia.com/gpu.product", kCount = "nvidia.com/gpu.count", kStrategy = "nvidia.com/mig.strategy",
                           kReplicas = "nvidia.com/gpu.replicas", kConfig = "nvidia.com/mig.config", kState = "nvidia.com/mig.config.state",
                           kGke = "cloud.google.com/gke-accelerator", kGkeCount = "cloud.google.com/gke-accelerator-count",
                           kGkePartition = "cloud.google.com/gke-gpu-partition-size", kGkeClients = "cloud.google.com/gke-max-shared-clients-per-gpu";

std::string labelOf(const Node& node, std::string_view key) {
  const auto at = node.facts.labels.find(key);
  return at == node.facts.labels.end() ? std::string() : at->second;
}

std::optional<std::int64_t> numberOf(const Node& node, std::string_view key) {
  const std::string text = labelOf(node, key);
  std::int64_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size() || out <= 0) return std::nullopt;
  return out;
}

std::int64_t countOf(const Counts& counts, std::string_view resource) {
  const auto at = counts.find(resource);
  return at == counts.end() ? 0 : at->second;
}

/// Of the label nvidia.com/gpu.count under the strategy `single`, and of GKE's partitions, slices are counted: GPUs are as many as hold them.
std::optional<std::int64_t> gpusOfSlices(const Geometry& geometry, std::int64_t slices) {
  const auto* profile = geometry.product != nullptr ? geometry.product->profile(geometry.single) : nullptr;
  if (profile == nullptr || !profile->maxInstances || *profile->maxInstances <= 0 || slices <= 0) return std::nullopt;
  // One that is left over is on a GPU of its own: fewer slices than could be are offered.
  return (slices + *profile->maxInstances - 1) / *profile->maxInstances;
}

}  // namespace

std::optional<Node> readNode(json::View object) {
  auto facts = workload::readNode(object);
  if (!facts) return std::nullopt;
  Node out = readPlainNode(object);
  out.facts = std::move(*facts);
  return out;
}

Node readPlainNode(json::View object) {
  Node out;
  out.facts.name = object["metadata"]["name"].stringOr("");
  out.facts.labels = workload::labelsOf(object);
  out.capacity = workload::gpuCounts(object["status"]["capacity"]);
  out.created = object["metadata"]["creationTimestamp"].stringOr("");
  out.providerId = object["spec"]["providerID"].stringOr("");
  out.cordoned = object["spec"]["unschedulable"].boolean().value_or(false);
  for (const json::View each : object["status"]["conditions"].elements())
    if (each["type"].stringOr("") == "Ready") out.ready = each["status"].stringOr("") == "True";
  for (const json::View each : object["spec"]["taints"].elements()) {
    const std::string_view effect = each["effect"].stringOr(""), value = each["value"].stringOr("");
    if (effect != "NoSchedule" && effect != "NoExecute") continue;
    std::string text(each["key"].stringOr(""));
    if (!value.empty()) text.append("=").append(value);
    out.taints.push_back(text.append(":").append(effect));
  }
  return out;
}

bool isDevice(std::string_view resource) {
  using Kind = gpu::ResourceName::Kind;
  const auto kind = gpu::ResourceName::parse(resource).kind;
  return kind == Kind::WholeGpu || kind == Kind::SharedGpu || kind == Kind::Slice || kind == Kind::DasSlice;
}

Geometry geometryOf(const Node& node, const gpu::Catalogue& gpus) {
  Geometry out;
  out.strategy = labelOf(node, kStrategy);
  out.config = labelOf(node, kConfig);
  out.configState = labelOf(node, kState);
  for (const auto* counts : {&node.capacity, &node.facts.allocatable, &node.facts.requested})
    for (const auto& [resource, count] : *counts)
      if (const auto each = gpu::ResourceName::parse(resource); each.kind == gpu::ResourceName::Kind::OtherSystem && count > 0) out.sharing = each.system;
  out.productName = labelOf(node, kProduct);
  const auto name = gpu::ProductName::parse(out.productName);
  if (!out.productName.empty()) out.product = gpus.find(out.productName);
  if (out.product == nullptr && !labelOf(node, kGke).empty()) {
    out.product = gpus.findGke(labelOf(node, kGke));
    if (out.productName.empty()) out.productName = labelOf(node, kGke);
  }
  std::set<std::string_view> boards;   // GPUs of which claims hand out devices; an empty one: some device does not say
  for (const DevicePool& pool : node.pools.value_or(std::vector<DevicePool>()))
    for (const Device& each : pool.devices) boards.insert(each.gpu);
  std::int64_t devices = 0;
  for (const auto& each : node.facts.devices.value_or(std::vector<workload::DeviceSort>())) {
    if (each.type == "gpu") devices += each.count;
    if (out.product == nullptr && !each.product.empty()) out.product = gpus.find(each.product);
    if (out.productName.empty()) out.productName = each.product;
  }
  if (name.profile && *name.profile != "INVALID") out.single = *name.profile;
  if (const auto partition = labelOf(node, kGkePartition); !partition.empty()) out.single = partition;
  if (const auto parts = gpu::ProfileName::parse(out.single)) out.single = parts->text();
  out.shares = std::max<std::int64_t>(1, numberOf(node, kReplicas).value_or(numberOf(node, kGkeClients).value_or(1)));
  const std::int64_t offered = std::max(countOf(node.capacity, "nvidia.com/gpu"), countOf(node.facts.allocatable, "nvidia.com/gpu")) / out.shares;
  if (!out.single.empty()) out.gpus = gpusOfSlices(out, numberOf(node, kCount).value_or(offered));
  else if (const auto count = numberOf(node, kCount)) out.gpus = count;
  if (const auto count = numberOf(node, kGkeCount)) out.gpus = count;
  if (!out.gpus && !boards.empty() && !boards.contains("")) out.gpus = static_cast<std::int64_t>(boards.size());
  if (!out.gpus && devices > 0) out.gpus = devices;   // each GPU is a device of its own, however it may be cut
  const bool slices = std::any_of(node.facts.allocatable.begin(), node.facts.allocatable.end(), [](const auto& each) { return each.first != "nvidia.com/gpu"; });
  if (!out.gpus && out.single.empty() && offered > 0 && !slices) out.gpus = offered;
  return out;
}

}  // namespace rightslice::observe
