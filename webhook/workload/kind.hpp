// The table of workload kinds: where each keeps its pod templates, replicas and annotations. Rows stand in kinds/, one file for each
// project; adding a kind is adding a row there.
#pragma once
#include <span>
#include <string_view>
#include <vector>

namespace rightslice::workload {

class Part;
struct PodTemplate;

/// A place with pod templates. A `*` in a pointer stands for each element (or member) in its place, the same in all three.
struct PodPlace {
  std::string_view podSpec;    ///< JSON pointer of the pod spec
  std::string_view metadata;   ///< JSON pointer of the template's metadata; "" if it has none
  /// Pods per object, as factors separated by blanks; a factor is `pointer|pointer<=pointer`: the first that is there (none: 1), and
  /// never more than what stands behind `<=`. "": one.
  std::string_view replicas;
};

/// What an object of a kind holds of its pods. Decides who is judged and counted where the object itself asks for no GPU.
enum class Holds {
  Everything,  ///< its pods ask for what the object says
  Reference,   ///< it may point at another object with the template (Rollout with workloadRef): that one is judged
  Part,        ///< its operator may add requests that stand elsewhere (a ServingRuntime, a preset): the children are judged
};

struct Kind {
  std::string_view group, kind;       ///< "apps", "Deployment" ("" is the core group)
  std::span<const PodPlace> places = {};
  /// Reads the templates of a kind that keeps no plain pod template, in place of `places`.
  std::vector<PodTemplate> (*read)(const Part& object) = nullptr;
  /// Adds what the object says beside its templates: the model, group sizes, maxima of autoscalers.
  void (*complete)(const Part& object, std::vector<PodTemplate>& templates) = nullptr;
  bool replicasKnown = true;
  bool immutableTemplate = false;     ///< patched on CREATE only
  /// Why the webhook must not rewrite the request in this kind (its operator adds a GPU of its own ...); empty if it may.
  std::string_view neverRewrite = {};
  bool multiPodGroup = false;         ///< pods of one object work as one group
  /// From this object others make their pods, and it runs none itself: judged by the names of its requests alone.
  bool pattern = false;
  Holds holds = Holds::Everything;
  /// As the API serves it: "v1" and "deployments", several versions separated by blanks, the newest first. What runs in a cluster is read
  /// from there. Empty: not read.
  std::string_view version = {}, plural = {};
  bool custom = false;                ///< defined by a CRD: a cluster may lack it
  /// For people, in policies/kinds.md: the fields that name the model, what of it the object alone does not tell, the service account
  /// with which its operator creates children in an installation by default, and where all that is from.
  std::string_view model = {}, unread = {}, controller = {}, source = {};
};
std::span<const Kind> kinds();
/// "apps/v1" -> "apps"; "v1" -> "".
std::string_view groupOf(std::string_view apiVersion);
/// By the object's apiVersion (any version of the group) and kind.
const Kind* findKind(std::string_view apiVersion, std::string_view kind);
/// Names for match.kinds: is it a kind this program knows?
bool isKnownKindName(std::string_view kind);
/// "v1beta1 v1alpha1" -> both.
std::vector<std::string_view> versionsOf(const Kind& kind);

}  // namespace rightslice::workload
