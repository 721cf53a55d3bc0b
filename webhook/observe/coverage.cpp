#include "observe/coverage.hpp"

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

namespace rightslice::observe {
namespace {

constexpr std::array<std::string_view, 5> kStates{"read", "forbidden", "absent", "failed", "notGiven"};

constexpr std::pair<std::string_view, std::string_view> kUnknown[] = {
    {"nodes", "products, geometry, and what is free, dark or stranded"},
    {"pods", "what runs, where it runs, restarts, and what is held on nodes"},
    {"namespaces", "which policies select a namespace by label"},
    {"replicasets.apps", "of which revision pods are; pods are joined with their Deployment by name"},
    {"horizontalpodautoscalers.autoscaling", "autoscaling"},
    {"scaledobjects.keda.sh", "autoscaling by KEDA"},
    {"poddisruptionbudgets.policy", "what may be evicted when a node is drained"},
    {"slicepolicies.rightslice.io", "the policies in force, and with them decisions and recommendations"},
    {"clusterslicepolicies.rightslice.io", "the policies in force, and with them decisions and recommendations"},
    {"sliceexceptions.rightslice.io", "what is excepted from policies"},
    {"deviceclasses.resource.k8s.io", "what claims ask for"},
    {"resourceclaimtemplates.resource.k8s.io", "what pods with claims ask for"},
    {"resourceclaims.resource.k8s.io", "what claims ask for, and which devices they hold"},
    {"resourceslices.resource.k8s.io", "the devices that nodes hand out by claims"},
    {"pods/proxy", "what the engines of these pods measure"},
    {"dcgm-exporter", "how much memory of each slice is in use"},
    {"metrics", "how full what runs is, whether it works, and how much"},
};

}  // namespace

std::string_view name(Seen::State state) { return kStates[static_cast<std::size_t>(state)]; }

std::string_view unknownWithout(std::string_view resource) {
  for (const auto& [known, text] : kUnknown)
    if (known == resource) return text;
  return "workloads of this kind, and the owners of pods that they run";
}

void Coverage::sort() {
  std::sort(entries_.begin(), entries_.end(), [](const Seen& a, const Seen& b) { return std::tie(a.resource, a.ns) < std::tie(b.resource, b.ns); });
}

bool Coverage::known(std::string_view resource, std::string_view ns) const {
  // One of its own says more of a namespace than that of the whole cluster, which may be refused where the namespace is not.
  const Seen* whole = nullptr;
  for (const Seen& each : entries_) {
    if (each.resource != resource) continue;
    if (each.ns == ns) return each.known();
    if (each.ns.empty()) whole = &each;
  }
  return whole != nullptr && whole->known();
}

std::vector<const Seen*> Coverage::unread() const {
  std::vector<const Seen*> out;
  for (const Seen& each : entries_)
    if (!each.known()) out.push_back(&each);
  return out;
}

}  // namespace rightslice::observe
