#include <fmt/format.h>

#include <algorithm>

#include "base/date.hpp"
#include "base/nearest.hpp"
#include "cli/command.hpp"
#include "cli/history_report.hpp"
#include "cli/store_flags.hpp"
#include "host/clock.hpp"

namespace rightslice::cli {

using namespace observe::history;

namespace {

constexpr std::int64_t kDay = 86'400;

void toOutput(std::string_view text) { print(text); }

std::int64_t now() { return std::chrono::duration_cast<std::chrono::seconds>(host::systemClock().now().time_since_epoch()).count(); }

/// "24h", "7d", "30m" before now; a time or a day.
std::optional<std::int64_t> timeFrom(const std::string& text) {
  if (const auto time = secondsOfTimestamp(text)) return time;
  if (const auto day = Date::parse(text)) return day->days * kDay;
  if (text.empty()) return std::nullopt;
  const std::int64_t unit = text.back() == 'm' ? 60 : text.back() == 'h' ? 3600 : text.back() == 'd' ? kDay : 0;
  const auto count = parseInteger(std::string_view(text).substr(0, text.size() - 1));
  constexpr std::int64_t kMost = 100 * 366 * kDay;
  if (unit == 0 || !count || *count < 1 || *count > kMost / unit) return std::nullopt;
  return now() - *count * unit;
}

class History : public Command {
 public:
  Manual manual() const override {
    return {"history",
            "since when something is so, what changed, what it cost, and what models were measured to take",
            "rightslice history findings --store FILE|URL [--all] [FLAG]...\n"
            "rightslice history changes --store FILE|URL [--since TIME] [FLAG]...\n"
            "rightslice history spend --store FILE|URL [--by day|namespace|workload] [FLAG]...\n"
            "rightslice history models --store FILE|URL [FLAG]...",
            "Answers from the looks that scan --store kept. A time is that of a look: something is so since the first look that saw it, and until the first "
            "that saw it no more. What a look could not see is not gone: it stands as it was, with the time at which it was last seen.\n\n"
            "findings: what is open, with since; --all also what was closed.\n\n"
            "changes: workloads and nodes that came, went or changed, field by field, and findings that were opened or closed. What the first look saw is "
            "no change.\n\n"
            "spend: what was paid, by day and bucket. Each look accounts for the time since the one before it, for a day at most, at its own rate; hours says how "
            "much of the day that is. Rows add up to their sum to the cent.\n\n"
            "models: measured peaks as entries of spec.models, YAML that a SlicePolicy takes. A peak is what was in use on the device without the part of a KV pool that "
            "was free; where the pool is not known, or too little was measured (24 looks, 2 days, half of the time), nothing is proposed, and it says why.",
            "0  answered\n2  bad usage, no history, or it cannot be read",
            "rightslice scan --store history.db\n"
            "rightslice history changes --store history.db --since 24h --namespace team-a\n"
            "rightslice history spend --store postgresql://rightslice@db/history --by namespace --since 2026-06-01 -o json"};
  }

  void declare(Flags& flags) override {
    flags.positionals(views_, "VIEW", "findings, changes, spend or models.");
    store_.declare(flags, "The history: a file (SQLite), or postgresql://USER@HOST/NAME.");
    flags.choice(output_, "--output", {"text", "json"}, "How answers are printed; the text of models is YAML.").shortName = "-o";
    flags.text(since_, "--since", "TIME", "From when on: 24h, 7d, a day, or a time such as 2026-06-01T08:00:00Z.").defaultText =
        "24h for changes, 30d for spend and models, else all";
    flags.text(until_, "--until", "TIME", "Up to when, in the same forms.").defaultText = "the last look";
    flags.list(namespaces_, "--namespace", "NAME", "Only of this namespace.").shortName = "-n";
    flags.text(workload_, "--workload", "NAME", "Only of this workload: its name, or NAMESPACE/KIND/NAME; a node's name for a node.");
    flags.list(codes_, "--code", "CODE", "Only findings of this code.");
    flags.text(cluster_, "--cluster", "ID", "Of several clusters in one history which, as its id or the beginning of it.").defaultText = "the only one";
    flags.choice(by_, "--by", {"day", "namespace", "workload"}, "What a row of spend is.");
    flags.toggle(all_, "--all", "findings: those that are closed too.");
  }

