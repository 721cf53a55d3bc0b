// What the objects of one input say about each other, in whatever order they stand: namespaces, exceptions, owners, autoscalers.
#pragma once
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "cli/input.hpp"
#include "policy/load.hpp"
#include "workload/autoscaler.hpp"
#include "workload/surroundings.hpp"
#include "workload/workload.hpp"

namespace rightslice::cli {

class Survey {
 public:
  Survey(policy::LoadOptions options, std::string defaultNamespace)
      : options_(options), defaultNamespace_(std::move(defaultNamespace)) {}

  /// The first look, at all files: what stands in them. Files that cannot be read are passed over.
  void look(Input& input);

  /// Labels of the Namespace objects.
  const std::map<std::string, workload::StringMap, std::less<>>& namespaces() const { return namespaces_; }
  /// ResourceClaimTemplate, ResourceClaim and DeviceClass objects.
  const workload::Devices& devices() const { return devices_; }
  /// SliceException objects, and what is wrong with them.
  const policy::Loaded& exceptions() const { return exceptions_; }
  /// Places and names of policies in the input, which are not applied.
  const std::vector<std::string>& policiesSeen() const { return policiesSeen_; }
  /// Namespaces of the objects that are judged.
  const std::set<std::string>& workloadNamespaces() const { return workloadNamespaces_; }
  /// The controller owner of the workload, if it is in the input: same kind, group, namespace and name, and the same
  /// uid where both name one.
  const workload::Workload* ownerOf(const workload::Workload& child) const;
  /// What scales objects of the input.
  const workload::Autoscalers& autoscalers() const { return autoscalers_; }

 private:
  using Key = std::tuple<std::string, std::string, std::string>;  // kind, namespace, name
  void note(const InputObject& object, std::size_t file);
  void collectOwners(Input& input);

  policy::LoadOptions options_;
  std::string defaultNamespace_;
  std::map<std::string, workload::StringMap, std::less<>> namespaces_;
  workload::Devices devices_;
  policy::Loaded exceptions_;
  std::vector<std::string> policiesSeen_;
  std::set<std::string> workloadNamespaces_;
  std::map<Key, std::size_t> wanted_;               // owners that are named by some child
  std::map<Key, std::vector<std::size_t>> places_;  // object -> files that hold it
  std::multimap<Key, workload::Workload> owners_;
  std::vector<workload::Autoscaler> scaling_;
  workload::Autoscalers autoscalers_;
};

}  // namespace rightslice::cli
