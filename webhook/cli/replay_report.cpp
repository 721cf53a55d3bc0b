#include "cli/replay_report.hpp"

#include <fmt/format.h>

#include "json/utf8.hpp"

namespace rightslice::cli {

namespace {

using policy::Action;
using Use = app::AuditEvent::Use;

std::string plain(std::string_view text) { return json::printable(text); }

/// What was not judged, and why, in the order in which it is told.
struct Row {
  std::string_view key, meaning;
  std::int64_t ReplayCounts::*count;
};
constexpr Row kRows[] = {
    {"noGpu", "of workloads that have nothing to do with GPUs", &ReplayCounts::noGpu},
    {"otherRequests", "of other requests", &ReplayCounts::otherRequest},
    {"otherStages", "of other stages than ResponseComplete", &ReplayCounts::otherStage},
    {"dryRuns", "of dry runs", &ReplayCounts::dryRun},
    {"refused", "of requests that failed for another reason", &ReplayCounts::refused},
    {"levelTooLow", "without objects: their level must be Request or RequestResponse", &ReplayCounts::levelTooLow},
    {"truncated", "whose objects kube-apiserver left out", &ReplayCounts::truncated},
    {"patchesOnly", "of patches without the object that came of them: their level must be RequestResponse", &ReplayCounts::patchOnly},
    {"unseenScales", "that scale an object which the log does not show before", &ReplayCounts::unseenScale},
};
// What a person can do something about; the rest is what a log is full of.
constexpr std::size_t kFirstOfConcern = 5;

class Text : public ReplayReport {
 public:
  Text(Sink sink, Style style) : sink_(std::move(sink)), style_(style) {}
  void begin() override {}

  /// Only what would be otherwise than then, or refused.
  void add(const app::Replayed& replayed, const std::string& file, std::size_t line) override {
    const auto& event = *replayed.event;
    const auto& now = replayed.now;
    const bool would = now.wouldBe && *now.wouldBe >= Action::Rewrite && event.wouldBe != now.wouldBe;
    if (now.decision == event.decision.value_or(Action::Allow) && !would) return;
    std::string text = fmt::format("{:<7} {} {}/{}  {}:{}  {} {} by {}  then {}", upper(policy::name(now.decision)), now.kind, now.ns, now.name, file, line,
                                   event.time, event.verb, event.user, event.decision ? policy::name(*event.decision) : "not judged");
    if (event.decision && event.wouldBe && *event.wouldBe != *event.decision) text += fmt::format(" (enforce: {})", policy::name(*event.wouldBe));
    if (now.wouldBe && *now.wouldBe != now.decision) text += fmt::format(", now enforce would {}", policy::name(*now.wouldBe));
    sink_(plain(text) + "\n");
    for (const auto& finding : now.findings) {
      if (finding.action == Action::Allow) continue;
      sink_(wrap(fmt::format("{} {}: {}{}", policy::name(finding.action), policy::name(finding.code),
                             finding.container.empty() ? "" : "container " + plain(finding.container) + ": ", plain(finding.message)),
                 style_.width, "    ", "      "));
    }
    for (const auto& unknown : now.unknown) sink_(wrap("unknown: " + plain(unknown), style_.width, "    ", "      "));
    sink_("\n");
  }

  void end(const ReplayCounts& counts) override {
    std::string text = fmt::format("{} {} judged again: {} that got in would be denied", counts.replayed,
                                   counts.replayed == 1 ? "admission" : "admissions", counts.newlyDenied);
    if (counts.newlyRewritten > 0) text += fmt::format(", {} newly rewritten", counts.newlyRewritten);
    if (counts.newlyWarned > 0) text += fmt::format(", {} newly warned about", counts.newlyWarned);
    if (counts.noLongerDenied > 0) text += fmt::format(", {} no longer denied", counts.noLongerDenied);
    if (counts.summary.notJudged > 0) text += fmt::format("; {} could not be judged", counts.summary.notJudged);
    if (counts.withoutDecision > 0) text += fmt::format("; {} without a decision of this webhook then", counts.withoutDecision);
    sink_(text + "\n");
    sink_(fmt::format("{} {} in {} {}\n", counts.events, counts.events == 1 ? "event" : "events", counts.lines, counts.lines == 1 ? "line" : "lines"));
    for (const Row& row : kRows)
      if (counts.*row.count > 0) sink_(fmt::format("  {:>6} {}\n", counts.*row.count, row.meaning));
    if (counts.summary.unreadable > 0) sink_(fmt::format("  {:>6} unreadable (see the errors)\n", counts.summary.unreadable));
    for (std::size_t i = kFirstOfConcern; i < std::size(kRows); ++i) {
      if (counts.*kRows[i].count == 0) continue;
      sink_("What these would be is not known: set the level of the audit policy for workloads to RequestResponse.\n");
      return;
    }
  }

