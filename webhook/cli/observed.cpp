#include "cli/observed.hpp"

#include <fmt/format.h>

#include "base/date.hpp"
#include "cli/scan_files.hpp"
#include "cli/terminal.hpp"
#include "host/clock.hpp"
#include "observe/cluster_source.hpp"

namespace rightslice::cli {
namespace {

std::string now() { return host::timestamp(host::systemClock().now()); }

}  // namespace

void ObservedFlags::declare(Flags& flags) {
  Flag& space = flags.list(namespaces, "--namespace", "NAME", "Only what runs in this namespace. Without it: all.");
  space.shortName = "-n";
  flags.list(from, "--from", "FILE|FOLDER|-", "Recorded objects to look at instead of a cluster.");
  flags.text(at, "--at", "TIME", "When the objects of --from were recorded, as 2026-06-01T08:00:00Z: ages are counted up to then.").defaultText = "now";
  sources.declare(flags, "Policies beside those of the cluster: a file, or a folder with *.yaml, *.yml and *.json (recursively, without folders named tests).");
  cluster.declare(flags);
}

std::unique_ptr<Observed> ObservedFlags::look(const LookHooks& hooks) const {
  const auto refuse = [](std::string_view message) {
    complain(message);
    return nullptr;
  };
  if (!from.empty() && (cluster.given() || !namespaces.empty()))
    return refuse("files are looked at without a cluster: leave out --kubeconfig, --context and --namespace, or --from");
  if (from.empty() && !at.empty()) return refuse("--at says when the objects of --from were recorded; a cluster is looked at now");
  if (!at.empty() && !secondsOfTimestamp(at)) return refuse("--at is a time such as 2026-06-01T08:00:00Z");
  auto base = loadBase(sources);
  if (!base || (hooks.prepare && !hooks.prepare(*base))) return nullptr;
  auto out = std::make_unique<Observed>();
  out->sources = std::move(*base);
  if (!from.empty()) {
    auto recorded = readRecorded(from, at.empty() ? now() : at);
    out->snapshot = std::move(recorded.snapshot);
    out->cluster.snapshot.policies = std::move(recorded.policies);
    out->unreadable = recorded.unreadable;
  } else if (!lookAtCluster(*out)) {
    return nullptr;
  }
  // Files hold what was asked for; nobody says that there are policies beside them.
  for (const auto* each : out->snapshot.coverage.unread())
    if (each->state != observe::Seen::State::NotGiven) out->cluster.snapshot.unread.push_back({each->resource, each->ns, each->reason});
  const auto options = out->sources.loadOptions(sources.maxExceptionDays);
  out->cluster.load(options);
  if (!choosePolicies(*out, options)) return nullptr;
  observe::surround(out->snapshot, out->sources.surroundings);
  if (hooks.more) hooks.more(*out);
  Progress progress(out->snapshot.objects.size());
  observe::Looking looking{out->sources.environment(), {}, {}};
  looking.unknownPolicies = [&](const std::string& ns) { return out->cluster.unknownPolicies(ns); };
  looking.progress = [&](std::string_view what) { progress.step(what); };
  out->seen = observe::observe(out->snapshot, looking);
  progress.clear();
  return out;
}

bool ObservedFlags::lookAtCluster(Observed& to) const {
  auto config = cluster.choose();
  if (!config) {
    complain(describe(config.error()));
    return false;
  }
  observe::ClusterSource source(std::move(*config));
  Progress progress(10 + workload::kinds().size());
  auto found = source.look({namespaces.begin(), namespaces.end()}, now(), [&](std::string_view what) { progress.step(what); });
  progress.clear();
  if (!found) {
    complain(fmt::format("{}: {}", source.name(), describe(found.error())));
    return false;
  }
  to.snapshot = std::move(found->snapshot);
  to.cluster.snapshot.policies = std::move(found->policies);
  return true;
}

/// Those of the cluster and of the files; else the starter's.
bool ObservedFlags::choosePolicies(Observed& to, const policy::LoadOptions& options) const {
  const auto& ofCluster = to.cluster.loaded;
  if (!sources.policies.empty() || !ofCluster.policies.empty()) return usePolicies(to.sources, sources, ofCluster, std::nullopt);
  const bool refused = !to.cluster.snapshot.unreadPolicies("").empty();
  complain(fmt::format("{}: judging with the shipped starter policy, in audit mode", refused ? "not all policies may be read, and none was" : "no policy found"));
  auto loaded = policy::load(app::starterPolicy(), "the starter policy", options);
  loaded.exceptions = ofCluster.exceptions;
  to.sources.policies = policy::PolicySet(std::move(loaded.policies), std::move(loaded.exceptions)).withMode(policy::Mode::Audit);
  to.sources.starter = true;
  return true;
}

}  // namespace rightslice::cli
