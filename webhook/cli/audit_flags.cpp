#include "cli/audit_flags.hpp"

namespace rightslice::cli {

Flag& declareReports(Flags& flags, std::string& target, std::string name) {
  std::vector<std::string> kinds{"none"};
  for (const auto& each : observe::audit::reportKinds()) kinds.emplace_back(each.name);
  return flags.choice(target, std::move(name), std::move(kinds),
               "Reports in the cluster, one for each namespace with findings and one for its nodes: PolicyReport (wgpolicyk8s.io/v1alpha2) or Report "
               "(openreports.io/v1alpha1). Their definitions must be there.");
}

void declareHistory(Flags& flags, StoreFlags& target, const std::string& prefix, std::string group) {
  target.declare(flags,
                 "Keep each look in a history: a file of SQLite, or postgresql://... (rightslice history shows what changed). A URL with a password is best "
                 "given as environment variable, or in a file.",
                 prefix, group);
  target.declareKeep(flags, prefix, std::move(group));
}

}  // namespace rightslice::cli
