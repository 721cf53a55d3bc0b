// The table of workload kinds: where each keeps its pod templates, replicas and annotations.
// Source: kubernetes/api types; facts of section 2 cited in kind.cpp. Adding a kind is adding a row.
#pragma once
#include <optional>
#include <span>
#include <string_view>

namespace rightslice::workload {

/// A place with pod templates; fields as in Kind.
struct PodPlace {
  std::string_view podSpec, metadata, replicas;
};

struct Kind {
  std::string_view group, kind;       ///< "apps", "Deployment" ("" is the core group)
  std::string_view podSpec;           ///< JSON pointer of the pod spec, "" if it runs none; a `*` stands for each element (or member) in its place
  std::string_view metadata;          ///< JSON pointer of the template's metadata; "" if it has none; same `*` as in podSpec
  /// JSON pointer of the replica count; "" where it is not in the object; several, separated by blanks, are multiplied.
  std::string_view replicas;
  std::string_view replicasAtMost = {};  ///< JSON pointer of a count that caps it (completions of a Job)
  bool replicasKnown = true;
  bool immutableTemplate = false;     ///< patched on CREATE only
  /// Why the webhook must not rewrite the request in this kind (its operator adds a GPU of its own ...); empty if it may.
  std::string_view neverRewrite = {};
  bool multiPodGroup = false;         ///< pods of one object work as one group
  /// As the API serves it, "v1" and "deployments": what runs in a cluster is read from there. Empty: not read.
  std::string_view version = {}, plural = {};
  std::span<const PodPlace> more = {};      ///< further places with pods of their own (the head of a Ray cluster)
  std::string_view serveConfig = {};  ///< JSON pointer of a YAML text with what the pods serve (serve_config.hpp)
};
std::span<const Kind> kinds();
/// "apps/v1" -> "apps"; "v1" -> "".
std::string_view groupOf(std::string_view apiVersion);
/// By the object's apiVersion (any version of the group) and kind.
const Kind* findKind(std::string_view apiVersion, std::string_view kind);
/// Names for match.kinds: is it a kind this program knows?
bool isKnownKindName(std::string_view kind);

}  // namespace rightslice::workload
