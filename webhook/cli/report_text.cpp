#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.hpp"
#include "cli/report.hpp"
#include "json/utf8.hpp"

namespace rightslice::cli {

namespace {

using policy::Action;

constexpr std::string_view kIndent = "    ";

/// Names come from the input: control characters in them must not reach a terminal.
std::string plain(std::string_view text) { return json::printable(text); }

Colour colourOf(Action action) {
  switch (action) {
    case Action::Deny: return Colour::Red;
    case Action::Warn: return Colour::Yellow;
    case Action::Rewrite: return Colour::Cyan;
    case Action::Allow: return Colour::Green;
  }
  return Colour::None;
}

std::string money(std::int64_t cents, const std::string& currency) {
  return fmt::format("{} {}.{:02}", currency, cents / 100, cents % 100);
}

std::string needText(const model::Need& need) {
  std::string text = formatBytes(need.bytes);
  if (need.minimum != need.bytes || need.high != need.bytes)
    text += fmt::format(" (at least {}, {})", formatBytes(need.minimum),
                        need.high ? "at most " + formatBytes(*need.high) : "no upper bound known");
  switch (need.source) {
    case model::Need::Source::Annotation: return text + ", as annotated";
    case model::Need::Source::Policy: return text + ", as the policy declares";
    case model::Need::Source::Estimate: break;
  }
  text += fmt::format(", estimated with {} confidence", model::name(need.confidence));
  auto terms = need.terms;
  std::stable_sort(terms.begin(), terms.end(), [](const auto& a, const auto& b) { return a.bytes > b.bytes; });
  std::string parts;
  for (std::size_t i = 0; i < terms.size() && i < 3 && terms[i].bytes > 0; ++i)
    parts += fmt::format("{}{} {}", i == 0 ? "" : ", ", terms[i].name, formatBytes(terms[i].bytes));
  return parts.empty() ? text : text + ": " + parts;
}

std::string requestText(const policy::Requested& requested) {
  std::string text = plain(requested.resource);
  // A name of the device plugin's says which slice it is; that of a device class need not.
  const bool byClass = !text.starts_with("nvidia.com/") && !text.starts_with("mig.das.com/");
  if (byClass && !requested.profile.empty()) text += " as " + plain(requested.profile);
  if (requested.count != 1) text += fmt::format(" x {}", requested.count);
  if (requested.usable)
    text += fmt::format(", {} {}", requested.count == 1 ? "which holds" : "each holds", formatBytes(*requested.usable));
  if (!requested.gpus.empty() && requested.gpus.size() <= 2)
    text += fmt::format(", of {}", fmt::join(requested.gpus, " or "));
  return text;
}

std::string adviceText(const policy::ContainerJudgement& container) {
  const auto& recommended = *container.recommended;
  std::string text = plain(recommended.resource);
  if (recommended.count) text += fmt::format(" x {}", *recommended.count);
  if (!recommended.profile.empty() && text.find(recommended.profile) == std::string::npos)
    text += " as " + recommended.profile;
  if (recommended.usable) text += fmt::format(", which holds {}", formatBytes(*recommended.usable));
  for (const auto& [flag, value] : recommended.flags) text += fmt::format(", with {} {}", flag, value);
  if (!container.cost) return text;
  const auto& cost = *container.cost;
  if (cost.wasteCents && *cost.wasteCents > 0)
    text += fmt::format("; saves {} a month", money(*cost.wasteCents, cost.currency));
  else if (cost.recommendedCents)
    text += fmt::format("; {} a month instead of {}", money(*cost.recommendedCents, cost.currency),
                        money(cost.requestedCents, cost.currency));
  if (cost.defaultBook) text += fmt::format(" (list prices of {})", cost.bookDate);
  return text;
}

class TextReport : public Report {
 public:
  TextReport(Sink sink, Style style) : sink_(std::move(sink)), style_(style) {}

  void add(const Judged& judged) override {
    const auto& judgement = judged.judgement;
    headline(judged);
    for (const auto& container : judgement.containers) containerText(container);
    for (std::size_t i = 0; i < judgement.findings.size(); ++i) finding(judged, i);
    for (const auto& unknown : judgement.unknown) line("unknown: " + unknown);
    for (const auto& note : judgement.notes) line("note: " + note);
  }

