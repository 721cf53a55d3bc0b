#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <optional>

#include "cli/command.hpp"
#include "cli/manifests.hpp"
#include "cli/metrics_flags.hpp"
#include "cli/observed.hpp"
#include "cli/plan_text.hpp"
#include "cli/price_flags.hpp"
#include "cli/replace_file.hpp"
#include "cli/terminal.hpp"
#include "cli/unified_diff.hpp"
#include "observe/report.hpp"

namespace rightslice::cli {

namespace {

using State = observe::plan::Manifest::State;

class Plan : public Command {
 public:
  Manual manual() const override {
    return {"plan",
            "which slices workloads should ask for, and how GPUs should be cut for them",
            "rightslice plan [--kubeconfig FILE] [--context NAME] [--as-asked] [FLAG]...\n"
            "rightslice plan --from FILE|FOLDER|-... [FLAG]...\nrightslice plan --manifests FILE|FOLDER|-... [--write] [-o patch] [FLAG]...",
            "Looks at a cluster once, as scan does, and says what would be better: for each workload another slice or other engine flags, with a "
            "kubectl patch for it; and for the GPUs the cuts that hold everything that is needed on the fewest of them, as a configuration for "
            "mig-parted, with the order in which to get there. In the cluster it writes nothing.\n\n"
            "Needed is what pods ask for today, on nodes or waiting, and for a workload with a recommendation of at least medium confidence what is "
            "recommended (--as-asked: only what is asked for). What is legal on one GPU is known exactly, from the places where slices of each profile may "
            "start. Fewest is proven where one number is shown; else the number below which no cutting comes is shown too. Each workload stays on the "
            "product that it runs on, on nodes that are the same to every pod: with the same taints, and chosen by the same selectors. Slices that one pod asks "
            "for stay together on one GPU. Of the solutions with the fewest GPUs one is chosen that leaves many GPUs as they are.\n\n"
            "A node is drained of its pods with GPUs before it is cut anew, since nobody tells from outside on which of its GPUs a pod is. Nodes come next "
            "for which no pod has to stop; where pods must stop because nothing else has room, they are named, and so are PodDisruptionBudgets in the way and "
            "pods that nothing makes anew. Nodes of which something is not known, whose strategy is single or none, that are cordoned, with pods that no "
            "drain evicts (of a DaemonSet, or static), or whose slices are held by pods that were not read, are left as they are, with the reason. A drain "
            "also evicts pods without GPUs, of which the plan says nothing. Only the strategy mixed of the device plugin offers slices of several "
            "profiles.\n\n"
            "A GPU is cut anew only if a GPU comes free by it, or a pod finds room that had none, or a larger slice; a recommendation for which that is not so "
            "stays one. What a GPU that is cut anew has left is cut too. A workload is changed once, with all of its pods; where its controller does not replace "
            "pods by itself (OnDelete, a paused rollout, a ReplicaSet), what is to be done is said. Pods that wait are planned for as far as there is room "
            "beside what runs, the smallest first.\n\n"
            "With --prometheus, --scrape or --metrics, as of scan, it looks at what was measured too: a smaller slice is not recommended to what is near its "
            "ceiling (NearCeiling), or has more to do than it was judged for (Drift of traffic). Without them a recommendation rests on what is declared and "
            "estimated alone.\n\n"
            "With --manifests it finds the file and document that declares each workload (by kind, namespace and name; one without a namespace stands "
            "for any), judges it as what runs was judged, and makes the change in its text: comments, formatting and everything else stay byte for byte. "
            "-o patch prints that as a unified diff for git apply, run where the files are; --write writes it. A file that asks for something else than what "
            "runs, with another image, command line or need, is Drift: it is said, and left as it is.\n\n"
            "What the plan is worth is told apart as scan does: by list, realisable once all of it is done, never more than is spent; and what is spent on GPUs "
            "that nothing needs then.\n\n"
            "-o json has recommendations, pools, savings, nodes, migParted, fittingToday, steps and unplaced; -o mig-parted is the configuration alone; "
            "-o kustomize has the patches of workloads as a kustomization, for manifests that are made from a base.",
            "0  the cluster, or every file, was read; what may not be read is said\n2  bad usage, no answer, or something that could not be read",
            "rightslice plan\nrightslice plan -o json | jq -r '.recommendations[].command'\nrightslice plan -o mig-parted > mig-config.yaml\n"
            "rightslice plan -o kustomize > right-sized/kustomization.yaml\n"
            "rightslice plan --manifests deploy/ -o patch | git apply\n"
            "kubectl get nodes,pods,pdb,deployments,replicasets -A -o json | rightslice plan --from -"};
  }

  void declare(Flags& flags) override {
    flags.choice(output_, "--output", {"text", "json", "patch", "mig-parted", "kustomize"}, "How the plan is printed.").shortName = "-o";
    flags.toggle(asAsked_, "--as-asked", "Plan for the slices that are asked for today, without those that are recommended.");
    flags.list(manifests_, "--manifests", "FILE|FOLDER|-",
               "Where what runs is declared: YAML or JSON, many documents, Lists, helm output; folders are read recursively.");
    flags.toggle(write_, "--write", "Write the changes into the files of --manifests.");
    prices_.declare(flags);
    metrics_.declare(flags);
    observed_.declare(flags);
  }

