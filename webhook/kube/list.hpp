// One look at a list or an object of the API server, waited for: for commands that ask once and end.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "json/document.hpp"
#include "kube/cluster.hpp"
#include "kube/objects.hpp"
#include "kube/resource.hpp"

namespace rightslice::kube {

/// What the server let us see.
struct Look {
  enum class Outcome {
    Whole,    ///< all that there is
    Refused,  ///< 403: there may be something
    Absent    ///< the server knows no such resource, or no such object
  };
  Outcome outcome = Outcome::Whole;
  std::string reason;   ///< of a refusal
};

struct ListReader {
  /// Before the first page, and again where the list changed under our feet and is read anew: forget what was read of it.
  std::function<void()> begin;
  std::function<void(json::View)> object;
  /// One that is there and cannot be read; where nobody is told, the list is an error.
  std::function<void(const UnreadObject&)> unread{};
};

/// Page by page; `ns` empty: of all namespaces. A server that is busy or restarts is asked again for up to half a minute; everything
/// else that is no answer is an error. Not for the cluster's own thread.
Result<Look> list(Cluster& cluster, const Resource& resource, std::string_view ns, const ListReader& reader);

/// The resource in the version that the server has; nothing if it has none. Only one that a cluster may lack is asked for.
Result<std::optional<Resource>> served(Cluster& cluster, const Resource& resource);

struct Found {
  Look look;
  json::Document object;  ///< null unless look.outcome is Whole
};
Result<Found> get(Cluster& cluster, const Resource& resource, std::string_view ns, std::string_view name);

}  // namespace rightslice::kube
