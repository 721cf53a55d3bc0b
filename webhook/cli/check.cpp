#include <fmt/format.h>

#include <map>

#include "cli/against.hpp"
#include "cli/command.hpp"
#include "cli/fix.hpp"
#include "cli/report.hpp"
#include "cli/sources.hpp"
#include "cli/survey.hpp"
#include "cli/terminal.hpp"

namespace rightslice::cli {

namespace {

using policy::Action;
using policy::Code;

/// Each level includes the ones before it.
enum class FailOn { Deny, WouldDeny, Warn, Unknown };
const std::vector<std::string> kFailOn{"deny", "would-deny", "warn", "unknown"};
const std::vector<std::string> kModes{"enforce", "warn", "audit"};

bool fails(const policy::Judgement& judgement, FailOn level) {
  if (judgement.decision == Action::Deny) return true;
  if (level >= FailOn::WouldDeny && judgement.wouldBe == Action::Deny) return true;
  if (level >= FailOn::Warn && judgement.decision != Action::Allow) return true;
  if (level < FailOn::Unknown) return false;
  if (!judgement.unknown.empty()) return true;
  for (const auto& finding : judgement.findings)
    if (finding.code == Code::NotJudged || finding.code == Code::UnknownFootprint) return true;
  return false;
}

class Check : public Command {
 public:
  Manual manual() const override {
    return {
        "check",
        "judge manifests, offline or against a cluster",
        "rightslice check [FLAG]... FILE|FOLDER|-...\nrightslice check --against cluster [--kubeconfig FILE] [--context NAME] [FLAG]... "
        "FILE|FOLDER|-...",
        "Judges every workload in the manifests as the webhook would judge it, and says what to change. Files may be "
        "YAML or "
        "JSON, with many documents and List objects, also what helm template prints. Folders are read recursively "
        "(*.yaml, "
        "*.yml, *.json; hidden entries are left out); - is standard input.\n\n"
        "Objects of one input know each other, in whatever order they stand: Namespace objects give the labels of "
        "their "
        "namespaces, SliceException objects count, owners prove their children, autoscalers count with their maximum, and budgets are used up in the order "
        "of the "
        "input; ResourceClaimTemplate, ResourceClaim and DeviceClass objects say what the claims of the workloads ask for. "
        "SlicePolicy and ClusterSlicePolicy objects in the input are not applied: name them with --policies.\n\n"
        "What cannot be read is reported on stderr with file, line and column; everything else is still judged.\n\n"
        "With --against cluster the answer is what the cluster would say to kubectl apply: with its policies and exceptions (and those of "
        "--policies beside them), its namespaces and nodes, and what runs. An object that is there already is merged with the manifest as "
        "kubectl apply does and judged as an update, ratchet included; budgets count what the namespace uses. It only reads: get and list. "
        "What its user may not read is unknown, and is said. Which requests are sent to the webhook at all, and who is exempt, it does not "
        "ask.\n\n"
        "With --fix the manifests are printed with the recommended slice written in, with the engine flags that it "
        "needs; "
        "where no slice is recommended but other flags would do on the one asked for, with those. Comments, "
        "formatting and "
        "everything else stay byte for byte; what was changed, and what must be changed by hand, is said on stderr.",
        "0  nothing reaches the level of --fail-on\n1  something does\n2  bad usage, or something could not be read "
        "(wins over 1)",
        "rightslice check deploy/\nhelm template chat ./chart | rightslice check --policies policies/ -\n"
        "rightslice check --policies policies/ --mode enforce --fail-on warn -o sarif manifests/ > rightslice.sarif\n"
        "rightslice check --fix chat.yaml > chat.fixed.yaml\n"
        "helm template chat ./chart | rightslice check --against cluster --namespace team-a -"};
  }

  void declare(Flags& flags) override {
    flags.choice(output_, "--output", {"text", "json", "sarif", "junit"}, "How results are printed.").shortName = "-o";
    flags.choice(failOn_, "--fail-on", kFailOn,
                 "What makes the exit status 1: a denial; also what enforce would deny; also any warning or rewrite; "
                 "also what is "
                 "not known (NotJudged, UnknownFootprint, or a result that hangs on something unknown).");
    flags.choice(mode_, "--mode", kModes, "Replaces the mode of all policies.").defaultText = "as the policies say";
    Flag& space = flags.text(namespace_, "--namespace", "NAME", "The namespace of objects that name none.");
    space.shortName = "-n";
    space.defaultText = "default; with --against cluster that of the context";
    flags.toggle(fix_, "--fix", "Print the manifests with the recommended slice and engine flags written in, instead "
                                "of the results.");
    flags.choice(against_, "--against", {"cluster"}, "Judge against what is in a cluster; read-only.").defaultText = "nothing: offline";
    sources_.declare(flags);
    cluster_.declare(flags);
    flags.positionals(paths_, "FILE|FOLDER|-...", "The manifests to judge; - is standard input.");
  }