 private:
  Sink sink_;
  Style style_;
};

class Json : public ReplayReport {
 public:
  explicit Json(Sink sink) : sink_(std::move(sink)) {}
  void begin() override { sink_("{\"results\":["); }

  void add(const app::Replayed& replayed, const std::string& file, std::size_t line) override {
    const auto& event = *replayed.event;
    json::Writer out;
    admission::writeResult(out, replayed.now, {file, 0, 0}, [&](json::Writer& more) {
      more.member("line", static_cast<std::int64_t>(line)).member("time", std::string_view(event.time)).member("auditID", std::string_view(event.auditId));
      more.member("user", std::string_view(event.user)).member("verb", std::string_view(event.verb));
      if (event.use == Use::Scaled) more.member("replicas", event.replicas);
      more.key("then").beginObject().memberBool("admitted", event.admitted);
      if (event.decision) more.member("decision", policy::name(*event.decision));
      if (event.wouldBe) more.member("wouldBe", policy::name(*event.wouldBe));
      more.endObject();
      more.memberBool("new", replayed.now.decision > event.decision.value_or(Action::Allow));
    });
    sink_((first_ ? "\n" : ",\n") + out.take());
    first_ = false;
  }

  void end(const ReplayCounts& counts) override {
    const Summary& summary = counts.summary;
    json::Writer out;
    out.beginObject().member("allowed", summary.allowed).member("warned", summary.warned).member("denied", summary.denied);
    out.member("rewritten", summary.rewritten).member("notJudged", summary.notJudged).member("newlyDenied", counts.newlyDenied);
    out.member("newlyRewritten", counts.newlyRewritten).member("newlyWarned", counts.newlyWarned).member("noLongerDenied", counts.noLongerDenied);
    out.member("withoutDecision", counts.withoutDecision).endObject();
    json::Writer coverage;
    coverage.beginObject().member("lines", counts.lines).member("events", counts.events).member("replayed", counts.replayed);
    for (const Row& row : kRows) coverage.member(row.key, counts.*row.count);
    coverage.member("unreadable", summary.unreadable).endObject();
    sink_(fmt::format("{}],\"summary\":{},\"coverage\":{}}}\n", first_ ? "" : "\n", out.take(), coverage.take()));
  }

 private:
  Sink sink_;
  bool first_ = true;
};

}  // namespace

void ReplayCounts::count(const app::Replayed& one) {
  const auto now = one.now.decision, then = one.event->decision.value_or(Action::Allow);
  summary.count(one.now);
  ++replayed;
  newlyDenied += one.newlyDenied() ? 1 : 0;
  newlyRewritten += now == Action::Rewrite && now > then ? 1 : 0;
  newlyWarned += now == Action::Warn && now > then ? 1 : 0;
  noLongerDenied += then == Action::Deny && now != Action::Deny ? 1 : 0;
  withoutDecision += one.event->decision ? 0 : 1;
}

void ReplayCounts::count(Use use) {
  switch (use) {
    case Use::OtherStage: ++otherStage; return;
    case Use::OtherRequest:
    case Use::Deleted: ++otherRequest; return;
    case Use::DryRun: ++dryRun; return;
    case Use::Refused: ++refused; return;
    case Use::LevelTooLow: ++levelTooLow; return;
    case Use::Truncated: ++truncated; return;
    case Use::PatchOnly: ++patchOnly; return;
    case Use::Judged:
    case Use::Scaled:
    case Use::NoEvent: return;
  }
}

std::unique_ptr<ReplayReport> textReplayReport(Sink sink, Style style) { return std::make_unique<Text>(std::move(sink), style); }
std::unique_ptr<ReplayReport> jsonReplayReport(Sink sink) { return std::make_unique<Json>(std::move(sink)); }

}  // namespace rightslice::cli
