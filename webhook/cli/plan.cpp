#include "cli/command.hpp"
#include "cli/observed.hpp"
#include "cli/plan_text.hpp"
#include "cli/terminal.hpp"

namespace rightslice::cli {

namespace {

class Plan : public Command {
 public:
  Manual manual() const override {
    return {"plan",
            "which slices workloads should ask for, and how GPUs should be cut for them",
            "rightslice plan [--kubeconfig FILE] [--context NAME] [--as-asked] [FLAG]...\n"
            "rightslice plan --from FILE|FOLDER|-... [FLAG]...",
            "Looks at a cluster once, as scan does, and says what would be better: for each workload another slice or other engine flags, with a "
            "kubectl patch for it; and for the GPUs the cuts that hold everything that is needed on the fewest of them, as a configuration for "
            "mig-parted, with the order in which to get there. It writes nothing.\n\n"
            "Needed is what pods ask for today, on nodes or waiting, and for a workload with a recommendation of at least medium confidence what is "
            "recommended (--as-asked: only what is asked for). What is legal on one GPU is known exactly, from the places where slices of each profile may "
            "start. Fewest is proven where one number is shown; else the number below which no cutting comes is shown too. Each workload stays on the "
            "product that it runs on, on nodes that are the same to every pod: with the same taints, and chosen by the same selectors. Slices that one pod asks "
            "for stay together on one GPU. Of the solutions with the fewest GPUs one is chosen that leaves many GPUs as they are.\n\n"
            "A node is drained of its pods with GPUs before it is cut anew, since nobody tells from outside on which of its GPUs a pod is. Nodes come next "
            "for which no pod has to stop; where pods must stop because nothing else has room, they are named, and so are PodDisruptionBudgets in the way and "
            "pods that nothing makes anew. Nodes of which something is not known, whose strategy is single, that are cordoned, or whose slices are "
            "held by pods that were not read, are left as they are, with the reason. A drain also evicts pods without "
            "GPUs, of which the plan says nothing. Only the strategy mixed of the device plugin offers slices of several profiles.\n\n"
            "-o json has recommendations, pools, nodes, migParted, steps and unplaced; -o mig-parted is the configuration alone; -o kustomize has the "
            "patches of workloads for manifests in Git. check --fix writes the same changes into the text of a manifest.",
            "0  the cluster, or every file, was read; what may not be read is said\n2  bad usage, no answer, or something that could not be read",
            "rightslice plan\nrightslice plan -o json | jq -r '.recommendations[].command'\nrightslice plan -o mig-parted > mig-config.yaml\n"
            "rightslice plan -o kustomize > right-sized/kustomization.yaml\n"
            "kubectl get nodes,pods,pdb,deployments,replicasets -A -o json | rightslice plan --from -"};
  }

  void declare(Flags& flags) override {
    flags.choice(output_, "--output", {"text", "json", "mig-parted", "kustomize"}, "How the plan is printed.").shortName = "-o";
    flags.toggle(asAsked_, "--as-asked", "Plan for the slices that are asked for today, without those that are recommended.");
    observed_.declare(flags);
  }

  int run() override {
    const auto observed = observed_.look();
    if (!observed) return kUsage;
    const auto plan = observe::plan::planOf(observed->snapshot, observed->seen, !asAsked_);
    const auto sink = [](std::string_view text) { print(text); };
    if (output_ == "json") observe::plan::writeJson(observed->snapshot, observed->seen, plan, sink);
    else if (output_ == "mig-parted") print(observe::plan::migPartedYaml(plan));
    else if (output_ == "kustomize") print(observe::plan::kustomization(observed->snapshot, observed->seen, plan));
    else writePlanText(observed->snapshot, observed->seen, plan, Style::ofOutput(), sink);
    return observed->unreadable > 0 ? kUsage : kOk;
  }

 private:
  ObservedFlags observed_;
  std::string output_ = "text";
  bool asAsked_ = false;
};

}  // namespace

std::unique_ptr<Command> makePlan() { return std::make_unique<Plan>(); }

}  // namespace rightslice::cli
