// Private to workload/: from the parts of a pod to plain values.
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "workload/kind.hpp"
#include "workload/part.hpp"
#include "workload/pod_template.hpp"

namespace rightslice::workload {

/// Volume name -> path, for hostPath volumes.
using HostPaths = std::map<std::string, std::string, std::less<>>;

/// `image`: in place of the container's own, where the object writes it in another form.
Container readContainer(const Part& container, const HostPaths& volumes, std::optional<std::string> image = std::nullopt);
HostPaths readHostPaths(const Part& podSpec);
std::vector<model::Invocation::Env> readEnvironment(const Part& container, std::string_view key = "env");
NodeSelection readNodeSelection(const Part& podSpec);
/// Of objects that have the parts of a pod's node selection at places of their own; either may be absent.
NodeSelection readNodeSelection(const Part& selectorParent, std::string_view selector, const Part& required);
/// The template whose pod spec this is; `metadata` is that of the template, absent where there is none.
PodTemplate readPodTemplate(const Part& podSpec, const Part& metadata);
/// The same without its containers.
PodTemplate readPodFrame(const Part& podSpec, const Part& metadata);
/// The value at a filled-in pointer; parents of the wrong type are reported by the part that needs them.
Part partAt(const Part& root, std::string_view pointer);

/// One place of a pattern such as "/spec/replicatedJobs/*/template/spec".
struct Place {
  Part part;
  std::vector<std::string> stars;  ///< what stood for each `*`, escaped as in the pointer
};
/// Every object that the pattern leads to. On the way down only objects (before a `*` also arrays) are expected.
std::vector<Place> placesOf(const Part& root, std::string_view pattern);
/// The pattern with its first `*` filled in.
std::string fillIn(std::string_view pattern, const std::vector<std::string>& stars);

/// All templates of an object of this kind. (A parameter, so that a row needs not be in the table to be tried.)
std::vector<PodTemplate> readTemplates(const Part& object, const Kind& kind);

}  // namespace rightslice::workload
