#include "observe/page/summary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "observe/apportion.hpp"
#include "observe/observation_json.hpp"
#include "policy/money.hpp"

namespace rightslice::observe::page {
namespace {

constexpr std::size_t kMostNames = 6;

/// Resources on which much hangs, one line each, also where files lack them.
constexpr std::string_view kMain[] = {"nodes", "pods", "namespaces", "deployments.apps", "replicasets.apps", "horizontalpodautoscalers.autoscaling"};

struct BucketText {
  Bucket bucket;
  std::string_view label, means;
};
/// From what is lost outright to what is left.
constexpr BucketText kBuckets_[] = {
    {Bucket::Overhead, "Overhead", "cannot be handed out: nodes not ready, devices not healthy"},
    {Bucket::Stranded, "Stranded", "in no slice, as the GPUs are cut now"},
    {Bucket::Dark, "Dark", "offered, and held by nobody"},
    {Bucket::Unknown, "Unknown", "paid for, and what it does cannot be seen"},
    {Bucket::Idle, "Idle", "held by workloads that do nothing"},
    {Bucket::Oversized, "Oversized", "beyond the slice that would do"},
    {Bucket::Right, "Right", "held, and no smaller slice is known to do"},
};

std::int64_t of(const std::array<std::int64_t, kBuckets>& values, Bucket bucket) { return values[static_cast<std::size_t>(bucket)]; }

bool shown(const Money& money, const Sum& sum, Bucket bucket) {
  return bucket == Bucket::Idle ? money.idleKnown : bucket == Bucket::Right || of(sum.centihours, bucket) > 0;
}

/// "a, b and 3 more", escaped, each a piece of code.
std::string names(const std::vector<std::string>& all) {
  std::string out;
  for (std::size_t i = 0; i < all.size() && i < kMostNames; ++i) out += fmt::format("{}<code>{}</code>", i == 0 ? "" : ", ", escaped(all[i]));
  if (all.size() > kMostNames) out += fmt::format(" and {} more", all.size() - kMostNames);
  return out;
}

std::string point(const std::string& what, const std::string& why) { return fmt::format("<li><b>{}</b> {}</li>\n", what, why); }

/// A line across the page, parted as the GPU-hours are.
std::string shareBar(const Money& money, const Sum& sum) {
  std::string out = "<svg class=\"shares\" viewBox=\"0 0 1000 14\" preserveAspectRatio=\"none\" aria-hidden=\"true\">";
  const std::int64_t all = sum.totalCentihours();
  std::int64_t before = 0;
  for (auto each = std::rbegin(kBuckets_); each != std::rend(kBuckets_); ++each) {
    const std::int64_t hours = of(sum.centihours, each->bucket);
    if (!shown(money, sum, each->bucket) || hours == 0) continue;
    const auto at = [&](std::int64_t value) { return static_cast<double>(value) * 1000 / static_cast<double>(all); };
    out += fmt::format("<rect class=\"b-{}\" x=\"{:.2f}\" width=\"{:.2f}\" height=\"14\"/>", name(each->bucket), at(before), at(hours));
    before += hours;
  }
  return out + "</svg>";
}

std::string figure(std::string_view id, std::string_view label, const std::string& value, const std::string& more) {
  return fmt::format("<div class=\"figure\" id=\"figure-{}\"><dt>{}</dt><dd class=\"value\">{}</dd><dd>{}</dd></div>\n", id, label, value, more);
}

std::int64_t wasteOf(const Sum& sum) {
  std::int64_t out = 0;
  for (const Bucket each : {Bucket::Overhead, Bucket::Stranded, Bucket::Dark, Bucket::Idle, Bucket::Oversized}) out += of(sum.cents, each);
  return out;
}

}  // namespace

std::string title(const Report& report) {
  return escaped(fmt::format("{} at {}", report.snapshot.source.empty() ? "What runs" : report.snapshot.source, report.snapshot.takenAt));
}

std::string masthead(const Report& report) {
  const Snapshot& snapshot = report.snapshot;
  std::string when = snapshot.takenAt;   // "2026-06-01T08:00:00Z", written for people
  if (when.size() == 20 && when[10] == 'T' && when.back() == 'Z') when = when.substr(0, 10) + " " + when.substr(11, 5) + " UTC";
  std::string out = fmt::format("<h1><bdi>{}</bdi></h1>\n<p class=\"when\">Seen <time datetime=\"{}\">{}</time><span id=\"age\"></span>",
                                escaped(snapshot.source.empty() ? "What runs" : snapshot.source), escaped(snapshot.takenAt), escaped(when));
  if (!snapshot.scope.empty()) out += fmt::format(". Only {} {}", snapshot.scope.size() == 1 ? "namespace" : "namespaces", names({snapshot.scope.begin(), snapshot.scope.end()}));
  std::map<std::string, std::int64_t> policies;
  std::int64_t without = 0;
  for (const auto& each : report.seen.workloads) {
    without += each.judgement.policies.empty() ? 1 : 0;
    for (const auto& id : each.judgement.policies) ++policies[id];
  }
  std::vector<std::string> ids;
  for (const auto& [id, count] : policies) ids.push_back(id);
  std::stable_sort(ids.begin(), ids.end(), [&](const auto& a, const auto& b) { return policies[a] > policies[b]; });
  if (!ids.empty()) out += fmt::format(". Judged by {} {}", ids.size() == 1 ? "policy" : "policies", names(ids));
  if (without > 0) out += fmt::format(". {} under no policy", counted(without, "workload"));
  return out + ".</p>\n";
}

std::string figures(const Report& report) {
  const Totals totals = totalsOf(report.snapshot, report.seen);
  const Money& money = report.money.money;
  const Sum sum = sumOf(money);
  std::string out = "<dl class=\"figures\">\n";
  if (report.snapshot.nodes) {
    std::int64_t held = 0;
    for (const Bucket each : {Bucket::Right, Bucket::Oversized, Bucket::Idle}) held += of(sum.centihours, each);
    constexpr std::string_view kParts[] = {"held", "free", "stranded", "overhead", "unknown"};
    const std::vector<std::int64_t> hours{held, of(sum.centihours, Bucket::Dark), of(sum.centihours, Bucket::Stranded), of(sum.centihours, Bucket::Overhead),
                                          of(sum.centihours, Bucket::Unknown)};
    // Rounded so that they add up to the GPUs beside them.
    const auto gpus = sum.totalCentihours() > 0 ? apportion(sum.totalCentihours() * 10 / (policy::kHoursPerMonth * 100), hours) : std::vector<std::int64_t>(hours.size());
    std::string parts;
    for (std::size_t i = 0; i < hours.size(); ++i)
      if (hours[i] > 0 || i < 2) parts += fmt::format("{}<b>{}</b> {}", parts.empty() ? "" : ", ", tenths(gpus[i]), kParts[i]);
    out += figure("gpus", "GPUs", number(totals.gpus),
                  fmt::format("on {}{}: {}", counted(totals.nodes, "node"), totals.gpusUnknown > 0 ? fmt::format(", and of {} unknown", totals.gpusUnknown) : "", parts));
  } else {
    out += figure("gpus", "GPUs", "unknown", "nodes could not be read");
  }
  out += figure("workloads", "Workloads", number(totals.workloads),
                fmt::format("with {}", counted(totals.pods, "pod")));
  std::int64_t findings = 0;
  std::string codes;
  for (const auto& [code, count] : totals.findings) {
    findings += count;
    codes += fmt::format("{}<span data-code=\"{}\">{} <b>{}</b></span>", codes.empty() ? "" : ", ", name(code), name(code), count);
  }
  out += figure("findings", "Findings", number(findings), codes.empty() ? "of what runs: none" : codes);
  if (!money.nodesKnown || !money.anyPrice) {
    out += figure("spend", "Spend a month", "unknown", money.nodesKnown ? "no GPU has a price: give prices with --prices" : "nodes could not be read");
  } else {
    const std::string book = fmt::format("{}{}{}", money.defaultBook ? "list prices" : "prices", money.bookDate.empty() ? "" : " of " + escaped(money.bookDate),
                                         money.defaultBook ? ", not yours" : "");
    out += figure("spend", fmt::format("Spend a month, {}", escaped(money.currency)), amount(sum.totalCents()),
                  book + (sum.unpricedCentihours > 0 ? fmt::format("; without a price: {} GPUs", gpusOf(sum.unpricedCentihours)) : ""));
    out += figure("waste", fmt::format("Of it waste, {}", escaped(money.currency)), amount(wasteOf(sum)),
                  fmt::format("{} of the spend{}", percent(wasteOf(sum), sum.totalCents()), money.idleKnown ? "" : "; idle is unknown, and not in it"));
  }
  out += "</dl>\n";
  if (sum.totalCentihours() == 0) return out;
  out += shareBar(money, sum) + "\n<ul class=\"legend\">";
  for (auto each = std::rbegin(kBuckets_); each != std::rend(kBuckets_); ++each)
    if (shown(money, sum, each->bucket))
      out += fmt::format("<li><svg class=\"key\" viewBox=\"0 0 14 14\" aria-hidden=\"true\"><rect class=\"b-{}\" width=\"14\" height=\"14\"/></svg>{} <b>{}</b></li>",
                         name(each->bucket), each->label, percent(of(sum.centihours, each->bucket), sum.totalCentihours()));
  return out + "</ul>\n";
}

std::string unseen(const Report& report) {
  const Snapshot& snapshot = report.snapshot;
  std::string out;
  std::map<std::string, std::vector<const Seen*>> groups;
  std::vector<std::string> notGiven;   // files seldom hold everything: what matters less stands in one line
  for (const Seen* each : snapshot.coverage.unread()) {
    const bool minor = each->state == Seen::State::NotGiven && std::find(std::begin(kMain), std::end(kMain), each->resource) == std::end(kMain);
    if (minor) notGiven.push_back(each->resource);
    else groups[std::string(unknownWithout(each->resource))].push_back(each);
  }
  for (const auto& [unknown, list] : groups) {
    std::vector<std::string> resources;
    std::set<std::string> why;
    for (const Seen* each : list) {
      resources.push_back(each->ns.empty() ? each->resource : fmt::format("{} in {}", each->resource, each->ns));
      why.insert(each->state == Seen::State::NotGiven ? "not in the files" : each->reason.empty() ? std::string(name(each->state)) : fmt::format("{}: {}", name(each->state), each->reason));
    }
    out += point("Unknown: " + escaped(unknown) + ".", fmt::format("Not read: {} <small>({}{})</small>", names(resources), escaped(*why.begin()),
                                                                   why.size() > 1 ? fmt::format(", and {} other reasons", why.size() - 1) : ""));
  }
  if (!notGiven.empty()) out += point("Unknown: what other resources would tell.", fmt::format("Not in the files: {}.", names(notGiven)));
  if (!snapshot.measured && groups.find(std::string(unknownWithout("metrics"))) == groups.end())
    out += point("Unknown: how full what runs is, and whether it works.", "No metrics were asked for; without them nobody knows what is idle or near its ceiling.");
  else if (snapshot.measured && snapshot.measured->containers.size() < snapshot.pods.size())
    out += point("Measured in part.", fmt::format("Metrics are of {}; there are {}.", counted(static_cast<std::int64_t>(snapshot.measured->containers.size()), "container"),
                                                  counted(static_cast<std::int64_t>(snapshot.pods.size()), "pod")));
  std::map<std::string, std::vector<std::string>> unpriced, untold;
  const Money& money = report.money.money;
  for (Index i = 0; i < money.boards.size(); ++i) {
    const std::string& node = (*snapshot.nodes)[report.seen.placement.boards[i].node].facts.name;
    if (!money.boards[i].price) unpriced[money.boards[i].why].push_back(node);
    if (!money.boards[i].unknown.empty()) untold[money.boards[i].unknown].push_back(node);
  }
  for (const auto& [why, nodes] : untold) out += point("Unknown: what GPUs do.", fmt::format("On {}: {}.", names(nodes), escaped(why)));
  for (const auto& [why, nodes] : unpriced) out += point("Not in the spend.", fmt::format("{}: {}.", names(nodes), escaped(why)));
  if (!report.seen.placement.lost.empty() && snapshot.nodes) {
    std::set<std::string> nodes;
    for (const Index each : report.seen.placement.lost) nodes.insert(snapshot.pods[each].node);
    out += point("Pods on nodes that were not seen.", fmt::format("{} on {}.", counted(static_cast<std::int64_t>(report.seen.placement.lost.size()), "pod"), names({nodes.begin(), nodes.end()})));
  }
  if (out.empty()) return "<aside id=\"unseen\" class=\"seen\" aria-label=\"What was not seen\"><p>Everything that this look asks for was seen.</p></aside>\n";
  const auto points = std::count(out.begin(), out.end(), '\n');
  return fmt::format("<aside id=\"unseen\" aria-labelledby=\"unseen-title\">\n<h2 id=\"unseen-title\">Not seen</h2>\n"
                     "<p>{}. What hangs on {} is unknown, which does not mean that it is fine.</p>\n<ul>\n{}</ul>\n</aside>\n",
                     points == 1 ? "One thing could not be seen" : fmt::format("{} things could not be seen", points), points == 1 ? "it" : "them", out);
}

std::string waterfall(const Report& report) {
  const Money& money = report.money.money;
  if (!money.nodesKnown) return "<p class=\"none\">Unknown: nodes could not be read, so what is spent, and on what, cannot be told.</p>\n";
  const Sum sum = sumOf(money);
  const bool priced = money.anyPrice;
  const std::int64_t all = priced ? sum.totalCents() : sum.totalCentihours();
  const auto& parts = priced ? sum.cents : sum.centihours;
  std::string out = fmt::format("<table class=\"waterfall\"><caption>{}</caption>\n<thead><tr><th scope=\"col\">Bucket</th><th scope=\"col\" class=\"wide\" aria-hidden=\"true\"></th>"
                                "<th scope=\"col\" class=\"n\">{} a month</th><th scope=\"col\" class=\"n\">Share</th><th scope=\"col\" class=\"n\">GPUs</th></tr></thead>\n<tbody>\n",
                                priced ? "From what is paid to what is put to use: each part of each GPU stands in one bucket, and the buckets add up to the spend."
                                       : "No GPU has a price. Bars are GPU-hours.",
                                priced ? escaped(money.currency) : "Amount");
  std::int64_t before = 0;
  const auto row = [&](std::string_view label, std::string_view means, std::string_view bucket, std::int64_t at, std::int64_t part, std::int64_t cents, std::int64_t hours) {
    const auto scaled = [&](std::int64_t value) { return all > 0 ? static_cast<double>(value) * 1000 / static_cast<double>(all) : 0.0; };
    out += fmt::format("<tr data-bucket=\"{0}\"><th scope=\"row\">{1}<small>{2}</small></th><td class=\"wide\" aria-hidden=\"true\"><svg viewBox=\"0 0 1000 14\" preserveAspectRatio=\"none\">"
                       "<rect class=\"b-{0}\" x=\"{3:.2f}\" width=\"{4:.2f}\" height=\"14\"/></svg></td><td class=\"n\">{5}</td><td class=\"n\">{6}</td><td class=\"n\">{7}</td></tr>\n",
                       bucket, label, means, scaled(at), part > 0 ? std::max(scaled(part), 1.0) : 0.0, priced ? amount(cents) : "?", percent(part, all), gpusOf(hours));
  };
  row("Spend", "", "spend", 0, all, sum.totalCents(), sum.totalCentihours());
  for (const auto& each : kBuckets_) {
    if (!shown(money, sum, each.bucket)) continue;
    row(each.label, each.means, name(each.bucket), each.bucket == Bucket::Right ? 0 : all - before - of(parts, each.bucket), of(parts, each.bucket), of(sum.cents, each.bucket),
        of(sum.centihours, each.bucket));
    before += of(parts, each.bucket);
  }
  out += "</tbody></table>\n";
  if (!money.idleKnown) out += "<p class=\"note\">Idle is unknown without metrics: held slices that do nothing count as right or oversized.</p>\n";
  if (sum.unjudgedCents > 0)
    out += fmt::format("<p class=\"note\">Of right, {} {} are held by workloads of which the need is not known: a smaller slice might do.</p>\n", escaped(money.currency),
                       amount(sum.unjudgedCents));
  if (priced && sum.unpricedCentihours > 0)
    out += fmt::format("<p class=\"note\">The amounts are without {} GPUs that have no price.</p>\n", gpusOf(sum.unpricedCentihours));
  return out;
}

std::string savings(const Report& report) {
  const Money& money = report.money.money;
  if (!money.nodesKnown || !money.anyPrice) return "";
  const Savings& saved = report.money.savings;
  std::string out = "<table class=\"savings\"><caption>Savings, told apart by how sure they are.</caption>\n<tbody>\n";
  const auto row = [&](std::string_view label, std::string_view means, const std::string& value) {
    out += fmt::format("<tr><th scope=\"row\">{}<small>{}</small></th><td class=\"n\">{}</td></tr>\n", label, means, value);
  };
  const std::string unit = escaped(money.currency) + " ";
  row("By list", "what is paid beyond the slices that would do; on paper, as a smaller slice leaves a part of a GPU that is paid for as before", unit + amount(saved.listCents));
  row("Realisable", saved.realisableKnown ? "of it, what comes free for use: GPUs that can be given back, and places for pods that wait"
                                          : "of it, what comes free for use, on the nodes of which that can be told",
      unit + amount(saved.realisableCents));
  if (report.money.verified && report.money.since)
    row("Verified", fmt::format("what was in fact saved since {}", escaped(report.money.since->takenAt)), unit + amount(report.money.verified->cents));
  else row("Verified", "nothing to compare with: give an earlier look with --since", "unknown");
  return out + "</tbody></table>\n";
}

}  // namespace rightslice::observe::page
