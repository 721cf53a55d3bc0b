#include "observe/cluster_source.hpp"

#include <future>
#include <iterator>

#include <fmt/format.h>

#include "app/cluster_options.hpp"
#include "app/cluster_resources.hpp"
#include "app/device_objects.hpp"
#include "kube/list.hpp"
#include "observe/collector.hpp"

namespace rightslice::observe {
namespace {

using Outcome = kube::Look::Outcome;

/// One list after the other. Pods are the longest of them: they are read beside the others, by a second reading (take()).
class Reading {
 public:
  Reading(kube::Cluster& cluster, const std::set<std::string>& namespaces, std::string takenAt, const ClusterSource::Progress& progress)
      : cluster_(cluster), progress_(progress), namespaces_(namespaces), collector_(out.snapshot) {
    out.snapshot.source = cluster.config().source;
    out.snapshot.takenAt = std::move(takenAt);
    out.snapshot.scope = namespaces;
    if (namespaces_.empty()) namespaces_.insert("");
  }

  bool withoutPods() { return policies() && namespaces() && nodes() && devices() && autoscalers() && budgets() && workloads(); }

  /// What another has read of pods.
  void take(Reading&& other) {
    Snapshot& from = other.out.snapshot;
    out.snapshot.pods = std::move(from.pods);
    out.snapshot.exporters = std::move(from.exporters);
    out.snapshot.heldKnown = from.heldKnown;
    std::move(from.objects.begin(), from.objects.end(), std::back_inserter(out.snapshot.objects));
    for (const Seen& each : from.coverage.entries()) out.snapshot.coverage.add(each);
  }

  bool pods() {
    static const workload::Kind* const kPod = workload::findKind("v1", "Pod");
    bool known = true;
    for (const std::string& ns : namespaces_) {
      const auto read = [&](json::View object) {
        collector_.pod(object);
        collector_.workload(object, *kPod, "v1");
      };
      if (!list(app::podResource(), ns, read)) return false;
      known = known && seen_.known();
    }
    out.snapshot.heldKnown = known && namespaces_.contains("");
    return true;
  }

  /// What is held on nodes by pods of other namespaces.
  bool elsewhere() {
    if (namespaces_.contains("") || !known_.nodes) return true;
    auto& held = out.snapshot.heldElsewhere;
    const auto read = [&](json::View object) {
      if (namespaces_.contains(std::string(object["metadata"]["namespace"].stringOr("default")))) return;
      collector_.exporter(object);
      auto use = workload::readPodUse(object);
      if (!use && object["spec"]["nodeName"].stringOr("").empty() && object["status"]["phase"].stringOr("") == "Pending")
        for (const auto& [resource, count] : workload::reservedFor(object["spec"])) out.snapshot.waitingElsewhere[resource] += count;
      if (!use) return;
      dropExtended(object["status"], use->counts);
      for (const auto& [resource, count] : use->counts) held[use->node][resource] += count;
    };
    const auto begin = [&] {
      held.clear();
      out.snapshot.waitingElsewhere.clear();
    };
    if (!list(app::podResource(), "", read, begin)) return false;
    out.snapshot.heldKnown = seen_.known();
    return true;
  }

  ClusterLook finish() {
    collector_.finish(known_);
    return std::move(out);
  }

  std::optional<Error> error;

 private:
  using Read = std::function<void(json::View)>;

  bool policies() {
    for (const app::PolicyKind& kind : app::kPolicyKinds) {
      const std::size_t before = out.policies.size();
      for (const std::string& ns : kind.namespaced ? namespaces_ : std::set<std::string>{""}) {
        const auto read = [&](json::View object) {
          if (auto one = app::readPolicyObject(object, kind.plural, kind.kind)) out.policies.push_back(std::move(*one));
        };
        const auto begin = [&, at = kind.namespaced ? out.policies.size() : before] {
          out.policies.erase(out.policies.begin() + static_cast<std::ptrdiff_t>(at), out.policies.end());
        };
        if (!list(app::policyResource(kind), ns, read, begin)) return false;
      }
    }
    return true;
  }

