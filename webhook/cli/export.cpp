#include <fmt/format.h>

#include "admission/inventory.hpp"
#include "cli/command.hpp"
#include "cli/live_cluster.hpp"
#include "cli/terminal.hpp"
#include "policy/backstop.hpp"

namespace rightslice::cli {

namespace {

class Export : public Command {
 public:
  Manual manual() const override {
    return {"export",
            "write what Kubernetes itself can hold to while the webhook is down",
            "rightslice export quota|vap --policies DIR [--against cluster] [FLAG]...",
            "vap prints a ValidatingAdmissionPolicy and its binding for each policy with allowed or denied: kube-apiserver then denies (or, by "
            "the mode of the policy, warns about or records) slices that the policy denies by name, with the same match, exemptions and "
            "exceptions. It is weaker than the policy and never stricter; its comments say where.\n\n"
            "quota prints a hard ResourceQuota for each namespace with a policy in enforce mode: zero of each denied profile, and of each "
            "other profile as many as would use up the budget alone. A quota makes no difference between pods, so policies with match, "
            "exempt or an exception are left out; its comments say what else it cannot say.\n\n"
            "What is left out, and why, is said on stderr. With --against cluster the policies, exceptions and namespaces of a cluster "
            "count too, and a quota denies no profile that a workload there asks for already. Export again when policies change.",
            "0  printed\n1  nothing of the policies can be said so\n2  bad usage, or something could not be read",
            "rightslice export vap --policies policies/ | kubectl apply -f -\n"
            "rightslice export quota --against cluster | kubectl apply --dry-run=server -f -"};
  }

  void declare(Flags& flags) override {
    flags.choice(against_, "--against", {"cluster"}, "Take policies, exceptions, namespaces and what is asked for from a cluster.").defaultText =
        "nothing: offline";
    sources_.declare(flags, "Policies: a file, or a folder with *.yaml, *.yml and *.json (recursively, without folders named tests). Required "
                            "without --against cluster.");
    cluster_.declare(flags);
    flags.positionals(what_, "quota|vap", "What to print.");
  }

  int run() override {
    if (what_.size() != 1 || (what_[0] != "quota" && what_[0] != "vap")) return refuse("export prints one of quota and vap; see rightslice export --help");
    const bool live = !against_.empty();
    if (!live && sources_.policies.empty()) return refuse("export needs policies: --policies DIR|FILE, or --against cluster");
    if (!live && cluster_.given()) complain("--kubeconfig and --context say nothing without --against cluster");
    auto sources = live ? loadBase(sources_) : loadSources(sources_);
    if (!sources) return kUsage;
    policy::QuotaPlaces places;
    if (live && !readCluster(*sources, places)) return kUsage;
    places.namespaces = sources->surroundings.namespaces;
    const auto& gpus = *sources->catalogues.gpus;
    const auto backstop = what_[0] == "vap" ? policy::admissionPolicies(sources->policies, gpus, sources->now)
                                            : policy::quotas(sources->policies, gpus, places, sources->now);
    for (const auto& each : backstop.leftOut) complain("left out: " + each);
    print(backstop.text);
    return backstop.objects > 0 ? kOk : kDenied;
  }

 private:
  static int refuse(std::string_view message) {
    complain(message);
    return kUsage;
  }

  /// Without a right to read the policies or exceptions of a namespace the export would be too strict, or too weak, without a word.
  bool readCluster(Sources& sources, policy::QuotaPlaces& places) {
    auto look = connect(cluster_);
    const Scope scope = what_[0] == "quota" ? Scope::All : Scope::PoliciesOnly;
    auto live = look ? lookAt(std::move(look), scope, {}, sources.loadOptions(sources_.maxExceptionDays)) : std::nullopt;
    if (!live) return false;
    if (!live->snapshot.unreadPolicies("").empty() || !live->notAccepted.empty() || (scope == Scope::All && !live->snapshot.runningKnown(""))) {
      complain("an export is made of all of the cluster or not at all: not everything that it hangs on could be read");
      return false;
    }
    if (!usePolicies(sources, sources_, live->loaded, std::nullopt)) return false;
    live->surround(sources);
    for (const auto& each : live->snapshot.running) {
      const auto object = admission::readRunning(*each.text);
      if (!object) continue;
      for (const auto& pod : object->templates)
        for (const auto& container : pod.containers)
          for (const auto& [resource, quantity] : container.limits) places.asked[each.ns].insert(resource);
    }
    return true;
  }

  SourceFlags sources_;
  ClusterFlags cluster_;
  std::vector<std::string> what_;
  std::string against_;
};

}  // namespace

std::unique_ptr<Command> makeExport() { return std::make_unique<Export>(); }

}  // namespace rightslice::cli