  int run() override {
    if (paths_.empty()) {
      complain("check needs a file, a folder or - for standard input; see rightslice check --help");
      return kUsage;
    }
    const auto mode = mode_.empty() ? std::nullopt
                                    : std::optional(mode_ == "enforce" ? policy::Mode::Enforce
                                                    : mode_ == "warn"  ? policy::Mode::Warn
                                                                       : policy::Mode::Audit);
    if (fix_ && output_ != "text") {
      complain(fmt::format("--fix prints the manifests in place of the results: leave out --output {}", output_));
      return kUsage;
    }
    const bool live = against_ == "cluster";
    if (live && fix_) {
      complain("--fix writes into what is in the files: leave out --against");
      return kUsage;
    }
    if (!live && cluster_.given()) complain("--kubeconfig and --context say nothing without --against cluster");
    auto look = live ? connect(cluster_) : nullptr;
    if (live && !look) return kUsage;
    if (namespace_.empty()) namespace_ = live ? look->defaultNamespace() : "default";
    auto loaded = live ? loadBase(sources_) : loadSources(sources_, mode);
    if (!loaded) return kUsage;
    sayWhichPolicies(*loaded);
    Input input(paths_);
    Survey survey(loaded->loadOptions(sources_.maxExceptionDays), namespace_);
    survey.look(input);
    std::optional<LiveCluster> cluster;
    if (live) {
      auto namespaces = survey.workloadNamespaces();
      if (namespaces.empty()) namespaces.insert(namespace_);  // none at all would be every one
      cluster = lookAt(std::move(look), Scope::All, namespaces, loaded->loadOptions(sources_.maxExceptionDays));
      if (!cluster || !usePolicies(*loaded, sources_, cluster->loaded, mode)) return kUsage;
      cluster->surround(*loaded);
    }
    take(survey, *loaded, input);
    if (live) meets_ = std::make_unique<Against>(*cluster, *loaded);
    judgeAll(input, survey, *loaded);
    if (summary_.unreadable > 0) return kUsage;
    return failed_ ? kDenied : kOk;
  }

 private:
  /// Lets what the survey saw count.
  void take(const Survey& survey, Sources& sources, Input& input) {
    if (!survey.namespaces().empty()) {
      auto& known = sources.surroundings.namespaces;
      if (!known) known.emplace();
      for (const auto& [name, labels] : survey.namespaces()) known->insert_or_assign(name, labels);
    }
    workload::merge(survey.devices(), sources.surroundings.devices);
    sources.surroundings.digest = workload::digestOf(sources.surroundings);
    const auto& exceptions = survey.exceptions();
    std::vector<policy::Exception> more;
    for (const auto& exception : exceptions.exceptions) {
      bool there = false;  // the same file may be named by --policies and as input
      for (const auto& other : sources.policies.allExceptions())
        there |= other.ns == exception.ns && other.name == exception.name;
      if (!there) more.push_back(exception);
    }
    if (!more.empty()) sources.policies = sources.policies.withExceptions(std::move(more));
    for (const auto& diagnostic : exceptions.diagnostics) {
      printError(diagnostic.text() + "\n");
      if (!diagnostic.warning) ++summary_.unreadable;
    }
    for (const auto& error : input.errors()) broken(error);
    const auto& seen = survey.policiesSeen();
    if (sources_.policies.empty() && !seen.empty())
      complain(fmt::format("{}{} not applied: name the file with --policies", seen.front(),
                           seen.size() == 1 ? " is" : fmt::format(" and {} more in the input are", seen.size() - 1)));
  }

  void broken(const Error& error) {
    complain(describe(error));
    ++summary_.unreadable;
    early_.push_back(error);
  }

  void judgeAll(Input& input, const Survey& survey, const Sources& sources) {
    const auto report = makeReport();
    if (report) report->begin();
    Progress progress(input.size());
    const auto flush = [&] {
      for (const auto& error : early_)
        if (report) report->unreadable(error);
      early_.clear();
    };
    flush();
    for (std::size_t i = 0; i < input.size(); ++i) {
      progress.step(input.name(i));
      const auto file = input.open(i);
      const auto wrong = [&](const Error& error) {
        progress.clear();
        broken(error);
        flush();
      };
      if (!file) {
        wrong(file.error());
        continue;
      }
      for (const auto& part : (*file)->stream.broken)
        wrong({part.error.message, (*file)->name + ":" + part.error.where});
      std::vector<Fix> changes;
      forEachObject(
          **file, [&](const InputObject& object) { judgeOne(object, survey, sources, report.get(), changes, wrong); },
          wrong);
      if (fix_) {
        progress.clear();
        printFixed(**file, changes);
      }
    }
    progress.clear();
    if (report) report->end(summary_);
  }

