#include "cli/observed.hpp"

#include <fmt/format.h>

#include "base/date.hpp"
#include "cli/scan_files.hpp"
#include "cli/terminal.hpp"
#include "host/clock.hpp"
#include "observe/cluster_source.hpp"
#include "observe/selector.hpp"

namespace rightslice::cli {
namespace {

std::string now() { return host::timestamp(host::systemClock().now()); }

}  // namespace

void ObservedFlags::declare(Flags& flags) {
  Flag& space = flags.list(namespaces, "--namespace", "NAME", "Only what runs in this namespace. Without it: all.");
  space.shortName = "-n";
  Flag& label = flags.text(selector, "--selector", "LABELS",
                           "Only workloads with these labels, as kubectl takes them: app=chat,tier!=test,team in (a,b),!canary. What others hold on nodes stays "
                           "held; whose it is, and what namespaces use of their budgets, is unknown.");
  label.shortName = "-l";
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
  if (!from.empty() && hooks.scraping) return refuse("--scrape asks pods of a cluster: leave out --from, or give what they said with --metrics");
  if (from.empty() && !at.empty()) return refuse("--at says when the objects of --from were recorded; a cluster is looked at now");
  if (!at.empty() && !secondsOfTimestamp(at)) return refuse("--at is a time such as 2026-06-01T08:00:00Z");
  auto labels = selector.empty() ? Result<observe::Selector>(observe::Selector()) : observe::Selector::parse(selector);
  if (!labels) return refuse("--selector: " + labels.error().message);
  auto base = loadBase(sources);
  if (!base || (hooks.prepare && !hooks.prepare(*base))) return nullptr;
  auto out = std::make_unique<Observed>();
  out->sources = std::move(*base);
  auto look = from.empty() ? lookAtCluster(hooks.scraping) : readFiles(out->unreadable);
  if (!look) return nullptr;
  out->snapshot = std::move(look->snapshot);
  out->scraped = std::move(look->scraped);
  if (!labels->empty()) observe::select(out->snapshot, *labels);
  auto policies = observe::policiesOf(out->snapshot, std::move(look->policies), sources.policies, out->sources.loadOptions(sources.maxExceptionDays));
  for (const auto& diagnostic : policies.diagnostics) printError(diagnostic.text() + "\n");
  if (!policies.ok) return refuse("the policies have errors; nothing was judged");
  if (policies.starter) {
    complain(fmt::format("{}: judging with the shipped starter policy, in audit mode",
                         policies.refused ? "not all policies may be read, and none was" : "no policy found"));
  }
  if (policies.set.policies().empty())
    complain("no policy found in the cluster: everything is allowed. Name those that its webhook reads from files with --policies");
  out->sources.policies = std::move(policies.set);
  out->sources.starter = policies.starter;
  observe::surround(out->snapshot, out->sources.surroundings);
  if (hooks.more) hooks.more(*out);
  Progress progress(out->snapshot.objects.size());
  observe::Looking looking{out->sources.environment(), {}, {}};
  looking.unknownPolicies = [&](const std::string& ns) { return policies.unknownOver(ns); };
  looking.progress = [&](std::string_view what) { progress.step(what); };
  out->seen = observe::observe(out->snapshot, looking);
  progress.clear();
  return out;
}

std::optional<observe::ClusterLook> ObservedFlags::readFiles(int& unreadable) const {
  auto recorded = readRecorded(from, at.empty() ? now() : at);
  unreadable = recorded.unreadable;
  return observe::ClusterLook{std::move(recorded.snapshot), std::move(recorded.policies), std::nullopt};
}

std::optional<observe::ClusterLook> ObservedFlags::lookAtCluster(const std::optional<observe::ScrapeOptions>& scraping) const {
  auto config = cluster.choose();
  if (!config) {
    complain(describe(config.error()));
    return std::nullopt;
  }
  observe::ClusterSource source(std::move(*config));
  Progress progress(10 + workload::kinds().size());
  auto found = source.look({namespaces.begin(), namespaces.end()}, now(), [&](std::string_view what) { progress.step(what); }, scraping);
  progress.clear();
  if (found) return std::move(*found);
  complain(fmt::format("{}: {}", source.name(), describe(found.error())));
  return std::nullopt;
}

}  // namespace rightslice::cli