  int run() override {
    const auto wrong = [](const std::string& message) {
      complain(message);
      return kUsage;
    };
    if (views_.size() != 1 || std::none_of(std::begin(kViews), std::end(kViews), [&](const View& each) { return each.name == views_[0]; }))
      return wrong("say what of the history: findings, changes, spend or models");
    if (!store_.given()) return wrong("name the history with --store or --store-file");
    const View& view = *std::find_if(std::begin(kViews), std::end(kViews), [&](const View& each) { return each.name == views_[0]; });
    Query query;
    if (!since_.empty() || view.defaultDays > 0) {
      const auto from = since_.empty() ? std::optional(now() - view.defaultDays * kDay) : timeFrom(since_);
      if (!from) return wrong(fmt::format("--since: '{}' is no time; write 24h, 7d, 2026-06-01 or 2026-06-01T08:00:00Z", since_));
      query.from = *from;
    }
    if (!until_.empty()) {
      query.to = timeFrom(until_);
      if (!query.to) return wrong(fmt::format("--until: '{}' is no time; write 24h, 7d, 2026-06-01 or 2026-06-01T08:00:00Z", until_));
    }
    query.namespaces = {namespaces_.begin(), namespaces_.end()};
    query.workload = workload_;
    query.codes = {codes_.begin(), codes_.end()};
    std::vector<std::string> known;
    for (const auto& each : observe::codes()) known.emplace_back(each.name);
    for (const auto& code : codes_) {
      if (std::find(known.begin(), known.end(), code) != known.end()) continue;
      const auto meant = nearest(code, known);
      return wrong(fmt::format("--code: '{}' is no finding of what runs; {}", code,
                               meant ? fmt::format("did you mean '{}'?", *meant) : fmt::format("they are {}", fmt::join(known, ", "))));
    }
    const auto store = store_.open(Opening::Read);
    if (store == nullptr) return kUsage;
    const auto done = answer(*store, view, query);
    return done ? kOk : wrong(done.error().where.empty() ? done.error().message : done.error().where + ": " + done.error().message);
  }

 private:
  struct View {
    std::string_view name;
    std::int64_t defaultDays;
    Result<bool> (History::*write)(Store&, const KeptCluster&, const Query&) const;
  };
  static const View kViews[4];

  Result<bool> answer(Store& store, const View& view, Query query) const {
    auto clusters = store.clusters();
    if (!clusters) return tl::unexpected(clusters.error());
    std::vector<KeptCluster> meant;
    for (auto& each : *clusters)
      if (each.id.starts_with(cluster_)) meant.push_back(std::move(each));
    if (meant.empty()) return fail(cluster_.empty() ? "there is no look in the history yet" : fmt::format("the history has no cluster '{}'", cluster_));
    if (meant.size() > 1) {
      std::vector<std::string> ids;
      for (const auto& each : meant) ids.push_back(each.id);
      return fail(fmt::format("the history is of several clusters; choose one with --cluster: {}", fmt::join(ids, ", ")));
    }
    query.cluster = meant.front().id;
    return (this->*view.write)(store, meant.front(), query);
  }

  Result<bool> findings(Store& store, const KeptCluster& cluster, const Query& given) const {
    Query query = given;
    query.openOnly = !all_;
    auto found = store.findings(query);
    if (!found) return tl::unexpected(found.error());
    if (output_ == "json") writeFindingsJson(cluster, *found, toOutput);
    else writeFindingsText(cluster, *found, Style::ofOutput(), toOutput);
    return true;
  }

  Result<bool> changes(Store& store, const KeptCluster& cluster, const Query& query) const {
    auto states = codes_.empty() ? store.states(query) : std::vector<KeptState>();
    if (!states) return tl::unexpected(states.error());
    auto found = store.findings(query);
    if (!found) return tl::unexpected(found.error());
    const auto events = eventsOf(cluster, *states, *found, query);
    if (output_ == "json") {
      writeChangesJson(cluster, events, toOutput);
      return true;
    }
    writeHead(cluster, toOutput);
    writeChangesText(events, toOutput);
    return true;
  }

  Result<bool> spend(Store& store, const KeptCluster& cluster, const Query& query) const {
    // Parts of a day are rounded among all of it, so that every choice of them adds up to the same.
    Query all = query;
    all.namespaces.clear();
    all.workload.clear();
    const auto kept = store.spend(all);
    if (!kept) return tl::unexpected(kept.error());
    const auto days = store.days(query);
    if (!days) return tl::unexpected(days.error());
    auto rows = spentOf(*kept);
    std::erase_if(rows, [&](const SpentRow& each) {
      const bool named = workload_.empty() || each.workload == workload_ || (!each.workload.empty() && each.workload.substr(each.workload.rfind('/') + 1) == workload_);
      return !named || (!query.namespaces.empty() && !query.namespaces.contains(each.ns));
    });
    if (output_ == "json") {
      writeSpendJson(cluster, rows, *days, toOutput);
      return true;
    }
    writeHead(cluster, toOutput);
    writeSpendText(rows, *days, by_ == "namespace" ? SpendBy::Namespace : by_ == "workload" ? SpendBy::Workload : SpendBy::Day, toOutput);
    return true;
  }

  Result<bool> models(Store& store, const KeptCluster& cluster, const Query& query) const {
    const auto peaks = store.peaks(query);
    if (!peaks) return tl::unexpected(peaks.error());
    const auto proposals = proposalsOf(*peaks);
    if (output_ == "json") writeModelsJson(cluster, proposals, toOutput);
    else if (proposals.empty()) complain("no model was measured in this time: metrics are read with scan --prometheus or --metrics");
    else writeModelsYaml(proposals, toOutput);
    return true;
  }

  StoreFlags store_;
  std::vector<std::string> views_, namespaces_, codes_;
  std::string output_ = "text", since_, until_, workload_, cluster_, by_ = "day";
  bool all_ = false;
};

constexpr History::View History::kViews[4] = {
    {"findings", 0, &History::findings}, {"changes", 1, &History::changes}, {"spend", 30, &History::spend}, {"models", 30, &History::models}};

}  // namespace

std::unique_ptr<Command> makeHistory() { return std::make_unique<History>(); }

}  // namespace rightslice::cli
