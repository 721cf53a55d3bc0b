#include "workload/node_object.hpp"

#include <algorithm>

#include "workload/pod_use.hpp"

namespace rightslice::workload {
namespace {

/// Labels that say which GPU a node has, also while its device plugin is away and nothing is allocatable.
constexpr std::string_view kProductLabels[] = {"nvidia.com/gpu.product", "cloud.google.com/gke-accelerator"};

}  // namespace

StringMap labelsOf(json::View object) {
  StringMap out;
  for (const auto each : object["metadata"]["labels"].members()) {
    if (const auto value = each.value.string()) out.emplace(each.key, *value);
  }
  return out;
}

std::optional<Node> readNode(json::View object) {
  Node node;
  node.name = object["metadata"]["name"].stringOr("");
  node.allocatable = gpuCounts(object["status"]["allocatable"]);
  node.labels = labelsOf(object);
  const bool named = std::any_of(std::begin(kProductLabels), std::end(kProductLabels), [&](std::string_view label) { return node.labels.contains(label); });
  if (node.allocatable.empty() && !named) return std::nullopt;
  return node;
}

}  // namespace rightslice::workload
