#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <set>
#include <string>

#include "cli/audit_flags.hpp"
#include "cli/command.hpp"
#include "cli/metrics_flags.hpp"
#include "cli/observed.hpp"
#include "cli/price_flags.hpp"
#include "cli/terminal.hpp"
#include "json/document.hpp"
#include "json/yaml.hpp"
#include "observe/audit/history_writer.hpp"
#include "observe/audit/report_writer.hpp"
#include "observe/report.hpp"

namespace rightslice::cli {

namespace {

namespace audit = observe::audit;

std::string plural(std::size_t count, std::string_view noun) { return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s"); }

std::string placeOf(const std::string& ns) { return ns.empty() ? "the nodes" : "namespace " + ns; }

class Audit : public Command {
 public:
  Manual manual() const override {
    return {"audit",
            "one look at what runs, written into the cluster as reports",
            "rightslice audit --reports policyreport|openreports [--kubeconfig FILE] [--namespace NAME]... [FLAG]...\n"
            "rightslice audit --store FILE|URL [--from FILE|FOLDER|-]... [FLAG]...\n"
            "rightslice audit --dry-run [--reports KIND] [--from FILE|FOLDER|-]... [FLAG]...",
            "Looks at a cluster once, as scan does, and writes what it finds as reports: one for each namespace in which something is found, and one for the "
            "nodes. For a CronJob, where rightslice serve --audit does not do it. "
            "With --store it also keeps the look, so that rightslice history can tell what changed. It writes "
            "nothing else, and changes no workload.\n\n"
            "A report holds the most severe findings first, at most 200 and 256 KiB; what is not listed is counted. It is written only if its content "
            "changed, and deleted when nothing is found any more. What could not be read is unknown: findings that an earlier look had and that could not be looked "
            "for now stay, marked with what was not read. Reports of others, and those named otherwise than rightslice, are never touched.\n\n"
            "Policies are those of the cluster and of --policies; where there are none, the shipped starter policy, in audit mode.\n\n"
            "--dry-run prints the reports that would be written as a List of YAML, and writes nothing.",
            "0  the cluster was read, and all reports are as they should be\n2  bad usage, no answer, or something that could not be read or written",
            "rightslice audit --reports policyreport\nrightslice audit --dry-run --reports openreports -n team-a\n"
            "kubectl get nodes,pods,deployments,replicasets -A -o json | rightslice audit --dry-run --from -"};
  }

  void declare(Flags& flags) override {
    declareReports(flags, reports_, "--reports").defaultText = "none; with --dry-run policyreport";
    flags.toggle(dryRun_, "--dry-run", "Print what would be written.");
    flags.choice(output_, "--output", {"yaml", "json"}, "How --dry-run prints it.").shortName = "-o";
    prices_.declare(flags);
    declareHistory(flags, history_);
    metrics_.declare(flags);
    observed_.declare(flags);
  }

  int run() override {
    if (const std::string text = wrong(); !text.empty()) {
      complain(text);
      return kUsage;
    }
    workload::RateBook book;
    LookHooks hooks;
    hooks.prepare = [&](Sources& sources) {
      auto read = prices_.read(sources);
      if (!read) return false;
      book = std::move(*read);
      return true;
    };
    hooks.more = [&](Observed& so) { so.unreadable += metrics_.read(so.snapshot, *so.sources.catalogues.gpus, std::move(so.scraped)) ? 0 : 1; };
    hooks.scraping = metrics_.scraping();
    const auto observed = observed_.look(hooks);
    if (!observed) return kUsage;
    const auto report = observe::reportOf(observed->snapshot, observed->seen, *observed->sources.catalogues.gpus, book);
    if (!report) {
      complain(describe(report.error()));
      return kUsage;
    }
    const auto results = audit::resultsOf(*report);
    sayUnread(observed->snapshot.coverage);
    const audit::Found found{results, observed->snapshot.coverage, observed->snapshot.scope, observed->snapshot.takenAt};
    bool written = true;
    if (dryRun_) {
      written = show(found);
    } else {
      summarise(found);
      if (history_.given()) written = keep(*report, observed->sources.catalogues.view());
      if (reports_ != "none") written = write(found) && written;
    }
    return written && observed->unreadable == 0 ? kOk : kUsage;
  }

 private:
  std::string wrong() const {
    if (std::string text = metrics_.wrong(); !text.empty()) return text;
    if (std::string text = history_.wrong(); !text.empty()) return text;
    if (dryRun_ && history_.given()) return "--dry-run writes nothing, and so keeps nothing in a --store";
    if (!dryRun_ && reports_ == "none" && !history_.given()) return "nothing to write: say which --reports, a --store, or --dry-run";
    if (!dryRun_ && reports_ != "none" && !observed_.from.empty())
      return "recorded objects are of no cluster that reports could be written into: use --dry-run with --from";
    return {};
  }

  static void sayUnread(const observe::Coverage& coverage) {
    std::set<std::string> names;
    for (const observe::Seen* each : coverage.unread())
      if (each->state != observe::Seen::State::NotGiven) names.insert(each->ns.empty() ? each->resource : each->resource + " in " + each->ns);
    if (!names.empty()) complain(fmt::format("could not be read, and what hangs on it is unknown: {}", fmt::join(names, ", ")));
  }

  const audit::ReportKind& kind() const {
    const audit::ReportKind* named = audit::findReportKind(reports_);
    return named != nullptr ? *named : audit::reportKinds().front();
  }

  void tell(const audit::Written& written, bool would) const {
    for (const std::string& each : written.troubles) complain(each);
    if (!written.served)
      complain(fmt::format("the cluster has no {} of {}: install their definitions, or choose other --reports", kind().plural, kind().group));
    if (written.foreign > 0) complain(fmt::format("{} named {} that is not ours: left as it is", plural(written.foreign, "report"), audit::kReportName));
    const std::string text = fmt::format("reports: {}{} created, {} updated, {} deleted, {} unchanged{}", would ? "would be: " : "", written.created, written.updated,
                                         written.deleted, written.unchanged, written.kept == 0 ? "" : fmt::format(" ({} with findings kept)", written.kept));
    if (would) complain(text);
    else print(text + "\n");
  }

  bool write(const audit::Found& found) const {
    auto config = observed_.cluster.choose();
    if (!config) return complain(describe(config.error())), false;
    observe::ClusterSource source(std::move(*config));
    const auto written = audit::writeReports(source.cluster(), kind(), found, {});
    tell(written, false);
    return written.good() && written.served && written.foreign == 0;
  }

  bool keep(const observe::Report& report, const policy::Catalogue& catalogue) const {
    auto address = history_.address();
    if (!address) return complain(describe(address.error())), false;
    audit::HistoryWriter history({std::move(*address), history_.retention()});
    const audit::Kept kept = history.keep(report, catalogue);
    if (!kept.trouble.empty()) complain(kept.trouble);
    if (kept.outcome == "written") print(fmt::format("history: kept; findings of what runs: {} new, {} gone\n", kept.opened, kept.closed));
    else if (kept.outcome == "already") print("history: this look, or a later one, is there\n");
    return kept.trouble.empty();
  }

  static void summarise(const audit::Found& found) {
    std::size_t workloads = 0, places = 0;
    std::array<std::size_t, 4> severities{};
    for (const auto& each : found.results) {
      if (!each.results.empty()) ++places;
      workloads += static_cast<std::size_t>(each.passed);
      for (const auto& one : each.results) ++severities[static_cast<std::size_t>(one.severity)];
    }
    const std::size_t all = severities[0] + severities[1] + severities[2] + severities[3];
    print(fmt::format("{} in {}: {} high, {} medium, {} low, {} info; {} without\n", plural(all, "finding"), plural(places, "report"), severities[0], severities[1],
                      severities[2], severities[3], plural(workloads, "workload")));
  }

  bool show(const audit::Found& found) const {
    std::string items;
    const auto add = [&](const audit::ReportChange& change) {
      if (change.kind == audit::ReportChange::Kind::Delete) complain(fmt::format("would delete the report of {}", placeOf(change.ns)));
      else items += (items.empty() ? "" : ",") + change.body;
    };
    bool good = true;
    if (observed_.from.empty()) {
      auto config = observed_.cluster.choose();
      if (!config) return complain(describe(config.error())), false;
      observe::ClusterSource source(std::move(*config));
      audit::Writing how;
      how.dryRun = add;
      const auto written = audit::writeReports(source.cluster(), kind(), found, how);
      good = written.good() && written.served;
      tell(written, true);
    } else {
      audit::changesOf(kind(), found, {}, add);
    }
    const std::string list = fmt::format(R"({{"apiVersion":"v1","kind":"List","items":[{}]}})", items);
    const auto document = json::Document::parse(list);
    if (document) print(output_ == "json" ? document->root().text() + "\n" : json::yamlText(document->root()));
    return good;
  }

  ObservedFlags observed_;
  MetricsFlags metrics_;
  StoreFlags history_;
  std::string reports_ = "none", output_ = "yaml";
  PriceFlags prices_;
  bool dryRun_ = false;
};

}  // namespace

std::unique_ptr<Command> makeAudit() { return std::make_unique<Audit>(); }

}  // namespace rightslice::cli
