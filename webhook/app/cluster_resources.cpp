#include "app/cluster_resources.hpp"

#include "policy/field.hpp"

namespace rightslice::app {
namespace {

kube::Resource core(std::string plural) {
  kube::Resource resource;
  resource.version = "v1";
  resource.plural = std::move(plural);
  return resource;
}

}  // namespace

kube::Resource policyResource(const PolicyKind& kind) {
  kube::Resource resource;
  resource.group = policy::kGroup;
  resource.version = policy::kApiVersion.substr(policy::kGroup.size() + 1);
  resource.plural = kind.plural;
  return resource;
}

kube::Resource autoscalerResource(const AutoscalerKind& kind) {
  kube::Resource resource;
  resource.group = kind.group;
  resource.version = kind.version;
  resource.plural = kind.plural;
  if (kind.custom) resource.versions = {std::string(kind.version)};
  return resource;
}

kube::Resource namespaceResource() {
  kube::Resource resource = core("namespaces");
  resource.metadataOnly = true;
  return resource;
}

kube::Resource nodeResource() { return core("nodes"); }

kube::Resource budgetResource() {
  kube::Resource resource = core("poddisruptionbudgets");
  resource.group = "policy";
  return resource;
}

kube::Resource podResource() {
  kube::Resource resource = core("pods");
  resource.fieldSelector = "status.phase!=Succeeded,status.phase!=Failed";
  return resource;
}

std::optional<kube::Resource> resourceOf(const workload::Kind& kind) {
  if (kind.plural.empty()) return std::nullopt;
  if (kind.plural == "pods" && kind.group.empty()) return podResource();
  kube::Resource resource;
  resource.group = kind.group;
  const auto versions = workload::versionsOf(kind);
  resource.version = versions.front();
  if (kind.custom) resource.versions.assign(versions.begin(), versions.end());
  resource.plural = kind.plural;
  return resource;
}

void addUse(Requested& requested, const PodUse& use) {
  for (const auto& [resource, count] : use.counts) requested[use.node][resource] += count;
}

}  // namespace rightslice::app
