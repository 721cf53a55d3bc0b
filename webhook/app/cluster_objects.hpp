// Objects of a cluster, read for what they mean here. Nothing is trusted to be there or of the right type.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "app/inventory_source.hpp"
#include "json/view.hpp"
#include "workload/kind.hpp"
#include "workload/node_object.hpp"
#include "workload/pod_use.hpp"
#include "workload/surroundings.hpp"

namespace rightslice::app {

/// status.conditions[type=Accepted] of a policy.
struct Condition {
  bool accepted = false;
  std::string reason, message, since;   ///< since: lastTransitionTime as written
  std::int64_t generation = 0;
  friend bool operator==(const Condition&, const Condition&) = default;
};

/// A policy or an exception, as it is served. `text` is what its author sees of it: YAML, with the spec and a few fields of the
/// metadata, for the same loader and the same messages as a file.
struct PolicyObject {
  std::string plural, kind, ns, name, uid, text;
  std::int64_t generation = 0;
  std::optional<Condition> condition;
  /// status.lastAccepted: the text that was last accepted, and of which generation (0: none is kept).
  std::string lastText;
  std::int64_t lastGeneration = 0;
  std::string unread;               ///< why it cannot be read, if it cannot; the rest is then as it was last, or empty
  std::string counted, evaluated;   ///< of the status: countedText() (policy_status.hpp), and when that was last found to be so
  /// What stands for a file name in messages: "slicepolicies.rightslice.io/team-a/default".
  std::string place() const;
  friend bool operator==(const PolicyObject&, const PolicyObject&) = default;
};
std::optional<PolicyObject> readPolicyObject(json::View object, std::string_view plural, std::string_view kind);

using workload::Counts;
using workload::PodUse;
using workload::readNode;
using workload::readPodUse;

/// A pod: what it holds, and itself where it is nobody's child.
struct PodFacts {
  std::optional<PodUse> use;
  std::optional<RunningText> running;
  friend bool operator==(const PodFacts&, const PodFacts&) = default;
};
std::optional<PodFacts> readPod(json::View object);

/// An object of a kind of the table that runs pods with GPUs and is nobody's child.
std::optional<RunningText> readRunningObject(json::View object, const workload::Kind& kind);

/// Labels of a namespace, with the one that every namespace has.
std::optional<workload::StringMap> readNamespaceLabels(json::View object);

}  // namespace rightslice::app
