#include "cli/impact_report.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "json/utf8.hpp"

namespace rightslice::cli {

namespace {

using policy::Action;

std::string plain(std::string_view text) { return json::printable(text); }

/// Codes with an action other than allow, each once.
std::vector<std::string> codesOf(const policy::Judgement& judgement) {
  std::vector<std::string> out;
  for (const auto& finding : judgement.findings) {
    std::string code(policy::name(finding.code));
    if (finding.action != Action::Allow && std::find(out.begin(), out.end(), code) == out.end()) out.push_back(std::move(code));
  }
  return out;
}

std::string codesText(const std::map<std::string, int>& codes) {
  std::vector<std::pair<std::string, int>> list(codes.begin(), codes.end());
  std::stable_sort(list.begin(), list.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  std::string text;
  for (const auto& [code, count] : list) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", code, count);
  return text;
}

class Text : public ImpactReport {
 public:
  Text(Sink sink, Style style) : sink_(std::move(sink)), style_(style) {}

  void begin(const std::string& proposed, const std::string& today) override {
    sink_(fmt::format("proposed  {}\ntoday     {}\n", plain(proposed), plain(today)));
  }

  /// Only what would be otherwise than today, or refused.
  void add(const Impact& impact) override {
    const auto& judgement = impact.created;
    const bool would = judgement.wouldBe && *judgement.wouldBe >= Action::Rewrite;
    if (judgement.decision == impact.today.decision && judgement.decision != Action::Deny && !would) return;
    std::string line = fmt::format("\n{:<7} {} {}/{}", upper(policy::name(judgement.decision)), judgement.kind, judgement.ns, judgement.name);
    if (!impact.origin.file.empty()) line += "  " + impact.origin.file;
    line = plain(line.substr(1));
    line += fmt::format("  today {}", policy::name(impact.today.decision));
    if (judgement.wouldBe && *judgement.wouldBe != judgement.decision)
      line += fmt::format("; enforce would {}", policy::name(*judgement.wouldBe));
    if (impact.ratchet()) line += "; what runs may be updated (ratchet)";
    sink_("\n" + line + "\n");
    for (const auto& finding : judgement.findings) {
      if (finding.action == Action::Allow) continue;
      sink_(wrap(fmt::format("{} {}: {}{}", policy::name(finding.action), policy::name(finding.code),
                             finding.container.empty() ? "" : "container " + plain(finding.container) + ": ", plain(finding.message)),
                 style_.width, "    ", "      "));
    }
    for (const auto& unknown : judgement.unknown) sink_(wrap("unknown: " + plain(unknown), style_.width, "    ", "      "));
  }

  void end(const ImpactCounts& all, const std::map<std::string, ImpactCounts>& namespaces) override {
    std::vector<std::vector<std::string>> rows{{"namespace", "objects", "denied", "new", "ratchet", "rewritten", "warned", "findings"}};
    const auto row = [&](const std::string& name, const ImpactCounts& counts) {
      const Summary& summary = counts.summary;
      rows.push_back({plain(name), std::to_string(summary.objects()), std::to_string(summary.denied), std::to_string(counts.newlyDenied),
                      std::to_string(counts.ratchet), std::to_string(summary.rewritten), std::to_string(summary.warned), codesText(counts.codes)});
    };
    for (const auto& [name, counts] : namespaces) row(name, counts);
    if (namespaces.size() > 1) row("all", all);
    if (!namespaces.empty()) sink_("\n" + table(rows, {1, 2, 3, 4, 5, 6}));
    const int objects = all.summary.objects();
    std::string text = fmt::format("\n{} {}: {} would be newly denied", objects, objects == 1 ? "object" : "objects", all.newlyDenied);
    if (all.ratchet > 0) text += fmt::format(", {} of those denied {} only if created anew", all.ratchet, all.ratchet == 1 ? "is" : "are");
    if (all.newlyRewritten > 0) text += fmt::format(", {} newly rewritten", all.newlyRewritten);
    if (all.newlyWarned > 0) text += fmt::format(", {} newly warned about", all.newlyWarned);
    if (all.noLongerDenied > 0) text += fmt::format(", {} no longer denied", all.noLongerDenied);
    if (all.wouldBeDenied > 0) text += fmt::format("; enforce would deny {} that pass", all.wouldBeDenied);
    if (all.summary.notJudged > 0) text += fmt::format("; {} could not be judged", all.summary.notJudged);
    sink_(text + "\n");
  }

 private:
  Sink sink_;
  Style style_;
};

class Json : public ImpactReport {
 public:
  explicit Json(Sink sink) : sink_(std::move(sink)) {}

  void begin(const std::string& proposed, const std::string& today) override {
    sink_(fmt::format("{{\"proposed\":{},\"today\":{},\"results\":[", json::quoted(proposed), json::quoted(today)));
  }

  void add(const Impact& impact) override {
    json::Writer out;
    admission::writeResult(out, impact.created, impact.origin, [&](json::Writer& more) {
      more.key("onUpdate").beginObject().member("decision", policy::name(impact.updated)).endObject();
      more.key("today").beginObject().member("decision", policy::name(impact.today.decision));
      if (impact.today.wouldBe) more.member("wouldBe", policy::name(*impact.today.wouldBe));
      list(more, "policies", impact.today.policies);
      list(more, "codes", codesOf(impact.today));
      more.endObject();
      more.memberBool("new", impact.isNew()).memberBool("ratchet", impact.ratchet());
    });
    sink_((first_ ? "\n" : ",\n") + out.take());
    first_ = false;
  }

  void end(const ImpactCounts& all, const std::map<std::string, ImpactCounts>& namespaces) override {
    json::Writer out;
    out.beginObject();
    for (const auto& [name, counts] : namespaces) {
      out.key(name);
      write(out, counts);
    }
    out.endObject();
    json::Writer summary;
    write(summary, all);
    sink_(fmt::format("{}],\"namespaces\":{},\"summary\":{}}}\n", first_ ? "" : "\n", out.take(), summary.take()));
  }

 private:
  static void list(json::Writer& out, std::string_view key, const std::vector<std::string>& texts) {
    out.key(key).beginArray();
    for (const auto& text : texts) out.string(text);
    out.endArray();
  }

  static void write(json::Writer& out, const ImpactCounts& counts) {
    const Summary& summary = counts.summary;
    out.beginObject().member("allowed", summary.allowed).member("warned", summary.warned).member("denied", summary.denied);
    out.member("rewritten", summary.rewritten).member("notJudged", summary.notJudged);
    out.member("newlyDenied", counts.newlyDenied).member("newlyRewritten", counts.newlyRewritten).member("newlyWarned", counts.newlyWarned);
    out.member("noLongerDenied", counts.noLongerDenied).member("ratchet", counts.ratchet).member("wouldBeDenied", counts.wouldBeDenied);
    out.key("codes").beginObject();
    for (const auto& [code, count] : counts.codes) out.member(code, count);
    out.endObject().endObject();
  }

  Sink sink_;
  bool first_ = true;
};

}  // namespace

void ImpactCounts::count(const Impact& impact) {
  const Action now = impact.created.decision, before = impact.today.decision;
  summary.count(impact.created);
  newlyDenied += impact.newlyDenied() ? 1 : 0;
  newlyRewritten += now == Action::Rewrite && impact.isNew() ? 1 : 0;
  newlyWarned += now == Action::Warn && impact.isNew() ? 1 : 0;
  noLongerDenied += before == Action::Deny && now != Action::Deny ? 1 : 0;
  ratchet += impact.ratchet() ? 1 : 0;
  wouldBeDenied += impact.created.wouldBe == Action::Deny && now != Action::Deny ? 1 : 0;
  for (const auto& code : codesOf(impact.created)) ++codes[code];
}

std::unique_ptr<ImpactReport> textImpactReport(Sink sink, Style style) { return std::make_unique<Text>(std::move(sink), style); }
std::unique_ptr<ImpactReport> jsonImpactReport(Sink sink) { return std::make_unique<Json>(std::move(sink)); }

}  // namespace rightslice::cli
