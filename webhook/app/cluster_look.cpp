#include "app/cluster_look.hpp"

#include <fmt/format.h>

#include "app/cluster_options.hpp"
#include "app/cluster_resources.hpp"
#include "app/device_objects.hpp"
#include "kube/list.hpp"

namespace rightslice::app {
namespace {

using Outcome = kube::Look::Outcome;

/// Reads one list after the other into a snapshot.
class Reading {
 public:
  Reading(kube::Cluster& cluster, const std::set<std::string>& namespaces, const ClusterLook::Progress& progress)
      : cluster_(cluster), progress_(progress), namespaces_(namespaces) {
    if (namespaces_.empty()) namespaces_.insert("");
  }

  bool policies() {
    for (const PolicyKind& kind : kPolicyKinds) {
      const auto read = [&](json::View object) { return readPolicyObject(object, kind.plural, kind.kind); };
      for (const std::string& ns : kind.namespaced ? namespaces_ : std::set<std::string>{""}) {
        if (!list(policyResource(kind), ns, read, out.policies)) return false;
      }
    }
    return true;
  }

  bool namespaces() {
    std::vector<std::pair<std::string, workload::StringMap>> found;
    const auto read = [](json::View object) -> std::optional<std::pair<std::string, workload::StringMap>> {
      return std::pair{std::string(object["metadata"]["name"].stringOr("")), *readNamespaceLabels(object)};
    };
    // Few are asked for one by one: who may not list all of them may often see their own.
    const bool all = namespaces_.contains("");
    refused_ = false;
    if (all && !list(namespaceResource(), "", read, found)) return false;
    for (const std::string& ns : all ? std::set<std::string>{} : namespaces_) {
      progress_("namespaces");
      auto one = kube::get(cluster_, namespaceResource(), "", ns);
      if (!one) return wrong(one.error());
      if (one->look.outcome == Outcome::Refused) unread(namespaceResource(), ns, one->look);
      if (one->look.outcome == Outcome::Whole) found.push_back(*read(one->object.root()));
    }
    if (!refused_ || !found.empty()) {
      out.namespaces.emplace();
      for (auto& each : found) out.namespaces->insert(std::move(each));
    }
    return true;
  }

  bool nodes() {
    std::vector<workload::Node> found;
    if (!list(nodeResource(), "", readNode, found)) return false;
    if (!refused_) out.nodes = std::move(found);
    return true;
  }

  /// What runs by claims is judged by what they ask for. Behind nodes(): devices are of nodes.
  bool devices() {
    const auto read = [](auto readObject) {
      return [readObject](json::View object) {
        auto value = readObject(object);
        using Named = std::pair<std::string, std::decay_t<decltype(*value)>>;
        return value ? std::optional(Named(kube::keyOf(object), std::move(*value))) : std::nullopt;
      };
    };
    std::vector<PublishedDevices> slices;
    bool known = false;
    if (!named(kDeviceClasses, {""}, read(readDeviceClassObject), out.devices.classes) ||
        !named(kClaimTemplates, namespaces_, read(readClaimTemplateObject), out.devices.templates) ||
        !named(kClaims, namespaces_, read(readClaimObject), out.devices.claims) ||
        !newest(deviceResource(kResourceSlices), "", readResourceSlice, slices, known)) return false;
    if (!known || !out.nodes) return true;
    DevicesByNode byNode;
    for (const PublishedDevices& each : slices) byNode.add(each);
    byNode.giveTo(*out.nodes);
    return true;
  }

  bool autoscalers() {
    for (const AutoscalerKind& kind : kAutoscalerKinds) {
      const auto read = [&](json::View object) { return workload::readAutoscaler(object, kind.kind); };
      for (const std::string& ns : namespaces_) {
        if (!list(autoscalerResource(kind), ns, read, out.autoscalers)) return false;
        if (refused_) out.unreadAutoscalers.insert(ns);
      }
    }
    return true;
  }

  bool workloads() {
    Requested requested;
    for (const workload::Kind& kind : workload::kinds()) {
      const auto known = resourceOf(kind);
      if (!known) continue;
      const auto resource = kube::served(cluster_, *known);
      if (!resource) return wrong(resource.error());
      if (!*resource) continue;  // a cluster without this CRD
      for (const std::string& ns : namespaces_) {
        std::vector<PodUse> uses;
        const bool pods = (*resource)->name() == "pods";
        const auto read = [&](json::View object) -> std::optional<RunningText> {
          if (!pods) return readRunningObject(object, kind);
          auto pod = readPod(object);
          if (pod && pod->use) uses.push_back(std::move(*pod->use));
          return pod ? std::move(pod->running) : std::nullopt;
        };
        if (!list(**resource, ns, read, out.running, [&] { uses.clear(); })) return false;
        if (refused_) out.unreadWorkloads.insert(ns);
        for (const PodUse& use : uses) addUse(requested, use);
      }
    }
    if (out.nodes && namespaces_.contains("") && out.unreadWorkloads.empty()) {
      for (workload::Node& node : *out.nodes) {
        node.requestedKnown = true;
        if (const auto at = requested.find(node.name); at != requested.end()) node.requested = at->second;
      }
    }
    return true;
  }

  /// What is held on nodes, by pods of whatever namespace, where workloads() read a few of them.
  bool held() {
    if (!out.nodes || namespaces_.contains("")) return true;
    std::vector<PodUse> uses;
    if (!list(podResource(), "", readPodUse, uses)) return false;
    Requested requested;
    for (const PodUse& use : uses) addUse(requested, use);
    for (workload::Node& node : *out.nodes) {
      node.requestedKnown = !refused_;
      if (const auto at = requested.find(node.name); at != requested.end()) node.requested = at->second;
    }
    return true;
  }

