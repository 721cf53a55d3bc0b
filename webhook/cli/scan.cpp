#include <fmt/format.h>

#include "base/date.hpp"
#include "cli/command.hpp"
#include "cli/live_cluster.hpp"
#include "cli/metrics_flags.hpp"
#include "cli/scan_files.hpp"
#include "cli/scan_money.hpp"
#include "cli/scan_report.hpp"
#include "cli/version.hpp"
#include "host/clock.hpp"
#include "observe/cluster_source.hpp"
#include "observe/facts_bundle.hpp"
#include "observe/measured_use.hpp"
#include "observe/observation_json.hpp"

namespace rightslice::cli {

namespace {

void toOutput(std::string_view text) { print(text); }

struct Format {
  std::string_view name;
  void (*write)(const ScanReport& report);
};
constexpr Format kFormats[] = {
    {"text",
     [](const auto& report) {
       writeScanText(report, Style::ofOutput(), toOutput);
       writeMeasuredText(report, Style::ofOutput(), toOutput);
     }},
    {"json", [](const auto& report) { writeScanJson(report, toOutput); }},
    {"yaml", [](const auto& report) { writeScanYaml(report, toOutput); }},
    {"csv", [](const auto& report) { writeScanCsv(report, toOutput); }},
    {"markdown", [](const auto& report) { writeScanMarkdown(report, toOutput); }},
    {"piqc", [](const auto& report) { observe::writeFactsBundle(report.snapshot, report.seen, version(), toOutput); }},
};

class Scan : public Command {
 public:
  Manual manual() const override {
    return {"scan",
            "what runs on which slice of a cluster, and whether it belongs there",
            "rightslice scan [--kubeconfig FILE] [--context NAME] [--namespace NAME]... [FLAG]...\n"
            "rightslice scan --from FILE|FOLDER|-... [FLAG]...",
            "Looks at a cluster once and shows every workload that asks for GPUs, judged as the webhook would judge it, the nodes with their "
            "slices, and what is found of what runs: slices too small or too large, pods that run something else than is declared, restarts, "
            "pods that wait for a slice, and slices that nobody asks for or that nothing can be made of. Each workload is shown once, by its "
            "outermost object; pods whose owner is of a kind that is not read stand in for it.\n\n"
            "It only reads: get and list. Nothing is installed, and no command is run in a pod. What its user may not read is unknown, never "
            "absent: it is listed at the end, with what hangs on it.\n\n"
            "Policies are those of the cluster and of --policies; where there are none, the shipped starter policy, in audit mode, which it says "
            "on stderr.\n\n"
            "What it costs is parted to the cent: every hour of every GPU is in one bucket (right, oversized, idle, dark, stranded, overhead), and each view "
            "sums to the spend. Prices are those of --prices, else list prices of the shipped book; a GPU without a price is named, never guessed. Savings are "
            "told apart: by list, realisable on the node's geometry, and with --since verified.\n\n"
            "With --prometheus, or text of /metrics endpoints in files (--metrics), it also says how full what runs is and whether it works: KV cache, queues, "
            "preemptions, tokens per second, memory of each slice, and finds NearCeiling, Idle, and settings of an engine that differ from those declared. What is "
            "stale or missing is insufficient data, never zero.\n\n"
            "With --from it looks at recorded objects instead, as kubectl get -o json prints them (nodes, pods, deployments, replicasets, ...). What "
            "the files do not hold is unknown.\n\n"
            "-o json has results and summary as check, with further keys of each result: replicas, pods, scaling (unknown, none or scaled) and "
            "observed (what is found of what runs, with evidence, confidence and remedy), measured (values with source, time, window, coverage and "
            "confidence); nodes with their slices and findings; money; metrics; coverage. It is also a "
            "file for --surroundings. -o yaml is the same as YAML; csv has a line for each workload; markdown has the tables of text; piqc is a bundle of facts "
            "in the shape piqc-scan.v0.1, with source, confidence and time of each, and an error for each fact that was not seen.",
            "0  the cluster, or every file, was read; what may not be read is said\n2  bad usage, no answer, or something that could not be read",
            "rightslice scan\nrightslice scan -n team-a -o json | jq '.results[].observed[]'\n"
            "kubectl get nodes,pods,deployments,replicasets -A -o json | rightslice scan --from -\n"
            "rightslice scan -o json > cluster.json && rightslice check --surroundings cluster.json manifests/"};
  }

