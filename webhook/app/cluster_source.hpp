// The cluster as a source: policies that are custom resources, labels of namespaces, nodes and what is requested on them.
#pragma once
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "admission/missing_claim.hpp"
#include "app/cluster_objects.hpp"
#include "app/cluster_options.hpp"
#include "host/clock.hpp"
#include "kube/cluster.hpp"
#include "workload/autoscaler.hpp"

namespace rightslice::app {

/// The policies of the cluster as they are now.
struct ClusterPolicies {
  bool known = false;                       ///< every list of policies was read once
  host::Clock::Time confirmed{};            ///< when the server last said that all of them are still so
  std::vector<PolicyObject> objects;
};

/// What judging needs to know of the cluster. Absent: not known, as its role does not let it read them.
struct ClusterFacts {
  workload::Devices devices{};
  std::optional<std::vector<workload::Node>> nodes;
  std::optional<std::map<std::string, workload::StringMap, std::less<>>> namespaces;
  std::uint64_t basis = 0;                  ///< ClusterSource::basisVersion() of what is here
};

/// One list that is followed, for people.
struct WatchReport {
  std::string resource, trouble;
  std::string_view phase;                   ///< starting, synced, refused, absent
  std::chrono::seconds age{};               ///< since the server last confirmed what is kept
  bool settled = false;                     ///< it is known what can be known of it: there is an answer to judge with
  bool decides = false;                     ///< verdicts hang on it beside the policies: too old is not ready
  std::size_t unread = 0;                   ///< objects of it that cannot be read
};

/// "starting", "synced", "refused", "absent".
std::string_view nameOf(kube::WatchState::Phase phase);

/// Thread-safe but for start() and stop().
class ClusterSource {
 public:
  /// `absentIsEmpty`: a server without our resource definitions has no policies (there are others, in files); otherwise it is not
  /// taken for an answer.
  ClusterSource(kube::Config config, bool absentIsEmpty, ClusterTells tells, kube::Pace pace = {});
  ~ClusterSource();
  void start();
  void stop();

  const std::string& name() const;          ///< "in-cluster", or the kubeconfig and its context
  ClusterPolicies policies(host::Clock::Time now) const;
  std::uint64_t policiesVersion() const;    ///< another number whenever policies() may have changed
  /// Nothing before namespaces and nodes were read once, or refused.
  std::optional<ClusterFacts> facts() const;
  std::uint64_t factsVersion() const;
  /// Another number whenever nodes (not what is requested on them), namespaces or what claims ask for may have changed.
  std::uint64_t basisVersion() const;
  /// What runs; nothing before all of it and what scales it was read once, or while its role does not let it read some of what runs.
  std::optional<std::vector<RunningText>> running() const;
  std::uint64_t runningVersion() const;
  bool runningReadable() const;             ///< false while its role does not let it read some of what runs
  /// What scales what runs; null before it was read once, or while its role does not let it read some of it.
  std::shared_ptr<const workload::Autoscalers> autoscalers() const;
  std::vector<WatchReport> watches() const;
  /// The object as it is now.
  std::optional<PolicyObject> policy(const std::string& plural, const std::string& key) const;
  /// A claim or template of DRA as it is now: as it was last seen, or else asked for, as far as there is time for it (ClaimQuestions).
  std::optional<workload::Claim> claim(const admission::MissingClaim& missing, std::chrono::milliseconds limit);
  Result<kube::Answer> call(kube::Request request);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace rightslice::app
