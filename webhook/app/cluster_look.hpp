// One look at a cluster: what judging needs to know of it, read once and by lists alone. Nothing is written, nothing is followed.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "app/cluster_objects.hpp"
#include "json/document.hpp"
#include "kube/config.hpp"
#include "workload/autoscaler.hpp"

namespace rightslice::app {

/// What its user may not read. It may be there, and what hangs on it is unknown.
struct Unread {
  std::string resource, ns, reason;   ///< ns empty: of the whole cluster
};

struct ClusterSnapshot {
  std::vector<PolicyObject> policies;
  std::optional<std::vector<workload::Node>> nodes;
  workload::Devices devices;              ///< classes and claims of DRA; a part that may not be read, or is not served, is absent
  std::optional<std::map<std::string, workload::StringMap, std::less<>>> namespaces;
  std::vector<RunningText> running;       ///< of what could be read
  std::vector<workload::Autoscaler> autoscalers;   ///< of what could be read
  std::vector<Unread> unread;

  /// True if all that runs in the namespace was read; its policies and exceptions likewise.
  bool runningKnown(std::string_view ns) const { return !unreadWorkloads.contains(ns) && !unreadWorkloads.contains(""); }
  bool autoscalersKnown(std::string_view ns) const { return !unreadAutoscalers.contains(ns) && !unreadAutoscalers.contains(""); }
  std::vector<std::string> unreadPolicies(std::string_view ns) const;
  std::set<std::string, std::less<>> unreadWorkloads, unreadAutoscalers;   ///< namespaces; "" is all of them
};

/// The object as the cluster has it.
struct LiveObject {
  enum class State { Found, Absent, Unread };
  State state = State::Absent;
  std::string reason;                     ///< of Unread
  json::Document object;
};

/// For one thread.
class ClusterLook {
 public:
  using Progress = std::function<void(std::string_view what)>;

  explicit ClusterLook(kube::Config config);
  ~ClusterLook();
  const std::string& name() const;              ///< the kubeconfig and its context, or "in-cluster"
  const std::string& defaultNamespace() const;  ///< that of the context

  /// Of these namespaces, or (empty) of all. What may not be read is in `unread`; a server that does not answer is an error. A server
  /// without our resource definitions has no policies. What is requested on nodes is that of all namespaces.
  Result<ClusterSnapshot> snapshot(const std::set<std::string>& namespaces, const Progress& progress);
  /// Only policies, exceptions, labels of namespaces and nodes.
  Result<ClusterSnapshot> policies(const Progress& progress);
  Result<LiveObject> object(const workload::Kind& kind, std::string_view ns, std::string_view name);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace rightslice::app
