// A Kubernetes object that runs pods, read into plain values.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "json/document.hpp"
#include "workload/kind.hpp"
#include "workload/pod_template.hpp"

namespace rightslice::workload {

struct OwnerReference {
  std::string apiVersion, kind, name, uid;
};

struct Workload {
  std::string apiVersion, kindName, ns, name, uid;   ///< ns: "default" where the object names none (or the caller's default)
  const Kind* kind = nullptr;                        ///< nothing: a kind this program does not know
  std::vector<std::pair<std::string, std::string>> labels, annotations;  ///< the object's own
  std::optional<OwnerReference> controller;          ///< metadata.ownerReferences[] with controller: true
  bool deleting = false;                             ///< metadata.deletionTimestamp is set
  bool mirrorPod = false;                            ///< kubernetes.io/config.mirror
  std::vector<PodTemplate> templates;
  std::optional<Claim> claim;                        ///< of a ResourceClaim or ResourceClaimTemplate
  /// What stands in other objects, for people: "the pods come from Deployment chat (spec.workloadRef), which is judged itself".
  std::vector<std::string> notes;
  /// JSON pointer of the first key that is a GPU resource name, in an object of an unknown kind.
  std::string gpuKeyPointer;
  /// Parts that have the wrong type (a string where an object belongs ...): JSON pointer and what was expected. Such a part
  /// is read as absent. Nothing is skipped in silence: of more than 200 the last that is named says that there may be others.
  std::vector<Error> malformed;

  const std::string* label(std::string_view key) const;
  const std::string* annotation(std::string_view key) const;
  bool asksForGpu() const;   ///< or for something by a claim, which may be a GPU
};

/// Never fails: an object of another kind gives a Workload with kind == nullptr.
Workload read(json::View object, std::string_view defaultNamespace = "default");

}  // namespace rightslice::workload