  int run() override {
    for (const std::string& wrong : {std::string(wrongFlags()), metrics_.wrong()}) {
      if (wrong.empty()) continue;
      complain(wrong);
      return kUsage;
    }
    std::optional<workload::RateBook> book;
    LookHooks hooks;
    hooks.prepare = [&](Sources& sources) { return (book = prices_.read(sources)).has_value(); };
    hooks.more = [&](Observed& so) { so.unreadable += metrics_.read(so.snapshot, *so.sources.catalogues.gpus, std::move(so.scraped)) ? 0 : 1; };
    hooks.scraping = metrics_.scraping();
    const auto observed = observed_.look(hooks);
    if (!observed) return kUsage;
    auto plan = observe::plan::planOf(observed->snapshot, observed->seen, !asAsked_);
    ManifestChanges changes;
    if (!manifests_.empty()) changes = changeManifests(manifests_, *observed, plan.advice);
    const auto money = observe::reportOf(observed->snapshot, observed->seen, *observed->sources.catalogues.gpus, *book);
    const auto worth = observe::plan::worthOf(plan, observed->seen, money->money.money, money->money.savings);
    int failed = write_ ? writeAll(plan, changes) : 0;
    const auto sink = [](std::string_view text) { print(text); };
    if (output_ == "patch") failed += printPatch(observed->seen, plan, changes);
    else if (output_ == "json") observe::plan::writeJson(observed->snapshot, observed->seen, plan, worth, sink);
    else if (output_ == "mig-parted") print(observe::plan::migPartedYaml(plan));
    else if (output_ == "kustomize") print(observe::plan::kustomization(observed->snapshot, observed->seen, plan));
    else writePlanText(observed->snapshot, observed->seen, plan, worth, Style::ofOutput(), sink);
    return observed->unreadable + changes.unreadable + failed > 0 ? kUsage : kOk;
  }

 private:
  std::string_view wrongFlags() const {
    const auto input = [](const std::vector<std::string>& paths) { return std::count(paths.begin(), paths.end(), "-"); };
    if (manifests_.empty() && output_ == "patch") return "-o patch is the change of manifests: name them with --manifests";
    if (manifests_.empty() && write_) return "--write writes into manifests: name them with --manifests";
    if (input(manifests_) > 0 && (write_ || output_ == "patch"))
      return "--write and -o patch change files, and standard input has no name: put it into a file";
    if (input(manifests_) + input(observed_.from) > 1) return "standard input can be read once: it is both in --manifests and in --from";
    return {};
  }

  /// How many could not be written.
  static int writeAll(observe::plan::Plan& plan, const ManifestChanges& changes) {
    int unwritten = 0;
    for (const ChangedManifest& each : changes.files) {
      const auto done = replaceFile(each.file, each.before, each.after);
      complain(done ? fmt::format("{}: written", each.file) : describe(done.error()));
      unwritten += done ? 0 : 1;
      for (auto& advice : plan.advice)
        for (auto& outcome : advice.manifest->changes)
          if (done && advice.manifest->file == each.file && outcome.state == State::Changed) outcome.state = State::Written;
    }
    return unwritten;
  }

  /// The files as a diff; what is not in it, and why, on stderr. How many have no name that git apply takes.
  static int printPatch(const observe::Observation& seen, const observe::plan::Plan& plan, const ManifestChanges& changes) {
    int outside = 0;
    for (const ChangedManifest& each : changes.files) {
      const auto name = nameFromHere(each.file);
      if (name) print(unifiedDiff(*name, each.before, each.edits));
      else complain(fmt::format("{}: not in the patch, since it is not below this folder: run it in one that holds all manifests", each.file)), ++outside;
    }
    for (const auto& advice : plan.advice) {
      for (std::size_t i = 0; i < advice.changes.size(); ++i) {
        const auto& outcome = advice.manifest->changes[i];
        const std::string where = advice.manifest->file.empty() ? "" : fmt::format("{}:{}: ", advice.manifest->file, advice.manifest->line);
        if (outcome.state == State::Changed || outcome.state == State::Written) continue;
        complain(fmt::format("{}container {} of {}: not changed: {}{}", where, advice.changes[i].container,
                             observe::plan::workloadTitle(seen, advice.deployed), manifestStateText(outcome.state), outcome.why));
      }
    }
    return outside;
  }

  /// As patch -p1 and git apply look for it from here, which take no `..`; nothing for what is elsewhere.
  static std::optional<std::string> nameFromHere(const std::string& file) {
    std::error_code error;
    const auto here = std::filesystem::current_path(error);
    const auto relative = (here / file).lexically_normal().lexically_relative(here);
    if (error || relative.empty() || relative.begin()->string() == "..") return std::nullopt;
    return relative.string();
  }

  std::vector<std::string> manifests_;
  bool write_ = false;
  ObservedFlags observed_;
  PriceFlags prices_;
  MetricsFlags metrics_;
  std::string output_ = "text";
  bool asAsked_ = false;
};

}  // namespace

std::unique_ptr<Command> makePlan() { return std::make_unique<Plan>(); }

}  // namespace rightslice::cli