  void judgeOne(const InputObject& object, const Survey& survey, const Sources& sources, Report* report,
                std::vector<Fix>& changes, const std::function<void(const Error&)>& wrong) {
    const workload::Workload workload = workload::read(object.view(), namespace_);
    for (const auto& part : workload.malformed) wrong({part.message, object.where(part.where)});
    if (workload.kind == nullptr && workload.gpuKeyPointer.empty()) return;

    policy::Request request;
    request.trustedControllers = sources_.trustedControllers;
    request.owner = survey.ownerOf(workload);
    Meeting meeting;
    if (meets_) {
      if (const auto met = meets_->meet(object.view(), workload, meeting, request); !met) return wrong(met.error());
    } else {
      const Use& usage = usage_[workload.ns];
      request.usage = usage.counted;
      request.written = usage.written;
      request.usageKnown = request.autoscalersKnown = true;
      request.autoscaler = survey.autoscalers().of(workload);
      request.autoscalersInUse = &usage.autoscalers;
    }
    const auto environment = sources.environment();
    Judged judged{admission::verdict(meeting.merged ? *meeting.merged : object.object(), namespace_, environment, request), &object, false};
    auto& unknown = judged.judgement.unknown;
    unknown.insert(unknown.end(), meeting.unknown.begin(), meeting.unknown.end());
    if (!judged.judgement.recordedOnly) count(meeting.now ? *meeting.now : workload, request, judged.judgement, environment);
    judged.failed = fails(judged.judgement, level());
    failed_ = failed_ || judged.failed;
    summary_.count(judged.judgement);
    if (report != nullptr) report->add(judged);
    else
      for (auto& change : fixes(judged)) changes.push_back(std::move(change));
  }

  /// What got in is used up for the objects after it. Offline an object that is denied counts too: its author will mend it.
  void count(const workload::Workload& workload, const policy::Request& request, const policy::Judgement& judgement,
             const admission::Environment& environment) {
    if (meets_) {
      if (judgement.decision != Action::Deny) meets_->admit(workload, request);
      return;
    }
    const auto use = [&](const workload::Autoscaler* autoscaler) {
      return policy::usageOf(workload, *environment.policies, environment.catalogue, *environment.surroundings, autoscaler);
    };
    auto& usage = usage_[workload.ns];
    const bool raised = workload::raises(workload, request.autoscaler);
    const auto counted = use(request.autoscaler);
    usage.counted = policy::plus(usage.counted, counted);
    usage.written = policy::plus(usage.written, raised ? use(nullptr) : counted);
    if (raised) usage.autoscalers.push_back(request.autoscaler);
  }

  void printFixed(const InputFile& file, std::vector<Fix>& changes) {
    const std::string text = applyFixes(file, changes);
    if (!printed_.empty() && !text.starts_with("---")) print(printed_.ends_with('\n') ? "---\n" : "\n---\n");
    else if (!printed_.empty() && !printed_.ends_with('\n')) print("\n");
    print(text);
    if (!text.empty()) printed_ = text.substr(text.size() - 1);
    for (const auto& change : changes)
      complain(change.obstacle.empty()
                   ? fmt::format("{}: {}: {}", change.where, change.container, changeText(change))
                   : fmt::format("{}: {}: not changed: {}", change.where, change.container, change.obstacle));
  }

  /// None with --fix: then the manifests are the output.
  std::unique_ptr<Report> makeReport() const {
    const Sink sink = [](std::string_view text) { print(text); };
    if (fix_) return nullptr;
    if (output_ == "json") return jsonReport(sink);
    if (output_ == "sarif") return sarifReport(sink);
    if (output_ == "junit") return junitReport(sink);
    return textReport(sink, Style::ofOutput());
  }

  FailOn level() const {
    for (std::size_t i = 0; i < kFailOn.size(); ++i)
      if (kFailOn[i] == failOn_) return static_cast<FailOn>(i);
    return FailOn::Deny;
  }

  SourceFlags sources_;
  std::vector<std::string> paths_;
  std::string output_ = "text", failOn_ = "deny", mode_, namespace_, against_;
  ClusterFlags cluster_;
  bool fix_ = false;

  std::unique_ptr<Against> meets_;
  Summary summary_;
  bool failed_ = false;
  std::string printed_;                                  // the last byte of what --fix printed so far
  std::vector<Error> early_;                             // what could not be read before the report begins
  struct Use {
    policy::Request::Usage counted, written;
    std::vector<const workload::Autoscaler*> autoscalers;  // whose maximum is in it
  };
  std::map<std::string, Use> usage_;                     // of each namespace, by the objects so far
};

}  // namespace

std::unique_ptr<Command> makeCheck() { return std::make_unique<Check>(); }

}  // namespace rightslice::cli
