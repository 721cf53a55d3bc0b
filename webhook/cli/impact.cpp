#include <fmt/format.h>

#include <algorithm>

#include "admission/context.hpp"
#include "app/inventory_source.hpp"
#include "cli/command.hpp"
#include "cli/impact_report.hpp"
#include "cli/live_cluster.hpp"
#include "cli/survey.hpp"

namespace rightslice::cli {

namespace {

using policy::Loaded;
using Usage = policy::Request::Usage;

/// Policies of `before`, with those of `now` in place of their namesakes.
template <class T, class Same>
std::vector<T> replaced(std::vector<T> before, const std::vector<T>& now, const Same& same) {
  std::erase_if(before, [&](const T& old) { return std::any_of(now.begin(), now.end(), [&](const T& each) { return same(old, each); }); });
  before.insert(before.end(), now.begin(), now.end());
  return before;
}

policy::PolicySet together(const Loaded& today, const Loaded& proposed) {
  return {replaced(today.policies, proposed.policies, [](const auto& a, const auto& b) { return a.cluster == b.cluster && a.id() == b.id(); }),
          replaced(today.exceptions, proposed.exceptions, [](const auto& a, const auto& b) { return a.ns == b.ns && a.name == b.name; })};
}

std::string counted(std::size_t count) { return fmt::format("{} {}", count, count == 1 ? "policy" : "policies"); }

/// One of the two sets of policies, and what is used under it.
struct Side {
  policy::PolicySet policies;
  app::InventorySource inventory;
  struct Use {
    Usage counted, written;
    std::vector<const workload::Autoscaler*> autoscalers;
  };
  std::map<std::string, Use> usage;     ///< of files, so far

  admission::Environment environment(const Sources& sources) const {
    auto out = sources.environment();
    out.policies = &policies;
    return out;
  }
};

class ImpactCommand : public Command {
 public:
  Manual manual() const override {
    return {"impact",
            "what proposed policies would do to everything that runs",
            "rightslice impact --policies NEW/ [--kubeconfig FILE] [--context NAME] [FLAG]...\n"
            "rightslice impact --policies NEW/ [--today OLD/] [FLAG]... FILE|FOLDER|-...",
            "Judges everything that runs in the cluster with GPUs under the policies of --policies, before anybody applies them, and under those "
            "of today. It says who would be denied if created anew (a restore, another cluster, a rollback), which of those the ratchet "
            "lets be updated as they are, who would be rewritten or warned about, and what of it is new. Only outermost objects are "
            "judged, as the webhook does: a Deployment, not its pods. Policies of --policies stand in place of those of the same kind, "
            "namespace and name in the cluster; with --replace all they are the whole set.\n\n"
            "With files or folders it judges those manifests instead of a cluster, against the policies of --today.\n\n"
            "It only reads: get and list. What its user may not read is said, and is never taken for nothing.\n\n"
            "-o json has results and summary as check, with further keys: onUpdate (the decision on an update without a change), today "
            "(decision, policies and codes of today), new (stricter than today), ratchet (denied only if created anew); and the counts of "
            "each namespace.",
            "0  nothing would be denied that is not denied today\n1  something would\n2  bad usage, or something could not be read "
            "(wins over 1)",
            "rightslice impact --policies policies/new\nrightslice impact --policies policies/new --mode enforce -o json | jq .summary\n"
            "rightslice impact --policies new/ --today policies/ manifests/"};
  }

  void declare(Flags& flags) override {
    flags.choice(output_, "--output", {"text", "json"}, "How results are printed.").shortName = "-o";
    flags.choice(replace_, "--replace", {"named", "all"}, "What the proposed policies replace: those of their own names, or all.");
    flags.choice(mode_, "--mode", {"enforce", "warn", "audit"}, "Replaces the mode of the proposed policies.").defaultText = "as they say";
    flags.list(today_, "--today", "DIR|FILE",
               "Policies in force today that are in files: beside those of the cluster, where its webhook has some, or those for the manifests.");
    flags.list(namespaces_, "--namespace", "NAME", "Only what runs in this namespace; for who may not read all of them. Without it: all.");
    sources_.declare(flags, "The proposed policies: a file, or a folder with *.yaml, *.yml and *.json (recursively, without folders named "
                            "tests). Required.");
    cluster_.declare(flags);
    flags.positionals(paths_, "FILE|FOLDER|-...", "Manifests to judge instead of a cluster; - is standard input.");
  }