  void declare(Flags& flags) override {
    std::vector<std::string> formats;
    for (const Format& each : kFormats) formats.emplace_back(each.name);
    flags.choice(output_, "--output", formats, "How results are printed; piqc is a bundle of facts in the shape piqc-scan.v0.1.").shortName = "-o";
    Flag& space = flags.list(namespaces_, "--namespace", "NAME", "Only what runs in this namespace. Without it: all.");
    space.shortName = "-n";
    flags.list(from_, "--from", "FILE|FOLDER|-", "Recorded objects to look at instead of a cluster.");
    flags.text(at_, "--at", "TIME", "When the objects of --from were recorded, as 2026-06-01T08:00:00Z: ages are counted up to then.").defaultText = "now";
    flags.text(prices_, "--prices", "FILE",
               "Price book, YAML or JSON: currency, date, gpuHour by product, and rates for nodes by provider, region, instance, term, labels and days; instead of "
               "prices of --surroundings and --catalogue.");
    flags.text(since_, "--since", "FILE", "Output of an earlier scan -o json at the same prices: what smaller slices have saved since then.");
    sources_.declare(flags, "Policies beside those of the cluster: a file, or a folder with *.yaml, *.yml and *.json (recursively, without folders named tests).");
    metrics_.declare(flags);
    cluster_.declare(flags);
  }

  int run() override {
    if (!from_.empty() && (cluster_.given() || !namespaces_.empty()))
      return refuse("files are looked at without a cluster: leave out --kubeconfig, --context and --namespace, or --from");
    if (from_.empty() && !at_.empty()) return refuse("--at says when the objects of --from were recorded; a cluster is looked at now");
    if (!at_.empty() && !secondsOfTimestamp(at_)) return refuse("--at is a time such as 2026-06-01T08:00:00Z");
    if (const std::string wrong = metrics_.wrong(); !wrong.empty()) return refuse(wrong);
    auto sources = loadBase(sources_);
    if (!sources) return kUsage;
    workload::RateBook book{*sources->surroundings.prices, {}};
    std::optional<observe::Statement> since;
    if (!readMoney(book, since)) return kUsage;
    sources->surroundings.prices = book.book;
    observe::Snapshot snapshot;
    LiveCluster cluster;   // for what it makes of policies
    int unreadable = 0;
    if (!from_.empty()) {
      auto recorded = readRecorded(from_, at_.empty() ? host::timestamp(host::systemClock().now()) : at_);
      snapshot = std::move(recorded.snapshot);
      cluster.snapshot.policies = std::move(recorded.policies);
      unreadable = recorded.unreadable;
    } else if (!look(snapshot, cluster.snapshot.policies)) {
      return kUsage;
    }
    // Files hold what was asked for; nobody says that there are policies beside them.
    for (const auto* each : snapshot.coverage.unread())
      if (each->state != observe::Seen::State::NotGiven) cluster.snapshot.unread.push_back({each->resource, each->ns, each->reason});
    const auto options = sources->loadOptions(sources_.maxExceptionDays);
    cluster.load(options);
    if (!choosePolicies(*sources, cluster, options)) return kUsage;
    observe::surround(snapshot, sources->surroundings);
    if (!metrics_.read(snapshot, *sources->catalogues.gpus)) ++unreadable;
    Progress progress(snapshot.objects.size());
    observe::Looking looking{sources->environment(), {}, {}};
    looking.unknownPolicies = [&](const std::string& ns) { return cluster.unknownPolicies(ns); };
    looking.progress = [&](std::string_view what) { progress.step(what); };
    const auto seen = observe::observe(snapshot, looking);
    progress.clear();
    ScanReport report{snapshot, seen, observe::measuredUseOf(snapshot, seen), {}};
    if (!count(report, *sources->catalogues.gpus, book, std::move(since))) return kUsage;
    for (const Format& each : kFormats)
      if (each.name == output_) each.write(report);
    return unreadable > 0 ? kUsage : kOk;
  }

