#include <fmt/format.h>

#include "cli/command.hpp"
#include "cli/metrics_flags.hpp"
#include "cli/observed.hpp"
#include "cli/price_flags.hpp"
#include "cli/scan_money.hpp"
#include "cli/scan_report.hpp"
#include "cli/store_flags.hpp"
#include "cli/version.hpp"
#include "host/clock.hpp"
#include "observe/facts_bundle.hpp"
#include "observe/observation_json.hpp"
#include "observe/page/page.hpp"

namespace rightslice::cli {

namespace {

void toOutput(std::string_view text) { print(text); }

struct Format {
  std::string_view name;
  void (*write)(const observe::Report& report);
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
    {"html", [](const auto& report) { observe::writePage(report, {std::string(version())}, toOutput); }},
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
            "With --prometheus, --scrape (the pods themselves are asked, through the API server), or text of /metrics endpoints in files (--metrics), it also says "
            "how full what runs is and whether it works: KV cache, queues, "
            "preemptions, tokens per second, memory of each slice, and finds NearCeiling, Idle, and settings of an engine that differ from those declared. What is "
            "stale or missing is insufficient data, never zero.\n\n"
            "With --from it looks at recorded objects instead, as kubectl get -o json prints them (nodes, pods, deployments, replicasets, ...). What "
            "the files do not hold is unknown.\n\n"
            "-o json has results and summary as check, with further keys of each result: replicas, pods, scaling (unknown, none or scaled) and "
            "observed (what is found of what runs, with evidence, confidence and remedy), measured (values with source, time, window, coverage and "
            "confidence); nodes with their slices and findings; money; metrics; coverage. It is also a "
            "file for --surroundings. -o yaml is the same as YAML; csv has a line for each workload; markdown has the tables of text; html is a page to look "
            "at, in one file that needs nothing else: the slices of each GPU, tables that sort and filter, where the money goes, and what each finding rests "
            "on; piqc is a bundle of facts "
            "in the shape piqc-scan.v0.1, with source, confidence and time of each, and an error for each fact that was not seen.",
            "0  the cluster, or every file, was read; what may not be read is said\n2  bad usage, no answer, something that could not be read, or a look "
            "that --store did not keep",
            "rightslice scan\nrightslice scan -o html > cluster.html\nrightslice scan -n team-a -o json | jq '.results[].observed[]'\n"
            "kubectl get nodes,pods,deployments,replicasets -A -o json | rightslice scan --from -\n"
            "rightslice scan -o json > cluster.json && rightslice check --surroundings cluster.json manifests/"};
  }

  void declare(Flags& flags) override {
    std::vector<std::string> formats;
    for (const Format& each : kFormats) formats.emplace_back(each.name);
    flags.choice(output_, "--output", formats, "How results are printed; piqc is a bundle of facts in the shape piqc-scan.v0.1.").shortName = "-o";
    prices_.declare(flags);
    flags.text(since_, "--since", "FILE", "Output of an earlier scan -o json at the same prices: what smaller slices have saved since then.");
    metrics_.declare(flags);
    store_.declare(flags, "Keep the look in a history: a file (SQLite), which is made where there is none, or postgresql://USER@HOST/NAME; rightslice history reads it.");
    store_.declareKeep(flags);
    observed_.declare(flags);
  }

  int run() override {
    for (const std::string& wrong : {metrics_.wrong(), store_.wrong()}) {
      if (wrong.empty()) continue;
      complain(wrong);
      return kUsage;
    }
    workload::RateBook book;
    std::optional<observe::Statement> since;
    LookHooks hooks;
    hooks.prepare = [&](Sources& sources) {
      auto read = prices_.read(sources);
      if (!read || !readSince(since)) return false;
      book = std::move(*read);
      return true;
    };
    hooks.more = [&](Observed& so) { so.unreadable += metrics_.read(so.snapshot, *so.sources.catalogues.gpus, std::move(so.scraped)) ? 0 : 1; };
    hooks.scraping = metrics_.scraping();
    const auto observed = observed_.look(hooks);
    if (!observed) return kUsage;
    auto report = observe::reportOf(observed->snapshot, observed->seen, *observed->sources.catalogues.gpus, book, std::move(since));
    if (!report) {
      complain(fmt::format("{}: {}", since_, describe(report.error())));
      return kUsage;
    }
    for (const Format& each : kFormats)
      if (each.name == output_) each.write(*report);
    if (store_.given() && !keep(*report, observed->sources.catalogues.view())) return kUsage;
    return observed->unreadable > 0 ? kUsage : kOk;
  }

 private:
  /// In the history; false after the error was written.
  bool keep(const observe::Report& report, const policy::Catalogue& catalogue) const {
    const auto record = observe::history::recordOf(report, catalogue);
    if (!record) return complain(describe(record.error())), false;
    const auto now = std::chrono::duration_cast<std::chrono::seconds>(host::systemClock().now().time_since_epoch()).count();
    if (record->takenAt > now + observe::history::kMostAhead) {
      complain(fmt::format("the look is of {}, which is ahead of the clock: it is not kept, since every look until then would come too late for the history; "
                           "give --at the time at which the objects were recorded", report.snapshot.takenAt));
      return false;
    }
    const auto store = store_.open(observe::history::Opening::Create);
    if (store == nullptr) return false;
    const auto done = store->append(*record);
    if (!done) return complain(describe(done.error())), false;
    if (done->what == observe::history::Appended::What::Outdated) {
      complain(fmt::format("a later look is kept in the history, of {}, so this one is not; if that time is wrong, begin another history with --store",
                           observe::metrics::timeText(done->last * 1000)));
      return false;
    }
    const auto pruned = store->prune(record->takenAt, {.days = store_.keepDays});
    if (!pruned) complain(describe(pruned.error()));   // the look is kept, and the next one tries again
    return true;
  }

  /// The earlier look, where it is given; false after the error was written.
  bool readSince(std::optional<observe::Statement>& since) const {
    if (since_.empty()) return true;
    const auto text = app::readFile(since_);
    auto made = text ? observe::readStatement(*text, since_) : tl::unexpected(text.error());
    if (!made) return complain(describe(made.error())), false;
    since = std::move(*made);
    return true;
  }

  ObservedFlags observed_;
  MetricsFlags metrics_;
  StoreFlags store_;
  PriceFlags prices_;
  std::string output_ = "text", since_;
};

}  // namespace

std::unique_ptr<Command> makeScan() { return std::make_unique<Scan>(); }

}  // namespace rightslice::cli
