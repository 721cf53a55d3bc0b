#include "observe/snapshot.hpp"

#include <algorithm>
#include <tuple>

namespace rightslice::observe {
namespace {

std::string resourceName(const workload::Kind& kind) {
  std::string out(kind.plural);
  if (!kind.group.empty()) out.append(".").append(kind.group);
  return out;
}

}  // namespace

bool Snapshot::workloadsKnown(std::string_view ns) const {
  for (const workload::Kind& kind : workload::kinds())
    if (!kind.plural.empty() && !coverage.known(resourceName(kind), ns)) return false;
  return true;
}

bool Snapshot::autoscalersKnown(std::string_view ns) const {
  return coverage.known("horizontalpodautoscalers.autoscaling", ns) && coverage.known("scaledobjects.keda.sh", ns);
}

void finish(Snapshot& snapshot) {
  std::sort(snapshot.objects.begin(), snapshot.objects.end(), [](const Object& a, const Object& b) {
    return std::tie(a.ns, a.kind, a.name, a.group, a.uid) < std::tie(b.ns, b.kind, b.name, b.group, b.uid);
  });
  std::sort(snapshot.pods.begin(), snapshot.pods.end(), [](const Pod& a, const Pod& b) { return std::tie(a.ns, a.name, a.uid) < std::tie(b.ns, b.name, b.uid); });
  if (snapshot.budgets)
    std::sort(snapshot.budgets->begin(), snapshot.budgets->end(), [](const Budget& a, const Budget& b) { return std::tie(a.ns, a.name) < std::tie(b.ns, b.name); });
  std::sort(snapshot.exporters.begin(), snapshot.exporters.end(),
            [](const Exporter& a, const Exporter& b) { return std::tie(a.node, a.ns, a.name) < std::tie(b.node, b.ns, b.name); });
  snapshot.coverage.sort();
  if (!snapshot.nodes) return;
  std::sort(snapshot.nodes->begin(), snapshot.nodes->end(), [](const Node& a, const Node& b) { return a.facts.name < b.facts.name; });
  auto held = snapshot.heldElsewhere;
  for (const Pod& pod : snapshot.pods) {
    if (!pod.placed()) continue;
    for (const auto& [resource, count] : pod.counts) held[pod.node][resource] += count;
  }
  for (Node& node : *snapshot.nodes) {
    node.facts.requestedKnown = snapshot.heldKnown;
    if (const auto at = held.find(node.facts.name); snapshot.heldKnown && at != held.end()) node.facts.requested = at->second;
  }
}

}  // namespace rightslice::observe
