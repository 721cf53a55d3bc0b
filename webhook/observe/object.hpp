// An object that runs pods, or stands between one that does and its pods.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "json/view.hpp"
#include "workload/kind.hpp"

namespace rightslice::observe {

/// metadata.ownerReferences[] with controller: true.
struct Owner {
  std::string apiVersion, kind, name, uid;
};
std::optional<Owner> readOwner(json::View metadata);

/// How far an object has brought its template to its pods, as its controller says.
struct Rollout {
  bool told = false;                      ///< the object has a status that says so
  std::int64_t generation = 0, observedGeneration = 0;
  std::optional<std::int64_t> replicas, updated, ready;
  std::string revision;                   ///< of the template that is declared: what Pod::revision would be, or a Deployment's number
  bool paused = false, onDelete = false;  ///< a person must go on, or delete the pods
  std::int64_t partition = 0;             ///< of a StatefulSet: ordinals below it keep their template
  bool stuck = false;                     ///< the deadline of its progress has passed
  std::string progressAt;                 ///< when it last came forward, where that is told
  std::string failure, failureSince;      ///< why pods could not be made; empty: nothing of the kind is told
};

struct Object {
  std::string apiVersion, group, kind, ns, name, uid, created;
  std::optional<Owner> owner;
  /// As compact JSON, with what judging reads of it. Null: it asks for no GPU itself, or says no more than its owner; it only links.
  std::shared_ptr<const std::string> text;
  Rollout rollout;
  std::string revision;                   ///< of a ReplicaSet: the number that its Deployment gave it
};

/// Nothing for an object of a built-in kind that has nothing to do with GPUs, or has ended.
std::optional<Object> readObject(json::View object, const workload::Kind& kind, std::string_view apiVersion);

}  // namespace rightslice::observe
