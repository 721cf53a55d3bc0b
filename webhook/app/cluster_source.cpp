#include "app/cluster_source.hpp"

#include <algorithm>

#include "app/claim_questions.hpp"
#include "app/cluster_resources.hpp"
#include "app/device_watches.hpp"

namespace rightslice::app {
namespace {

using kube::WatchState;
using Phase = WatchState::Phase;
using SteadyClock = std::chrono::steady_clock;

// In the order in which they are followed.
constexpr std::size_t kNamespaces = kPolicyKinds.size(), kNodes = kNamespaces + 1, kDevices = kNodes + 1,
                      kAutoscalers = kDevices + DeviceWatches::kCount,
                      kPods = kAutoscalers + kAutoscalerKinds.size();

/// One of which nothing was ever read but its name.
PolicyObject unreadPolicyObject(const PolicyKind& kind, std::string_view key, const std::string& reason) {
  PolicyObject out;
  out.plural = kind.plural;
  out.kind = kind.kind;
  const std::size_t slash = key.find('/');
  if (slash != std::string_view::npos) out.ns = key.substr(0, slash);
  out.name = slash == std::string_view::npos ? key : key.substr(slash + 1);
  out.unread = reason;
  return out;
}

}  // namespace

std::string_view nameOf(Phase phase) {
  switch (phase) {
    case Phase::Starting: return "starting";
    case Phase::Synced: return "synced";
    case Phase::Refused: return "refused";
    case Phase::Absent: return "absent";
  }
  return "";
}

struct ClusterSource::Parts {
  using Policies = kube::Store<PolicyObject>;
  using Workloads = kube::Store<RunningText>;
  using Scaling = kube::Store<workload::Autoscaler>;

  Parts(kube::Config config, bool absent, ClusterTells tells, kube::Pace pace)
      : absentIsEmpty(absent),
        namespaces(readNamespaceLabels),
        nodes(readNode),
        pods(readPod),
        questions([this](kube::Request request, std::function<void(Result<kube::Answer>)> then) { cluster.send(std::move(request), std::move(then)); }),
        cluster(clusterOptions(std::move(config), std::move(tells), pace)) {
    for (const PolicyKind& each : kPolicyKinds) {
      policies.push_back(std::make_unique<Policies>([&each](json::View object) { return readPolicyObject(object, each.plural, each.kind); },
                                                    kube::Unreadable::AsItWas));
      cluster.follow(policyResource(each), *policies.back());
    }
    cluster.follow(namespaceResource(), namespaces);
    cluster.follow(nodeResource(), nodes);
    devices.follow(cluster);
    for (const AutoscalerKind& each : kAutoscalerKinds) {
      autoscalers.push_back(std::make_unique<Scaling>([&each](json::View object) { return workload::readAutoscaler(object, each.kind); }));
      cluster.follow(autoscalerResource(each), *autoscalers.back());
    }
    cluster.follow(podResource(), pods);
    for (const workload::Kind& kind : workload::kinds()) {
      auto resource = resourceOf(kind);
      if (!resource || (kind.group.empty() && kind.plural == "pods")) continue;
      // One that cannot be read counts as it was last: were all that runs unknown for it, whoever writes one would lift every budget.
      workloads.push_back(
          std::make_unique<Workloads>([&kind](json::View object) { return readRunningObject(object, kind); }, kube::Unreadable::AsItWas));
      cluster.follow(std::move(*resource), *workloads.back());
    }
  }

  static DeviceWatches::States deviceStates(const std::vector<WatchState>& states) { return DeviceWatches::States(states.data() + kDevices, DeviceWatches::kCount); }
  bool listed(Phase phase) const { return phase == Phase::Synced || (phase == Phase::Absent && absentIsEmpty); }