  void end(const Summary& summary) override {
    std::string text = fmt::format("{} {}", summary.objects(), summary.objects() == 1 ? "object" : "objects");
    const auto part = [&](int count, std::string_view what, Colour colour, std::string_view separator) {
      if (count > 0) text += fmt::format("{}{}", separator, style_.paint(colour, fmt::format("{} {}", count, what)));
      return count > 0;
    };
    bool any = part(summary.denied, "denied", Colour::Red, ": ");
    any |= part(summary.rewritten, "rewritten", Colour::Cyan, any ? ", " : ": ");
    any |= part(summary.warned, "warned", Colour::Yellow, any ? ", " : ": ");
    part(summary.allowed, "allowed", Colour::Green, any ? ", " : ": ");
    if (summary.notJudged > 0) text += fmt::format("; {} could not be judged", summary.notJudged);
    if (summary.unreadable > 0) text += fmt::format("; {} unreadable (see the errors)", summary.unreadable);
    sink_((wroteAny_ ? "\n" : "") + text + "\n");
  }

 private:
  void headline(const Judged& judged) {
    const auto& judgement = judged.judgement;
    const json::Mark start = judged.object->place("/kind").key;
    std::string text =
        style_.paint(colourOf(judgement.decision), fmt::format("{:<7}", upper(name(judgement.decision))));
    text +=
        " " + style_.paint(Colour::Bold, plain(fmt::format("{} {}/{}", judgement.kind, judgement.ns, judgement.name)));
    text += "  " + style_.paint(Colour::Dim, fmt::format("{}:{}", plain(judged.object->file->name), start.line));
    if (judged.object->item > 0) text += fmt::format(" item {}", judged.object->item);
    if (judgement.wouldBe && *judgement.wouldBe != judgement.decision)
      text += fmt::format("  ({} mode; {} would {})", judgement.mode ? name(*judgement.mode) : "audit",
                          judgement.mode == policy::Mode::Enforce ? "a policy that does not enforce yet" : "enforce",
                          style_.paint(colourOf(*judgement.wouldBe), name(*judgement.wouldBe)));
    const bool gpu = std::any_of(judgement.containers.begin(), judgement.containers.end(),
                                 [](const auto& c) { return c.requested.has_value(); });
    const bool brief = !gpu && judgement.findings.empty() && judgement.unknown.empty() && judgement.notes.empty();
    if (judgement.recordedOnly) text += "  recorded only";
    else if (brief && !judgement.containers.empty()) text += "  asks for no GPU";
    else if (judgement.policies.empty()) text += "  no policy applies";
    if (wroteAny_ && (!lastWasBrief_ || !brief)) sink_("\n");
    sink_(text + "\n");
    wroteAny_ = true;
    lastWasBrief_ = brief;
    if (!brief && !judgement.policies.empty())
      line(fmt::format("{} {}", judgement.policies.size() == 1 ? "policy" : "policies",
                       fmt::join(judgement.policies, ", ")));
  }

  void containerText(const policy::ContainerJudgement& container) {
    if (!container.requested && !container.recommended) return;
    std::string runs = plain(container.model);
    if (!container.engine.empty()) runs += (runs.empty() ? "" : " on ") + container.engine;
    line(fmt::format("container {}{}{}", plain(container.name), runs.empty() ? "" : ": ", runs));
    if (container.requested) labelled("asks for", requestText(*container.requested));
    if (container.need) labelled("needs", needText(*container.need));
    if (container.recommended) labelled("better", adviceText(container));
    else if (container.cost)
      labelled("costs",
               money(container.cost->requestedCents, container.cost->currency) + " a month" +
                   (container.cost->defaultBook ? fmt::format(" (list prices of {})", container.cost->bookDate) : ""));
  }

  void finding(const Judged& judged, std::size_t index) {
    const auto& finding = judged.judgement.findings[index];
    const Action effective =
        index < judged.judgement.effective.size() ? judged.judgement.effective[index] : finding.action;
    const json::Mark at = judged.object->place(finding.path).key;
    std::string action(name(finding.action));
    if (effective != finding.action) action += fmt::format(" (now {})", name(effective));
    sink_(fmt::format(
        "{}{} {}  {}\n", kIndent, style_.paint(colourOf(finding.action), action),
        style_.paint(Colour::Bold, name(finding.code)),
        style_.paint(Colour::Dim, fmt::format("{}:{}:{}", plain(judged.object->file->name), at.line, at.column))));
    const std::string where = finding.container.empty() ? "" : "container " + finding.container + ": ";
    const std::string text =
        finding.message.find(finding.container) == std::string::npos ? where + finding.message : finding.message;
    sink_(wrap(text, style_.width, "      ", "      "));
  }

  void line(std::string_view text) { sink_(wrap(text, style_.width, kIndent, "      ")); }
  void labelled(std::string_view label, std::string_view text) {
    sink_(wrap(text, style_.width, fmt::format("      {:<9} ", label), "                "));
  }

  Sink sink_;
  Style style_;
  bool wroteAny_ = false, lastWasBrief_ = false;
};

}  // namespace

std::unique_ptr<Report> textReport(Sink sink, Style style) {
  return std::make_unique<TextReport>(std::move(sink), style);
}

}  // namespace rightslice::cli
