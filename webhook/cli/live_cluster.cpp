#include "cli/live_cluster.hpp"

#include <fmt/format.h>

#include <map>

#include "app/loaded_policies.hpp"
#include "cli/terminal.hpp"

namespace rightslice::cli {

namespace {

/// One line for each namespace, however many kinds may not be read there.
void sayUnread(const app::ClusterSnapshot& snapshot) {
  std::map<std::string, std::vector<const app::Unread*>> byNamespace;
  for (const auto& each : snapshot.unread) byNamespace[each.ns].push_back(&each);
  for (const auto& [ns, list] : byNamespace) {
    std::string names;
    for (std::size_t i = 0; i < list.size() && i < 4; ++i) names += (names.empty() ? "" : ", ") + list[i]->resource;
    if (list.size() > 4) names += fmt::format(" and {} more", list.size() - 4);
    complain(fmt::format("may not read {}{}: what hangs on it is unknown ({})", names, ns.empty() ? "" : " of namespace " + ns,
                         list.front()->reason));
  }
}

}  // namespace

std::vector<std::string> LiveCluster::unknownPolicies(const std::string& ns) const { return app::unknownPolicies(snapshot, notAccepted, ns); }

void LiveCluster::load(const policy::LoadOptions& options) {
  auto all = app::loadPolicyObjects(snapshot.policies, options);
  for (const auto& diagnostic : all.diagnostics) printError(diagnostic.text() + "\n");
  notAccepted = std::move(all.notAccepted);
  loaded = std::move(all.loaded);
}

std::shared_ptr<const workload::Autoscalers> LiveCluster::autoscalers() const {
  return std::make_shared<const workload::Autoscalers>(snapshot.autoscalers);
}

void LiveCluster::surround(Sources& sources) const {
  auto& surroundings = sources.surroundings;
  if (!surroundings.nodes) surroundings.nodes = snapshot.nodes;
  if (!surroundings.namespaces) surroundings.namespaces = snapshot.namespaces;
  workload::merge(snapshot.devices, surroundings.devices);
  surroundings.digest = workload::digestOf(surroundings);
  surroundings.sort();
}

std::unique_ptr<app::ClusterLook> connect(const ClusterFlags& flags) {
  auto config = flags.choose();
  if (!config) {
    complain(describe(config.error()));
    return nullptr;
  }
  return std::make_unique<app::ClusterLook>(std::move(*config));
}

std::optional<LiveCluster> lookAt(std::unique_ptr<app::ClusterLook> look, Scope scope, const std::set<std::string>& namespaces,
                                  const policy::LoadOptions& options) {
  LiveCluster out;
  out.look = std::move(look);
  const std::size_t lists = scope == Scope::PoliciesOnly ? 5 : 5 + workload::kinds().size();
  Progress progress(lists * std::max<std::size_t>(1, namespaces.size()));
  const auto tell = [&](std::string_view what) { progress.step(what); };
  auto snapshot = scope == Scope::PoliciesOnly ? out.look->policies(tell) : out.look->snapshot(namespaces, tell);
  progress.clear();
  if (!snapshot) {
    complain(fmt::format("{}: {}", out.look->name(), describe(snapshot.error())));
    return std::nullopt;
  }
  out.snapshot = std::move(*snapshot);
  sayUnread(out.snapshot);
  out.load(options);
  return out;
}

bool usePolicies(Sources& sources, const SourceFlags& flags, const policy::Loaded& ofCluster, std::optional<policy::Mode> mode) {
  policy::Loaded files;
  if (!flags.policies.empty()) files = app::loadPolicies(flags.policies, sources.loadOptions(flags.maxExceptionDays));
  for (const auto& diagnostic : files.diagnostics) printError(diagnostic.text() + "\n");
  if (!files.ok()) {
    complain("the policies have errors; nothing was judged");
    return false;
  }
  files.diagnostics.clear();
  auto loaded = policy::merge({std::move(files), ofCluster});
  for (const auto& diagnostic : loaded.diagnostics) printError(diagnostic.text() + "\n");  // the same policy in both
  if (loaded.policies.empty())
    complain("no policy found in the cluster: everything is allowed. Name those that its webhook reads from files with --policies");
  sources.policies = policy::PolicySet(std::move(loaded.policies), std::move(loaded.exceptions));
  if (mode) sources.policies = sources.policies.withMode(*mode);
  return true;
}

}  // namespace rightslice::cli
