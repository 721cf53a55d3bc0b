#include "workload/extent.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/limits.hpp"
#include "gpu/resource_name.hpp"
#include "workload/part.hpp"

namespace rightslice::workload {
namespace {

std::size_t gpusIn(const StringPairs& quantities) {
  return static_cast<std::size_t>(std::count_if(quantities.begin(), quantities.end(), [](const auto& each) {
    return gpu::ResourceName::parse(each.first).asksForGpu();
  }));
}

std::size_t asksOf(const Workload& workload) {
  std::size_t asks = 0;
  for (const PodTemplate& pod : workload.templates) {
    asks += pod.claims.size();
    for (const Container& each : pod.containers) asks += each.claims.size() + gpusIn(each.limits) + gpusIn(each.requests);
  }
  return asks;
}

std::size_t ownIn(const StringPairs& annotations) {
  return static_cast<std::size_t>(std::count_if(annotations.begin(), annotations.end(), [](const auto& each) {
    return each.first.find("rightslice.io/") != std::string::npos;
  }));
}

std::size_t valuesOf(const NodeSelection::Label& label) {
  std::size_t count = 0;
  for (const auto& term : label.terms) count += 1 + (term ? term->size() : 0);
  return count;
}

/// What takes the most memory while an object is judged, wherever it stands.
struct Extent {
  std::size_t containers = 0, words = 0;
};

/// Recursion is bounded by limits::kMaxDepth, which the parser sees to.
void measure(json::View value, Extent& extent) {
  for (const json::View each : value.elements()) measure(each, extent);
  for (const auto [key, member] : value.members()) {
    if (member.isArray()) {
      if (key == "containers" || key == "initContainers" || key == "ephemeralContainers") extent.containers += member.size();
      if (key == "command" || key == "args" || key == "env") extent.words += member.size();
    }
    measure(member, extent);
  }
}

std::string said(std::size_t count, const char* what, std::size_t most) {
  return fmt::format("the object has {} {}; at most {} are judged", count, what, most);
}

}  // namespace

std::optional<std::string> excessOf(json::View object, std::size_t bytes) {
  constexpr std::size_t kLeastBytes = 2;   // of an element of a list: a digit and a comma
  if (bytes < kLeastBytes * std::min(limits::kMaxContainers, limits::kMaxWords)) return std::nullopt;
  Extent extent;
  measure(object, extent);
  if (extent.containers > limits::kMaxContainers) return said(extent.containers, "containers", limits::kMaxContainers);
  if (extent.words > limits::kMaxWords) return said(extent.words, "words of command lines and variables of environments", limits::kMaxWords);
  return std::nullopt;
}

std::optional<std::string> excessOf(const Workload& workload) {
  std::size_t asksAtMost = 0, annotations = ownIn(workload.annotations), values = 0;
  for (const PodTemplate& pod : workload.templates) {
    if (pod.metadataPointer != "/metadata") annotations += ownIn(pod.annotations);  // those of a Pod are the object's
    for (const auto* label : {&pod.nodes.product, &pod.nodes.gkeAccelerator, &pod.nodes.gkePartition, &pod.nodes.gkeSharing}) {
      values = std::max(values, valuesOf(*label));
    }
    for (const auto& [name, label] : pod.nodes.machine) values = std::max(values, valuesOf(label));
    asksAtMost += pod.claims.size();
    for (const Container& each : pod.containers) asksAtMost += each.claims.size() + each.limits.size() + each.requests.size();
  }
  if (asksAtMost > limits::kMaxAsks)
    if (const std::size_t asks = asksOf(workload); asks > limits::kMaxAsks) return said(asks, "requests for GPUs", limits::kMaxAsks);
  if (annotations > limits::kMaxAsks) return said(annotations, "annotations of rightslice.io", limits::kMaxAsks);
  if (values > limits::kMaxSelected) return said(values, "alternatives of GPU products in its node affinity", limits::kMaxSelected);
  return std::nullopt;
}

}  // namespace rightslice::workload
