// Kinds of objects as the API server serves them, and the addresses of their lists.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "json/view.hpp"

namespace rightslice::kube {

struct Resource {
  std::string group, version, plural;    ///< group empty: the core
  std::string fieldSelector{}, labelSelector{};
  bool metadataOnly = false;             ///< ask for metadata alone (PartialObjectMetadata)
  int page = 250;                        ///< objects of one page of the list
  std::string ns{};                      ///< of the list; empty: all of them
  /// Of a resource that a cluster may lack (of a CRD): the versions in which it may be there, the best first. Which one is, is asked
  /// before it is read: that is open to everybody (system:discovery), so a right that is missing does not make the absent look refused.
  std::vector<std::string> versions{};

  /// "slicepolicies.rightslice.io", "nodes".
  std::string name() const { return group.empty() ? plural : plural + "." + group; }
};

/// "/apis/apps/v1/namespaces/team-a/deployments/chat/status"; empty parts are left out, each part is escaped.
std::string path(const Resource& resource, std::string_view ns = {}, std::string_view name = {}, std::string_view subresource = {});

/// "/apis/serving.kserve.io/v1beta1": what the server has of this version.
std::string discoveryPath(const Resource& resource, std::string_view version);
/// Whether that answer (an APIResourceList) has the resource.
bool isListed(json::View resources, const Resource& resource);

/// The query of one page; `next`: the token of the page before.
std::string listQuery(const Resource& resource, int limit, std::string_view next);
/// The query of a watch from `version` on.
std::string watchQuery(const Resource& resource, std::string_view version, std::int64_t seconds);

/// What to accept: JSON, or metadata alone as JSON.
std::string_view accepts(const Resource& resource, bool watch);

/// Percent-encoded, but for what RFC 3986 calls unreserved.
std::string escape(std::string_view text);

/// What a Status object (or any other body) of an answer that is no success says, short and on one line.
std::string statusMessage(std::string_view body);

}  // namespace rightslice::kube
