#include <fmt/format.h>

#include <filesystem>

#include "app/audit_replay.hpp"
#include "app/line_reader.hpp"
#include "cli/command.hpp"
#include "cli/live_cluster.hpp"
#include "cli/replay_report.hpp"

namespace rightslice::cli {

namespace {

using Use = app::AuditEvent::Use;

constexpr int kMostComplaints = 20;   // a log that is none has millions of bad lines

class Replay : public Command {
 public:
  Manual manual() const override {
    return {"replay",
            "what proposed policies would have done to the admissions of an audit log",
            "rightslice replay --policies NEW/ [--against cluster] [FLAG]... AUDIT.LOG|-...",
            "Reads an audit log of kube-apiserver (JSON lines, audit.k8s.io/v1), takes the creations, updates and scalings of workloads out of it "
            "and judges them again, in order, under the policies of --policies, with what the log showed before as the old objects. Shown is "
            "what was decided then (from the audit annotations of the webhook, where it was asked) and what would be decided now.\n\n"
            "The log must hold the objects: level Request for creations and updates, RequestResponse also for patches (kubectl apply sends "
            "patches), of which the stored object is judged. What cannot be replayed is counted, and the counts are printed. Objects asked "
            "for are those before any rewrite. Owners prove their children where the log showed them. A log does not tell what else "
            "runs: budgets are held against each object alone, and what hangs on the rest is unknown.\n\n"
            "Files are streamed, and of them only objects with GPUs that live on are kept; several are read in the order given, so name rotated "
            "ones oldest first; - is standard input (zcat audit.log.gz | rightslice replay ... -). With --against cluster the labels of "
            "namespaces and the nodes are those of a cluster.\n\n"
            "-o json has results and summary as check, with further keys: line, time, auditID, user, verb, replicas (of a scaling), then "
            "(admitted, decision, wouldBe) and new; and coverage, the counts of what the lines were.",
            "0  nothing that got in would be denied\n1  something would\n2  bad usage, or a line could not be read (wins over 1)",
            "rightslice replay --policies policies/new /var/log/kubernetes/audit.log\n"
            "kubectl logs -n kube-system kube-apiserver-a | rightslice replay --policies new/ --mode enforce -"};
  }

  void declare(Flags& flags) override {
    flags.choice(output_, "--output", {"text", "json"}, "How results are printed.").shortName = "-o";
    flags.choice(mode_, "--mode", {"enforce", "warn", "audit"}, "Replaces the mode of all policies.").defaultText = "as the policies say";
    flags.choice(against_, "--against", {"cluster"}, "Take namespaces and nodes from a cluster.").defaultText = "nothing: offline";
    sources_.declare(flags, "The policies to judge under: a file, or a folder with *.yaml, *.yml and *.json (recursively, without folders named "
                            "tests). Required.");
    cluster_.declare(flags);
    flags.positionals(files_, "AUDIT.LOG|-...", "The logs, oldest first; - is standard input.");
  }

  int run() override {
    if (files_.empty()) return refuse("replay needs an audit log, or - for standard input");
    if (sources_.policies.empty()) return refuse("replay needs policies to judge under: --policies DIR|FILE");
    if (against_.empty() && cluster_.given()) complain("--kubeconfig and --context say nothing without --against cluster");
    const auto mode = mode_.empty() ? std::nullopt
                                    : std::optional(mode_ == "enforce" ? policy::Mode::Enforce
                                                    : mode_ == "warn"  ? policy::Mode::Warn
                                                                       : policy::Mode::Audit);
    auto sources = loadSources(sources_, mode);
    if (!sources) return kUsage;
    if (!against_.empty()) {
      auto look = connect(cluster_);
      auto live = look ? lookAt(std::move(look), Scope::PoliciesOnly, {}, sources->loadOptions(sources_.maxExceptionDays)) : std::nullopt;
      if (!live) return kUsage;
      live->surround(*sources);
    }
    report_ = output_ == "json" ? jsonReplayReport([](std::string_view text) { print(text); })
                                : textReplayReport([](std::string_view text) { print(text); }, Style::ofOutput());
    app::AuditReplay replay(sources->environment(), sources_.trustedControllers);
    report_->begin();
    for (const auto& file : files_) read(file, replay);
    counts_.unseenScale = static_cast<std::int64_t>(replay.unseen());
    if (complaints_ > kMostComplaints) complain(fmt::format("and {} more", complaints_ - kMostComplaints));
    report_->end(counts_);
    if (counts_.summary.unreadable > 0) return kUsage;
    return counts_.newlyDenied > 0 ? kDenied : kOk;
  }

 private:
  static int refuse(std::string_view message) {
    complain(message);
    return kUsage;
  }

  void broken(const std::string& where, std::string_view message) {
    ++counts_.summary.unreadable;
    if (++complaints_ <= kMostComplaints) complain(fmt::format("{}: {}", where, message));
  }

  void read(const std::string& file, app::AuditReplay& replay) {
    auto reader = app::LineReader::open(file);
    if (!reader) return broken(file, reader.error().message);
    std::error_code unknown;
    const auto size = std::filesystem::file_size(file, unknown);
    Progress progress(unknown ? 0 : static_cast<std::size_t>(size >> 20));
    std::size_t shown = 0;
    for (;;) {
      const auto next = reader->next();
      if (!next) return broken(file, next.error().message);
      if (!*next) return;
      for (; shown < reader->bytesRead() >> 20; ++shown) progress.step(file);
      line(**next, file, replay, progress);
    }
  }

  void line(const app::LineReader::Line& line, const std::string& file, app::AuditReplay& replay, Progress& progress) {
    if (line.text.find_first_not_of(" \t") == std::string_view::npos && !line.tooLong) return;
    ++counts_.lines;
    const std::string where = fmt::format("{}:{}", file, line.number);
    const auto wrong = [&](std::string_view message) {
      progress.clear();
      broken(where, message);
    };
    if (line.tooLong) return wrong(fmt::format("longer than {} MiB", app::LineReader::kLongest >> 20));
    const auto document = json::Document::parse(line.text);
    if (!document) return wrong(fmt::format("is no JSON: {}", document.error().message));
    const json::View root = document->root();
    if (root["kind"].stringOr("") != "EventList") return event(root, file, line.number, replay, progress, wrong);
    for (const json::View each : root["items"].elements()) event(each, file, line.number, replay, progress, wrong);  // as the webhook backend sends them
  }

  template <class Wrong>
  void event(json::View view, const std::string& file, std::size_t line, app::AuditReplay& replay, Progress& progress, const Wrong& wrong) {
    const app::AuditEvent event = app::readAuditEvent(view);
    if (event.use == Use::NoEvent) return wrong("is no Event of audit.k8s.io/v1");
    ++counts_.events;
    counts_.count(event.use);
    const auto replayed = replay.take(event);
    if (!replayed) {
      counts_.noGpu += event.use == Use::Judged ? 1 : 0;
      return;
    }
    counts_.count(*replayed);
    progress.clear();
    report_->add(*replayed, file, line);
  }

  SourceFlags sources_;
  ClusterFlags cluster_;
  std::vector<std::string> files_;
  std::string output_ = "text", mode_, against_;
  std::unique_ptr<ReplayReport> report_;
  ReplayCounts counts_;
  int complaints_ = 0;
};

}  // namespace

std::unique_ptr<Command> makeReplay() { return std::make_unique<Replay>(); }

}  // namespace rightslice::cli
