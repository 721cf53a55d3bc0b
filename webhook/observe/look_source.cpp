#include "observe/look_source.hpp"

#include <iterator>

namespace rightslice::observe {

LookPolicies policiesOf(const Snapshot& snapshot, std::vector<app::PolicyObject> objects, const std::vector<std::string>& files,
                        const policy::LoadOptions& options) {
  LookPolicies out;
  out.ofCluster.policies = std::move(objects);
  // Files hold what was asked for; nobody says that there are policies beside them.
  for (const Seen* each : snapshot.coverage.unread())
    if (each->state != Seen::State::NotGiven) out.ofCluster.unread.push_back({each->resource, each->ns, each->reason});
  auto cluster = app::loadPolicyObjects(out.ofCluster.policies, options);
  out.notAccepted = std::move(cluster.notAccepted);
  const auto tell = [&](std::vector<policy::Diagnostic>& diagnostics) {
    out.diagnostics.insert(out.diagnostics.end(), std::make_move_iterator(diagnostics.begin()), std::make_move_iterator(diagnostics.end()));
    diagnostics.clear();
  };
  tell(cluster.diagnostics);
  if (files.empty() && cluster.loaded.policies.empty()) {
    out.starter = true;
    out.refused = !out.ofCluster.unreadPolicies("").empty();
    auto loaded = policy::load(app::starterPolicy(), "the starter policy", options);
    loaded.exceptions = std::move(cluster.loaded.exceptions);
    out.set = policy::PolicySet(std::move(loaded.policies), std::move(loaded.exceptions)).withMode(policy::Mode::Audit);
    return out;
  }
  policy::Loaded ofFiles;
  if (!files.empty()) ofFiles = app::loadPolicies(files, options);
  out.ok = ofFiles.ok();
  tell(ofFiles.diagnostics);
  if (!out.ok) return out;
  auto loaded = policy::merge({std::move(ofFiles), std::move(cluster.loaded)});
  tell(loaded.diagnostics);   // the same policy in both
  out.set = policy::PolicySet(std::move(loaded.policies), std::move(loaded.exceptions));
  return out;
}

}  // namespace rightslice::observe