 private:
  static int refuse(std::string_view message) {
    complain(message);
    return kUsage;
  }

  /// The price book and the earlier look, where they are given; false after the error was written.
  bool readMoney(workload::RateBook& book, std::optional<observe::Statement>& since) const {
    const auto read = [](const std::string& file, auto parse, auto& to) {
      if (file.empty()) return true;
      const auto text = app::readFile(file);
      if (!text) return complain(describe(text.error())), false;
      auto made = parse(*text, file);
      if (!made) return complain(describe(made.error())), false;
      to = std::move(*made);
      return true;
    };
    return read(prices_, workload::readRateBook, book) && read(since_, observe::readStatement, since);
  }

  /// What it costs; false after the error was written.
  bool count(ScanReport& report, const gpu::Catalogue& gpus, const workload::RateBook& book, std::optional<observe::Statement> since) const {
    auto& to = report.money;
    to.money = observe::moneyOf(report.snapshot, report.seen, gpus, book, report.use);
    to.savings = observe::savingsOf(report.snapshot, report.seen, gpus, to.money);
    to.since = std::move(since);
    if (!to.since || !to.money.nodesKnown) return true;
    auto verified = observe::verify(*to.since, observe::statementOf(report.snapshot, report.seen, to.money));
    if (!verified) return complain(fmt::format("{}: {}", since_, describe(verified.error()))), false;
    to.verified = *verified;
    return true;
  }

  bool look(observe::Snapshot& snapshot, std::vector<app::PolicyObject>& policies) const {
    auto config = cluster_.choose();
    if (!config) {
      complain(describe(config.error()));
      return false;
    }
    observe::ClusterSource source(std::move(*config));
    Progress progress(10 + workload::kinds().size());
    auto found = source.look({namespaces_.begin(), namespaces_.end()}, host::timestamp(host::systemClock().now()), [&](std::string_view what) { progress.step(what); });
    progress.clear();
    if (!found) {
      complain(fmt::format("{}: {}", source.name(), describe(found.error())));
      return false;
    }
    snapshot = std::move(found->snapshot);
    policies = std::move(found->policies);
    return true;
  }

  /// Those of the cluster and of the files; else the starter's.
  bool choosePolicies(Sources& sources, const LiveCluster& cluster, const policy::LoadOptions& options) const {
    const policy::Loaded& ofCluster = cluster.loaded;
    if (!sources_.policies.empty() || !ofCluster.policies.empty()) return usePolicies(sources, sources_, ofCluster, std::nullopt);
    const bool refused = !cluster.snapshot.unreadPolicies("").empty();
    complain(fmt::format("{}: judging with the shipped starter policy, in audit mode", refused ? "not all policies may be read, and none was" : "no policy found"));
    auto loaded = policy::load(app::starterPolicy(), "the starter policy", options);
    loaded.exceptions = ofCluster.exceptions;
    sources.policies = policy::PolicySet(std::move(loaded.policies), std::move(loaded.exceptions)).withMode(policy::Mode::Audit);
    sources.starter = true;
    return true;
  }

  SourceFlags sources_;
  ClusterFlags cluster_;
  MetricsFlags metrics_;
  std::vector<std::string> namespaces_, from_;
  std::string output_ = "text", at_, prices_, since_;
};

}  // namespace

std::unique_ptr<Command> makeScan() { return std::make_unique<Scan>(); }

}  // namespace rightslice::cli