  int run() override {
    if (sources_.policies.empty()) return refuse("impact needs the proposed policies: --policies DIR|FILE");
    if (!paths_.empty() && (cluster_.given() || !namespaces_.empty()))
      return refuse("manifests are judged without a cluster: leave out --kubeconfig, --context and --namespace, or the files");
    auto sources = loadBase(sources_);
    if (!sources) return kUsage;
    const auto options = sources->loadOptions(sources_.maxExceptionDays);
    const auto proposed = fromFiles(sources_.policies, options);
    const auto today = fromFiles(today_, options);
    if (!proposed || !today) return kUsage;
    if (proposed->policies.empty()) return refuse("no policy found in what --policies names");

    std::optional<LiveCluster> live;
    if (paths_.empty()) {
      auto look = connect(cluster_);
      if (!look) return kUsage;
      live = lookAt(std::move(look), Scope::All, {namespaces_.begin(), namespaces_.end()}, options);
      if (!live) return kUsage;
      live->surround(*sources);
    }
    choose(*proposed, live ? policy::merge({*today, live->loaded}) : *today);
    report_ = output_ == "json" ? jsonImpactReport([](std::string_view text) { print(text); })
                                : textImpactReport([](std::string_view text) { print(text); }, Style::ofOutput());
    report_->begin(proposedText(*proposed), live ? fmt::format("{} of {}", counted(before_.policies.policies().size()), live->look->name())
                                                 : counted(before_.policies.policies().size()));
    if (live) judgeRunning(*live, *sources);
    else judgeFiles(*sources);
    report_->end(all_, counts_);
    if (all_.summary.unreadable > 0) return kUsage;
    return all_.newlyDenied > 0 ? kDenied : kOk;
  }

 private:
  static int refuse(std::string_view message) {
    complain(message);
    return kUsage;
  }

  static std::optional<Loaded> fromFiles(const std::vector<std::string>& paths, const policy::LoadOptions& options) {
    if (paths.empty()) return Loaded();
    auto loaded = app::loadPolicies(paths, options);
    for (const auto& diagnostic : loaded.diagnostics) printError(diagnostic.text() + "\n");
    if (loaded.ok()) return loaded;
    complain("the policies have errors; nothing was judged");
    return std::nullopt;
  }

  std::string proposedText(const Loaded& proposed) const {
    return fmt::format("{} of {}{}", counted(proposed.policies.size()), fmt::join(sources_.policies, ", "),
                       replace_ == "all" ? ", as the whole set" : ", in place of those of the same name");
  }

  void choose(const Loaded& proposed, const Loaded& today) {
    for (const auto& diagnostic : today.diagnostics) printError(diagnostic.text() + "\n");
    Loaded wanted = proposed;
    if (!mode_.empty())
      for (auto& each : wanted.policies)
        each.mode = mode_ == "enforce" ? policy::Mode::Enforce : mode_ == "warn" ? policy::Mode::Warn : policy::Mode::Audit;
    before_.policies = policy::PolicySet(today.policies, today.exceptions);
    after_.policies = together(replace_ == "all" ? Loaded() : today, wanted);
  }

  void judgeRunning(const LiveCluster& live, const Sources& sources) {
    std::vector<app::RunningText> running = live.snapshot.running;
    std::sort(running.begin(), running.end(),
              [](const auto& a, const auto& b) { return std::tie(a.ns, a.kind, a.name) < std::tie(b.ns, b.kind, b.name); });
    const auto autoscalers = live.autoscalers();
    for (Side* side : {&before_, &after_}) side->inventory.take(running, side->environment(sources), "now", autoscalers);
    Progress progress(running.size());
    for (const auto& each : running) {
      progress.step(each.name);
      const auto document = json::Document::parse(*each.text);
      if (!document) continue;  // it was written by this program
      const auto object = workload::read(document->root());
      const auto request = [&](const Side& side, policy::Operation operation) {
        policy::Request out = requestFor(operation, object);
        admission::addRunning(*side.inventory.current(), object, side.environment(sources), out);
        out.usageKnown = live.snapshot.runningKnown(each.ns);
        out.autoscalersKnown = live.snapshot.autoscalersKnown(each.ns);
        return out;
      };
      Impact impact = judge(*document, sources, request(before_, policy::Operation::Create), request(after_, policy::Operation::Create),
                            request(after_, policy::Operation::Update));
      for (auto* judgement : {&impact.created, &impact.today}) {
        const auto unknown = live.unknownPolicies(each.ns);
        if (replace_ != "all" || judgement == &impact.today)
          judgement->unknown.insert(judgement->unknown.end(), unknown.begin(), unknown.end());
      }
      progress.clear();
      take(impact);
    }
  }