  bool namespaces() {
    const Read read = [&](json::View object) { collector_.space(object); };
    if (namespaces_.contains("")) {
      if (!list(app::namespaceResource(), "", read)) return false;
      known_.namespaces = seen_.known();
      return true;
    }
    // Few are asked for one by one: who may not list all of them may often see their own.
    for (const std::string& ns : namespaces_) {
      progress_("namespaces");
      auto one = kube::get(cluster_, app::namespaceResource(), "", ns);
      Seen seen{"namespaces", ns, Seen::State::Read, "", 0};
      if (!one && !tolerable(one.error(), seen)) return false;
      if (one) {
        seen = seenOf("namespaces", ns, one->look);
        if (one->look.outcome == Outcome::Whole) {
          seen.objects = 1;
          read(one->object.root());
        }
      }
      out.snapshot.coverage.add(std::move(seen));
    }
    return true;
  }

  bool nodes() {
    if (!list(app::nodeResource(), "", [&](json::View object) { collector_.node(object); })) return false;
    known_.nodes = seen_.known();
    return true;
  }

  bool newest(std::string_view plural, const std::set<std::string>& namespaces, const Read& read, bool& known) {
    known = true;
    for (const std::string& ns : namespaces) {
      if (!served(app::deviceResource(plural), ns, read)) return false;
      known = known && seen_.state == Seen::State::Read;   // a server without DRA says nothing of classes by name
    }
    return true;
  }

  /// Those of other namespaces hold devices too.
  bool claims() {
    if (!newest(app::kClaims, namespaces_, [&](json::View object) { collector_.claim(object); }, known_.claims)) return false;
    known_.allocations = known_.claims;
    if (namespaces_.contains("")) return true;
    const auto others = [&](json::View object) {
      if (!namespaces_.contains(std::string(object["metadata"]["namespace"].stringOr("default")))) collector_.allocation(object);
    };
    bool all = false;
    if (!newest(app::kClaims, {""}, others, all)) return false;
    known_.allocations = known_.allocations && all;
    return true;
  }

  bool devices() {
    return newest(app::kDeviceClasses, {""}, [&](json::View object) { collector_.deviceClass(object); }, known_.classes) &&
           newest(app::kClaimTemplates, namespaces_, [&](json::View object) { collector_.claimTemplate(object); }, known_.templates) &&
           claims() &&
           newest(app::kResourceSlices, {""}, [&](json::View object) { collector_.resourceSlice(object); }, known_.slices);
  }

  bool autoscalers() {
    for (const app::AutoscalerKind& kind : app::kAutoscalerKinds)
      for (const std::string& ns : namespaces_)
        if (!served(app::autoscalerResource(kind), ns, [&](json::View object) { collector_.autoscaler(object, kind.kind); })) return false;
    return true;
  }

  bool budgets() {
    known_.budgets = true;
    for (const std::string& ns : namespaces_) {
      if (!list(app::budgetResource(), ns, [&](json::View object) { collector_.budget(object); })) return false;
      known_.budgets = known_.budgets && seen_.known();
    }
    return true;
  }

  bool workloads() {
    for (const workload::Kind& kind : workload::kinds()) {
      const auto resource = app::resourceOf(kind);
      if (!resource || resource->name() == "pods") continue;
      for (const std::string& ns : namespaces_)
        if (!served(*resource, ns, [&](json::View object) { collector_.workload(object, kind, version_); })) return false;
    }
    return true;
  }

  static Seen seenOf(std::string resource, const std::string& ns, const kube::Look& look) {
    const auto state = look.outcome == Outcome::Whole ? Seen::State::Read : look.outcome == Outcome::Refused ? Seen::State::Forbidden : Seen::State::Absent;
    return {std::move(resource), ns, state, look.reason, 0};
  }

  /// An error of one resource (a conversion webhook that is away) is no reason to say nothing of the others; one of the connection is.
  bool tolerable(const Error& what, Seen& seen) {
    const auto answer = cluster_.call({.path = "/version"});
    if (answer && answer->status < 500 && answer->status != 401) {
      seen.state = Seen::State::Failed;
      seen.reason = what.message;
      return true;
    }
    error = what;
    return false;
  }

