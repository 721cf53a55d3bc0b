#include <algorithm>
#include <map>
#include <tuple>
#include <unordered_map>
#include <unordered_set>

#include "observe/placement.hpp"

namespace rightslice::observe {
namespace {

constexpr int kDeepest = 16;   // owners of owners: the deepest chain of the field has 6 (RayService, RayCluster, ... Knative)

/// Finds the outermost of a chain of owners.
class Chains {
 public:
  explicit Chains(const Snapshot& snapshot) : snapshot_(snapshot) {
    for (Index i = 0; i < snapshot.objects.size(); ++i) {
      const Object& each = snapshot.objects[i];
      if (!each.uid.empty()) byUid_.emplace(each.uid, i);
      byName_.emplace(std::tuple(each.kind, each.ns, each.name), i);
    }
  }

  struct Top {
    std::optional<Index> object;   // the outermost with a text
    std::optional<Owner> beyond;   // what controls that one; or the last owner of the chain, where none has a text
    bool byName = false;
  };

  Top of(std::optional<Owner> owner, std::string_view ns, const std::string& revision) const {
    Top out;
    for (int depth = 0; owner && depth < kDeepest; ++depth) {
      std::optional<Index> at = find(*owner, ns);
      if (!at && owner->kind == "ReplicaSet") {
        at = deploymentOf(*owner, ns, revision);
        out.byName = out.byName || at.has_value();
      }
      if (!at) {
        out.beyond = std::move(owner);
        break;
      }
      const Object& object = snapshot_.objects[*at];
      if (object.text) {
        out.object = at;
        out.beyond.reset();
      } else {
        out.beyond = Owner{object.apiVersion, object.kind, object.name, object.uid};
      }
      owner = object.owner;
    }
    return out;
  }

 private:
  std::optional<Index> find(const Owner& owner, std::string_view ns) const {
    if (!owner.uid.empty()) {
      const auto at = byUid_.find(owner.uid);
      if (at != byUid_.end()) return at->second;
      return std::nullopt;
    }
    const auto at = byName_.find(std::tuple(owner.kind, std::string(ns), owner.name));
    return at == byName_.end() ? std::nullopt : std::optional(at->second);
  }

  /// The Deployment of a ReplicaSet that was not read: its name is that of the Deployment, a hyphen and the hash of the template
  /// (kubernetes pkg/controller/deployment/sync.go, getNewReplicaSet).
  std::optional<Index> deploymentOf(const Owner& set, std::string_view ns, const std::string& hash) const {
    if (hash.empty() || !set.name.ends_with("-" + hash)) return std::nullopt;
    const auto at = byName_.find(std::tuple(std::string("Deployment"), std::string(ns), set.name.substr(0, set.name.size() - hash.size() - 1)));
    return at == byName_.end() ? std::nullopt : std::optional(at->second);
  }

  const Snapshot& snapshot_;
  std::unordered_map<std::string, Index> byUid_;
  std::map<std::tuple<std::string, std::string, std::string>, Index> byName_;
};

}  // namespace

std::vector<Deployed> deployedOf(const Snapshot& snapshot) {
  const Chains chains(snapshot);
  // A pod is an object too where nobody says what it asks for; there it is taken with the pods.
  std::unordered_set<std::string_view> pods;
  for (const Pod& each : snapshot.pods) pods.insert(each.uid);
  std::map<Index, Deployed> byObject;
  std::unordered_map<std::string_view, Index> podObjects;
  for (Index i = 0; i < snapshot.objects.size(); ++i) {
    const Object& object = snapshot.objects[i];
    if (!object.text) continue;
    if (object.kind == "Pod" && !object.uid.empty() && pods.contains(object.uid)) {
      podObjects.emplace(object.uid, i);
      continue;
    }
    const auto top = chains.of(object.owner, object.ns, "");
    Deployed& deployed = byObject[top.object.value_or(i)];
    if (top.object) {
      deployed.children.push_back(i);
      continue;
    }
    deployed.object = i;
    deployed.owner = top.beyond;
  }
  // Pods of an owner that says nothing itself: alike, they are one workload.
  std::map<std::tuple<std::string, std::string, const std::string*>, Deployed> byText;
  for (Index i = 0; i < snapshot.pods.size(); ++i) {
    const Pod& pod = snapshot.pods[i];
    const auto top = chains.of(pod.owner, pod.ns, pod.revision);
    Deployed* deployed = nullptr;
    if (top.object) {
      deployed = &byObject[*top.object];
      deployed->byName = deployed->byName || top.byName;
    } else {
      const bool alone = !top.beyond || top.beyond->kind == "Node";
      deployed = &byText[{pod.ns, alone ? pod.name + "/" + pod.uid : top.beyond->uid + "/" + top.beyond->name, pod.text.get()}];
      if (!alone) deployed->owner = top.beyond;
      else if (const auto own = podObjects.find(pod.uid); own != podObjects.end()) deployed->object = own->second;
    }
    deployed->pods.push_back(i);
  }
  std::vector<Deployed> out;
  for (auto& [index, each] : byObject) out.push_back(std::move(each));
  for (auto& [key, each] : byText) out.push_back(std::move(each));
  const auto nameOf = [&](const Deployed& each) {
    if (each.object) {
      const Object& object = snapshot.objects[*each.object];
      return std::tuple<std::string_view, std::string_view, std::string_view>(object.ns, object.kind, object.name);
    }
    const Pod& pod = snapshot.pods[each.pods.front()];
    return std::tuple<std::string_view, std::string_view, std::string_view>(pod.ns, "Pod", pod.name);
  };
  std::stable_sort(out.begin(), out.end(), [&](const Deployed& a, const Deployed& b) { return nameOf(a) < nameOf(b); });
  return out;
}

}  // namespace rightslice::observe