  void judgeFiles(Sources& sources) {
    Input input(paths_);
    Survey survey(sources.loadOptions(sources_.maxExceptionDays), "default");
    survey.look(input);
    workload::merge(survey.devices(), sources.surroundings.devices);
    sources.surroundings.digest = workload::digestOf(sources.surroundings);
    if (!survey.namespaces().empty()) {
      if (!sources.surroundings.namespaces) sources.surroundings.namespaces.emplace();
      for (const auto& [name, labels] : survey.namespaces()) sources.surroundings.namespaces->insert_or_assign(name, labels);
      sources.surroundings.digest = workload::digestOf(sources.surroundings);
    }
    for (Side* side : {&before_, &after_}) side->policies = side->policies.withExceptions(survey.exceptions().exceptions);
    const auto wrong = [&](const Error& error) {
      complain(describe(error));
      ++all_.summary.unreadable;
    };
    for (const auto& diagnostic : survey.exceptions().diagnostics) wrong({diagnostic.text(), ""});
    for (const auto& error : input.errors()) wrong(error);
    for (std::size_t i = 0; i < input.size(); ++i) {
      const auto file = input.open(i);
      if (!file) {
        wrong(file.error());
        continue;
      }
      for (const auto& part : (*file)->stream.broken) wrong({part.error.message, (*file)->name + ":" + part.error.where});
      forEachObject(**file, [&](const InputObject& object) { judgeFile(object, survey, sources, wrong); }, wrong);
    }
  }

  void judgeFile(const InputObject& input, const Survey& survey, const Sources& sources, const std::function<void(const Error&)>& wrong) {
    const auto object = workload::read(input.view());
    for (const auto& part : object.malformed) wrong({part.message, input.where(part.where)});
    if (object.kind == nullptr) return;
    const auto use = [&](const Side& side, const workload::Autoscaler* autoscaler) {
      const auto environment = side.environment(sources);
      return policy::usageOf(object, side.policies, environment.catalogue, *environment.surroundings, autoscaler);
    };
    const auto request = [&](const Side& side, policy::Operation operation) {
      policy::Request out = requestFor(operation, object);
      out.owner = survey.ownerOf(object);
      out.usageKnown = out.autoscalersKnown = true;
      out.autoscaler = survey.autoscalers().of(object);
      if (const auto used = side.usage.find(object.ns); used != side.usage.end()) {
        out.usage = used->second.counted;
        out.written = used->second.written;
        out.autoscalersInUse = &used->second.autoscalers;
      }
      if (operation != policy::Operation::Update) return out;
      out.oldUsage = use(side, out.autoscaler);
      out.oldWritten = use(side, nullptr);
      out.usage = policy::plus(out.usage, out.oldUsage);
      out.written = policy::plus(out.written, out.oldWritten);
      return out;
    };
    auto impact = judge(input.object(), sources, request(before_, policy::Operation::Create), request(after_, policy::Operation::Create),
                          request(after_, policy::Operation::Update));
    if (!object.asksForGpu() && impact.created.findings.empty() && impact.today.findings.empty()) return;
    impact.origin = {input.file->name, input.document->index, input.item};
    const auto* autoscaler = survey.autoscalers().of(object);
    for (Side* side : {&before_, &after_}) {
      if (impact.created.recordedOnly) continue;
      auto& usage = side->usage[object.ns];
      usage.counted = policy::plus(usage.counted, use(*side, autoscaler));
      usage.written = policy::plus(usage.written, use(*side, nullptr));
      if (workload::raises(object, autoscaler)) usage.autoscalers.push_back(autoscaler);
    }
    take(impact);
  }

  policy::Request requestFor(policy::Operation operation, const workload::Workload& object) const {
    policy::Request request;
    request.operation = operation;
    request.trustedControllers = sources_.trustedControllers;
    if (operation == policy::Operation::Update) request.old = &object;
    return request;
  }

  Impact judge(const json::Document& object, const Sources& sources, const policy::Request& today, const policy::Request& created,
               const policy::Request& updated) const {
    Impact out;
    out.today = admission::verdict(object, "default", before_.environment(sources), today);
    out.created = admission::verdict(object, "default", after_.environment(sources), created);
    out.updated = admission::verdict(object, "default", after_.environment(sources), updated).decision;
    return out;
  }

  void take(const Impact& impact) {
    all_.count(impact);
    counts_[impact.created.ns].count(impact);
    report_->add(impact);
  }

  SourceFlags sources_;
  ClusterFlags cluster_;
  std::vector<std::string> paths_, today_, namespaces_;
  std::string output_ = "text", replace_ = "named", mode_;

  Side before_, after_;
  std::unique_ptr<ImpactReport> report_;
  ImpactCounts all_;
  std::map<std::string, ImpactCounts> counts_;
};

}  // namespace

std::unique_ptr<Command> makeImpact() { return std::make_unique<ImpactCommand>(); }

}  // namespace rightslice::cli