  bool list(const kube::Resource& resource, const std::string& ns, const Read& read, const std::function<void()>& begin = [] {}) {
    progress_(resource.name());
    version_ = resource.group.empty() ? resource.version : resource.group + "/" + resource.version;
    const auto mark = collector_.mark();
    std::int64_t objects = 0;
    std::vector<std::string> unreadable;
    kube::ListReader reader;
    reader.unread = [&](const kube::UnreadObject& each) { unreadable.push_back(fmt::format("{}: {}", each.key, each.reason)); };
    reader.begin = [&] {
      collector_.back(mark);
      objects = 0;
      unreadable.clear();
      begin();
    };
    reader.object = [&](json::View object) {
      ++objects;
      read(object);
    };
    const auto look = kube::list(cluster_, resource, ns, reader);
    seen_ = look ? seenOf(resource.name(), ns, *look) : Seen{resource.name(), ns, Seen::State::Read, "", 0};
    if (!look && !tolerable(look.error(), seen_)) return false;
    if (seen_.state != Seen::State::Read) reader.begin();   // pages that were read before a refusal are not all of it
    seen_.objects = objects;
    if (seen_.state == Seen::State::Read && !unreadable.empty()) {  // the others are known, and count as some of what there is
      seen_.state = Seen::State::Failed;
      seen_.reason = fmt::format("{} of {} objects cannot be read: {}", unreadable.size(), unreadable.size() + static_cast<std::size_t>(objects),
                                 unreadable.front());
    }
    out.snapshot.coverage.add(seen_);
    return true;
  }

  /// As list(), in the version that the server has.
  bool served(const kube::Resource& resource, const std::string& ns, const Read& read) {
    const auto found = kube::served(cluster_, resource);
    seen_ = {resource.name(), ns, Seen::State::Absent, "", 0};
    if (!found && !tolerable(found.error(), seen_)) return false;
    if (found && *found) return list(**found, ns, read);
    out.snapshot.coverage.add(seen_);
    return true;
  }

  kube::Cluster& cluster_;
  const ClusterSource::Progress& progress_;
  std::set<std::string> namespaces_;   // "" is all
  ClusterLook out;
  Collector collector_;
  Collector::Known known_;
  Seen seen_;            // of the last list
  std::string version_;  // apiVersion of its objects
};

}  // namespace

struct ClusterSource::Parts {
  explicit Parts(kube::Config config) : cluster(app::clusterOptions(std::move(config))) { cluster.start(); }
  kube::Cluster cluster;
};

ClusterSource::ClusterSource(kube::Config config) : parts_(std::make_unique<Parts>(std::move(config))) {}
ClusterSource::~ClusterSource() = default;

const std::string& ClusterSource::name() const { return parts_->cluster.config().source; }

kube::Cluster& ClusterSource::cluster() { return parts_->cluster; }
void ClusterSource::interrupt() { parts_->cluster.stop(); }

Result<ClusterLook> ClusterSource::look(const std::set<std::string>& namespaces, std::string takenAt, const Progress& progress,
                                        const std::optional<ScrapeOptions>& scraping) {
  const Progress silent = [](std::string_view) {};
  Reading reading(parts_->cluster, namespaces, takenAt, progress), ofPods(parts_->cluster, namespaces, takenAt, silent);
  progress("pods");
  auto pods = std::async(std::launch::async, [&] { return ofPods.pods(); });
  const bool read = reading.withoutPods();
  if (!pods.get()) return tl::unexpected(*ofPods.error);
  if (!read) return tl::unexpected(*reading.error);
  reading.take(std::move(ofPods));
  if (!reading.elsewhere()) return tl::unexpected(*reading.error);
  ClusterLook out = reading.finish();
  if (scraping) out.scraped = scrape(parts_->cluster, out.snapshot, *scraping, progress);
  return out;
}

}  // namespace rightslice::observe