  const bool absentIsEmpty;
  std::vector<std::unique_ptr<Policies>> policies;  // as kPolicyKinds
  kube::Store<workload::StringMap> namespaces;
  kube::Store<workload::Node> nodes;
  DeviceWatches devices;
  std::vector<std::unique_ptr<Scaling>> autoscalers;  // as kAutoscalerKinds
  kube::Store<PodFacts> pods;
  std::vector<std::unique_ptr<Workloads>> workloads;  // as workload::kinds(), without pods
  ClaimQuestions questions;
  kube::Cluster cluster;  // ends first
};

ClusterSource::ClusterSource(kube::Config config, bool absentIsEmpty, ClusterTells tells, kube::Pace pace)
    : parts_(std::make_unique<Parts>(std::move(config), absentIsEmpty, std::move(tells), pace)) {}
ClusterSource::~ClusterSource() = default;

void ClusterSource::start() { parts_->cluster.start(); }
void ClusterSource::stop() { parts_->cluster.stop(); }
const std::string& ClusterSource::name() const { return parts_->cluster.config().source; }
Result<kube::Answer> ClusterSource::call(kube::Request request) { return parts_->cluster.call(std::move(request)); }

ClusterPolicies ClusterSource::policies(host::Clock::Time now) const {
  ClusterPolicies out;
  const auto states = parts_->cluster.states();
  const auto steadyNow = SteadyClock::now();
  auto oldest = steadyNow;
  out.known = true;
  for (std::size_t i = 0; i < kPolicyKinds.size(); ++i) {
    out.known = out.known && parts_->listed(states[i].phase);
    oldest = std::min(oldest, states[i].contact);
  }
  out.confirmed = now - std::chrono::duration_cast<host::Clock::Time::duration>(steadyNow - oldest);
  for (std::size_t i = 0; i < kPolicyKinds.size(); ++i) {
    std::map<std::string, std::string> unread;
    parts_->policies[i]->eachUnread([&](const std::string& key, const std::string& reason) { unread.emplace(key, reason); });
    parts_->policies[i]->each([&](const std::string& key, const PolicyObject& object) {
      out.objects.push_back(object);
      if (auto known = unread.extract(key)) out.objects.back().unread = std::move(known.mapped());
    });
    for (const auto& [key, reason] : unread) out.objects.push_back(unreadPolicyObject(kPolicyKinds[i], key, reason));
  }
  return out;
}

std::uint64_t ClusterSource::policiesVersion() const {
  std::uint64_t sum = 0;
  for (const auto& store : parts_->policies) sum += store->version();
  const auto states = parts_->cluster.states();
  for (std::size_t i = 0; i < kPolicyKinds.size(); ++i) sum += states[i].turns;
  return sum;
}

std::optional<ClusterFacts> ClusterSource::facts() const {
  const auto states = parts_->cluster.states();
  if (states[kNamespaces].phase == Phase::Starting || states[kNodes].phase == Phase::Starting) return std::nullopt;
  ClusterFacts out;
  out.basis = basisVersion();  // before the objects: a change between the two is another number later
  out.devices = parts_->devices.devices(Parts::deviceStates(states));
  if (states[kNamespaces].phase == Phase::Synced) {
    out.namespaces.emplace();
    parts_->namespaces.each([&](const std::string& name, const workload::StringMap& labels) { out.namespaces->emplace(name, labels); });
  }
  // Of nodes and pods that cannot be read it is not known which resources they have or hold.
  if (states[kNodes].phase == Phase::Synced && parts_->nodes.unreadCount() == 0) {
    Requested requested;
    parts_->pods.each([&](const std::string&, const PodFacts& pod) {
      if (pod.use) addUse(requested, *pod.use);
    });
    const bool podsKnown = states[kPods].phase == Phase::Synced && parts_->pods.unreadCount() == 0;
    out.nodes.emplace();
    parts_->nodes.each([&](const std::string& name, const workload::Node& node) {
      out.nodes->push_back(node);
      out.nodes->back().requestedKnown = podsKnown;
      if (const auto at = requested.find(name); podsKnown && at != requested.end()) out.nodes->back().requested = at->second;
    });
    parts_->devices.giveTo(*out.nodes, Parts::deviceStates(states));
  }
  return out;
}

std::uint64_t ClusterSource::factsVersion() const {
  std::uint64_t sum = parts_->namespaces.version() + parts_->nodes.version() + parts_->pods.version();
  const auto states = parts_->cluster.states();
  for (const std::size_t i : {kNamespaces, kNodes, kPods}) sum += states[i].turns;
  return sum + parts_->devices.version(Parts::deviceStates(states), true);
}

std::uint64_t ClusterSource::basisVersion() const {
  const auto states = parts_->cluster.states();
  return parts_->nodes.version() + parts_->namespaces.version() + parts_->devices.version(Parts::deviceStates(states), false);
}

std::optional<workload::Claim> ClusterSource::claim(const admission::MissingClaim& missing, std::chrono::milliseconds limit) {
  // A template is often applied right before what uses it: the watch may have it already, though it is not in what was published.
  if (auto seen = parts_->devices.claim(missing.isTemplate, missing.ns, missing.name)) return seen;
  const auto states = parts_->cluster.states();
  const auto resource = parts_->devices.claimResource(missing.isTemplate, Parts::deviceStates(states));
  if (!resource || limit.count() <= 0) return std::nullopt;
  return parts_->questions.ask(missing, *resource, limit);
}

std::optional<std::vector<RunningText>> ClusterSource::running() const {
  const auto states = parts_->cluster.states();
  // A kind that the server does not have does not run; one that is refused may, and then what runs is not known.
  for (std::size_t i = kPods; i < states.size(); ++i) {
    if (states[i].phase != Phase::Synced && states[i].phase != Phase::Absent) return std::nullopt;
  }
  for (std::size_t i = kAutoscalers; i < kPods; ++i) {
    if (states[i].phase == Phase::Starting) return std::nullopt;
  }
  std::vector<RunningText> out;
  parts_->pods.each([&](const std::string&, const PodFacts& pod) {
    if (pod.running) out.push_back(*pod.running);
  });
  for (const auto& store : parts_->workloads) {
    store->each([&](const std::string&, const RunningText& object) { out.push_back(object); });
  }
  return out;
}

bool ClusterSource::runningReadable() const {
  const auto states = parts_->cluster.states();
  return std::none_of(states.begin() + kPods, states.end(), [](const WatchState& each) { return each.phase == Phase::Refused; });
}

std::uint64_t ClusterSource::runningVersion() const {
  std::uint64_t sum = parts_->pods.version();
  for (const auto& store : parts_->workloads) sum += store->version();
  for (const auto& store : parts_->autoscalers) sum += store->version();
  const auto states = parts_->cluster.states();
  for (std::size_t i = kAutoscalers; i < states.size(); ++i) sum += states[i].turns;
  return sum;
}

std::shared_ptr<const workload::Autoscalers> ClusterSource::autoscalers() const {
  const auto states = parts_->cluster.states();
  for (std::size_t i = kAutoscalers; i < kPods; ++i) {
    if (states[i].phase != Phase::Synced && states[i].phase != Phase::Absent) return nullptr;
  }
  std::vector<workload::Autoscaler> out;
  for (const auto& store : parts_->autoscalers) {
    store->each([&](const std::string&, const workload::Autoscaler& each) { out.push_back(each); });
  }
  return std::make_shared<const workload::Autoscalers>(std::move(out));
}

std::vector<WatchReport> ClusterSource::watches() const {
  std::vector<WatchReport> out;
  const auto states = parts_->cluster.states();
  const auto now = SteadyClock::now();
  for (std::size_t i = 0; i < states.size(); ++i) {
    WatchReport report;
    report.resource = states[i].resource;
    report.trouble = states[i].trouble;
    report.unread = states[i].unread;
    report.phase = nameOf(states[i].phase);
    report.age = std::chrono::duration_cast<std::chrono::seconds>(now - states[i].contact);
    // What its role does not let it read counts as unknown, and what is unknown does not age.
    if (i < kPolicyKinds.size()) {
      report.settled = parts_->listed(states[i].phase);
    } else {
      report.settled = states[i].phase != Phase::Starting;
      report.decides = states[i].phase == Phase::Synced;
    }
    out.push_back(std::move(report));
  }
  return out;
}

std::optional<PolicyObject> ClusterSource::policy(const std::string& plural, const std::string& key) const {
  for (std::size_t i = 0; i < kPolicyKinds.size(); ++i) {
    if (kPolicyKinds[i].plural == plural) return parts_->policies[i]->find(key);
  }
  return std::nullopt;
}

}  // namespace rightslice::app