  ClusterSnapshot out;
  std::optional<Error> error;

 private:
  bool wrong(const Error& what) {
    error = what;
    return false;
  }

  void unread(const kube::Resource& resource, const std::string& ns, const kube::Look& look) {
    refused_ = true;
    out.unread.push_back({resource.name(), ns, look.reason});
  }

  /// Appends what `read` wants of a list; sets refused_.
  template <class T, class Read>
  bool list(const kube::Resource& resource, const std::string& ns, const Read& read, std::vector<T>& to, const std::function<void()>& again = [] {}) {
    const std::size_t before = to.size();
    refused_ = whole_ = false;
    progress_(resource.name());
    kube::ListReader reader;
    std::vector<std::string> unreadable;
    reader.begin = [&] {
      to.erase(to.begin() + static_cast<std::ptrdiff_t>(before), to.end());
      unreadable.clear();
      again();
    };
    reader.unread = [&](const kube::UnreadObject& each) { unreadable.push_back(fmt::format("{} cannot be read: {}", each.key, each.reason)); };
    reader.object = [&](json::View object) {
      if (auto one = read(object)) to.push_back(std::move(*one));
    };
    const auto look = kube::list(cluster_, resource, ns, reader);
    if (!look) return wrong(look.error());
    whole_ = look->outcome == Outcome::Whole;
    if (whole_ && !unreadable.empty()) unread(resource, ns, {Outcome::Refused, unreadable.front()});
    if (whole_) return true;
    reader.begin();  // pages that were read before a refusal are not all of it
    if (look->outcome == Outcome::Refused) unread(resource, ns, *look);
    return true;
  }

  /// As list(), of the newest version that is served; `known`: one is, and may be read.
  template <class T, class Read>
  bool newest(kube::Resource resource, const std::string& ns, const Read& read, std::vector<T>& to, bool& known) {
    known = false;
    const auto found = kube::served(cluster_, resource);
    if (!found) return wrong(found.error());
    if (!*found) return true;
    if (!list(**found, ns, read, to)) return false;
    known = whole_;
    return true;
  }

  template <class T, class Read>
  bool named(std::string_view plural, const std::set<std::string>& namespaces, const Read& read, workload::Devices::Named<T>& to) {
    std::vector<std::pair<std::string, T>> found;
    bool all = true;
    for (const std::string& ns : namespaces) {
      bool known = false;
      if (!newest(deviceResource(plural), ns, read, found, known)) return false;
      all = all && known;
    }
    if (!all) return true;
    to.emplace();
    for (auto& each : found) to->insert(std::move(each));
    return true;
  }

  kube::Cluster& cluster_;
  const ClusterLook::Progress& progress_;
  std::set<std::string> namespaces_;   // "" is all
  bool refused_ = false, whole_ = false;   // the last list
};

}  // namespace

std::vector<std::string> ClusterSnapshot::unreadPolicies(std::string_view ns) const {
  std::vector<std::string> out;
  for (const Unread& each : unread) {
    const bool here = each.ns.empty() || each.ns == ns;
    for (const PolicyKind& kind : kPolicyKinds) {
      if (here && each.resource == policyResource(kind).name()) out.push_back(each.resource);
    }
  }
  return out;
}

struct ClusterLook::Parts {
  explicit Parts(kube::Config config) : cluster(clusterOptions(std::move(config))) { cluster.start(); }
  kube::Cluster cluster;
};

ClusterLook::ClusterLook(kube::Config config) : parts_(std::make_unique<Parts>(std::move(config))) {}
ClusterLook::~ClusterLook() = default;

const std::string& ClusterLook::name() const { return parts_->cluster.config().source; }
const std::string& ClusterLook::defaultNamespace() const { return parts_->cluster.config().ns; }

Result<ClusterSnapshot> ClusterLook::snapshot(const std::set<std::string>& namespaces, const Progress& progress) {
  Reading reading(parts_->cluster, namespaces, progress);
  if (!reading.policies() || !reading.namespaces() || !reading.nodes() || !reading.devices() || !reading.autoscalers() || !reading.workloads() ||
      !reading.held()) {
    return tl::unexpected(*reading.error);
  }
  return std::move(reading.out);
}

Result<ClusterSnapshot> ClusterLook::policies(const Progress& progress) {
  Reading reading(parts_->cluster, {}, progress);
  if (!reading.policies() || !reading.namespaces() || !reading.nodes() || !reading.devices()) return tl::unexpected(*reading.error);
  return std::move(reading.out);
}

Result<LiveObject> ClusterLook::object(const workload::Kind& kind, std::string_view ns, std::string_view name) {
  LiveObject out;
  const auto known = resourceOf(kind);
  if (!known || name.empty()) return out;
  const auto resource = kube::served(parts_->cluster, *known);
  if (!resource) return tl::unexpected(resource.error());
  if (!*resource) return out;
  auto found = kube::get(parts_->cluster, **resource, ns, name);
  if (!found) return tl::unexpected(found.error());
  if (found->look.outcome == Outcome::Refused) {
    out.state = LiveObject::State::Unread;
    out.reason = found->look.reason;
  }
  if (found->look.outcome == Outcome::Whole) {
    out.state = LiveObject::State::Found;
    out.object = std::move(found->object);
  }
  return out;
}

}  // namespace rightslice::app
