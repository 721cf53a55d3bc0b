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

/// By what tells one from another in a cluster. Of two that nothing tells apart, as in two recordings of the same, the one that was read last stands.
template <class T, class Key>
void order(std::vector<T>& all, const Key& key) {
  std::stable_sort(all.begin(), all.end(), [&](const T& a, const T& b) { return key(a) < key(b); });
  std::size_t kept = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (i + 1 < all.size() && key(all[i]) == key(all[i + 1])) continue;
    if (kept != i) all[kept] = std::move(all[i]);
    ++kept;
  }
  all.erase(all.begin() + static_cast<std::ptrdiff_t>(kept), all.end());
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
  order(snapshot.objects, [](const Object& each) { return std::tie(each.ns, each.kind, each.name, each.group); });
  order(snapshot.pods, [](const Pod& each) { return std::tie(each.ns, each.name); });
  if (snapshot.budgets) order(*snapshot.budgets, [](const Budget& each) { return std::tie(each.ns, each.name); });
  order(snapshot.exporters, [](const Exporter& each) { return std::tie(each.node, each.ns, each.name); });
  snapshot.coverage.sort();
  if (!snapshot.nodes) return;
  order(*snapshot.nodes, [](const Node& each) { return std::tie(each.facts.name); });
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
