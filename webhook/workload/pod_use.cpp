#include "workload/pod_use.hpp"

#include <algorithm>

#include "base/quantity.hpp"
#include "gpu/resource_name.hpp"

namespace rightslice::workload {
namespace {

constexpr std::int64_t kMost = std::int64_t{1} << 40;  // of one resource on one pod; keeps sums from overflowing

void addTo(Counts& sum, const Counts& more) {
  for (const auto& [resource, count] : more) {
    std::int64_t& at = sum[resource];
    at = std::min(kMost, at + std::min(kMost, count));
  }
}

void raiseTo(Counts& most, const Counts& other) {
  for (const auto& [resource, count] : other) {
    std::int64_t& at = most[resource];
    at = std::max(at, std::min(kMost, count));
  }
}

}  // namespace

Counts gpuCounts(json::View resources) {
  Counts out;
  for (const auto each : resources.members()) {
    if (!gpu::ResourceName::parse(each.key).asksForGpu()) continue;
    const auto quantity = Quantity::parse(each.value.scalarText().value_or(""));
    const auto count = quantity && !quantity->isNegative() ? quantity->integer() : std::nullopt;
    if (count) out.emplace(each.key, *count);
  }
  return out;
}

Counts askedBy(json::View container) {
  const json::View resources = container["resources"];
  Counts out = gpuCounts(resources["limits"]);
  out.merge(gpuCounts(resources["requests"]));
  return out;
}

Counts reservedFor(json::View podSpec) {
  Counts out, beside, most;
  for (const json::View each : podSpec["initContainers"].elements()) {
    Counts own = askedBy(each);
    const bool sidecar = each["restartPolicy"].stringOr("") == "Always";
    if (sidecar) {
      addTo(beside, own);
    } else {
      addTo(own, beside);
      raiseTo(most, own);
    }
  }
  out = beside;
  for (const json::View each : podSpec["containers"].elements()) addTo(out, askedBy(each));
  raiseTo(out, most);
  std::erase_if(out, [](const auto& each) { return each.second == 0; });
  return out;
}

std::optional<PodUse> readPodUse(json::View object) {
  const json::View spec = object["spec"];
  const std::string_view phase = object["status"]["phase"].stringOr("");
  PodUse out;
  out.node = spec["nodeName"].stringOr("");
  if (out.node.empty() || phase == "Succeeded" || phase == "Failed") return std::nullopt;
  out.counts = reservedFor(spec);
  if (out.counts.empty()) return std::nullopt;
  return out;
}

}  // namespace rightslice::workload
