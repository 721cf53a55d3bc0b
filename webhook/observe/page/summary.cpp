#include "observe/page/summary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "observe/apportion.hpp"
#include "observe/observation_json.hpp"
#include "observe/page/bucket_text.hpp"
#include "policy/money.hpp"

namespace rightslice::observe::page {
namespace {

/// A line across the page, parted as the GPU-hours are.
std::string shareBar(const Money& money, const Sum& sum) {
  std::string out = "<svg class=\"shares\" viewBox=\"0 0 1000 14\" preserveAspectRatio=\"none\" aria-hidden=\"true\">";
  const std::int64_t all = sum.totalCentihours();
  std::int64_t before = 0;
  for (auto each = kBucketTexts.rbegin(); each != kBucketTexts.rend(); ++each) {
    const std::int64_t hours = of(sum.centihours, each->bucket);
    if (!shown(money, sum, each->bucket) || hours == 0) continue;
    const auto at = [&](std::int64_t value) { return static_cast<double>(value) * 1000 / static_cast<double>(all); };
    out += fmt::format("<rect class=\"b-{}\" x=\"{:.2f}\" width=\"{:.2f}\" height=\"14\"/>", name(each->bucket), at(before), at(hours));
    before += hours;
  }
  return out + "</svg>\n";
}

std::string legend(const Money& money, const Sum& sum) {
  std::string out = "<ul class=\"legend\"><li>Share of GPU-hours:</li>";
  for (auto each = kBucketTexts.rbegin(); each != kBucketTexts.rend(); ++each)
    if (shown(money, sum, each->bucket))
      out += fmt::format("<li><svg class=\"key\" viewBox=\"0 0 14 14\" aria-hidden=\"true\"><rect class=\"b-{}\" width=\"14\" height=\"14\"/></svg>"
                         "{} <b>{}</b></li>",
                         name(each->bucket), each->label, percent(of(sum.centihours, each->bucket), sum.totalCentihours()));
  return out + "</ul>\n";
}

std::string figure(std::string_view id, std::string_view label, const std::string& value, const std::string& more) {
  return fmt::format("<div class=\"figure\" id=\"figure-{}\"><dt>{}</dt><dd class=\"value\">{}</dd><dd>{}</dd></div>\n", id, label, value, more);
}

/// "1.9 held, 3 free": GPUs.
std::string parts(const Sum& sum) {
  const auto gpus = gpuTenths(sum);
  const std::int64_t held = of(gpus, Bucket::Right) + of(gpus, Bucket::Oversized) + of(gpus, Bucket::Idle);
  std::string out = fmt::format("<b>{}</b> held, <b>{}</b> free", tenths(held), tenths(of(gpus, Bucket::Dark)));
  for (const Bucket each : {Bucket::Stranded, Bucket::Overhead, Bucket::Unknown})
    if (of(sum.centihours, each) > 0) out += fmt::format(", <b>{}</b> {}", tenths(of(gpus, each)), name(each));
  return out;
}

std::string gpuFigure(const Report& report, const Totals& totals, const Sum& sum) {
  if (!report.snapshot.nodes) return figure("gpus", "GPUs", "unknown", "nodes could not be read");
  const std::string others = totals.gpusUnknown > 0 ? fmt::format(", and of {} unknown", totals.gpusUnknown) : "";
  return figure("gpus", "GPUs", number(totals.gpus), fmt::format("on {}{}: {}", counted(totals.nodes, "node"), others, parts(sum)));
}

/// 0 of what could not be read is not none.
std::string podsText(const Snapshot& snapshot, const Totals& totals) {
  const auto unread = snapshot.coverage.unread();
  const bool all = std::none_of(unread.begin(), unread.end(), [](const Seen* each) { return each->resource == "pods"; });
  return fmt::format("with {}{}", counted(totals.pods, "pod"), all ? "" : " that could be read; there may be more");
}

std::string findingFigure(const Totals& totals) {
  std::int64_t all = 0;
  std::string codes;
  for (const auto& [code, count] : totals.findings) {
    all += count;
    codes += fmt::format("{}{} <b>{}</b>", codes.empty() ? "" : ", ", name(code), count);
  }
  return figure("findings", "Findings", number(all), codes.empty() ? "of what runs: none" : codes);
}

std::string moneyFigures(const Money& money, const Sum& sum) {
  if (!money.nodesKnown || !money.anyPrice)
    return figure("spend", "Spend a month", "unknown", money.nodesKnown ? "no GPU has a price: give prices with --prices" : "nodes could not be read");
  std::int64_t waste = 0;
  for (const Bucket each : {Bucket::Overhead, Bucket::Stranded, Bucket::Dark, Bucket::Idle, Bucket::Oversized}) waste += of(sum.cents, each);
  std::string book = money.defaultBook ? "list prices" : "prices";
  if (!money.bookDate.empty()) book += " of " + escaped(money.bookDate);
  if (money.defaultBook) book += ", not yours";
  if (sum.unpricedCentihours > 0) book += fmt::format("; without a price: {} GPUs", gpusOf(sum.unpricedCentihours));
  return figure("spend", fmt::format("Spend a month, {}", escaped(money.currency)), amount(sum.totalCents()), book) +
         figure("waste", fmt::format("Of it waste, {}", escaped(money.currency)), amount(waste),
                fmt::format("{} of the spend{}", percent(waste, sum.totalCents()), money.idleKnown ? "" : "; idle is unknown, and not in it"));
}

}  // namespace

std::array<std::int64_t, kBuckets> gpuTenths(const Sum& sum) {
  std::array<std::int64_t, kBuckets> out{};
  constexpr std::int64_t kTenth = policy::kHoursPerMonth * 10;
  if (sum.totalCentihours() == 0) return out;
  const auto parted = apportion((2 * sum.totalCentihours() + kTenth) / (2 * kTenth), {sum.centihours.begin(), sum.centihours.end()});
  std::copy(parted.begin(), parted.end(), out.begin());
  return out;
}

std::string title(const Report& report) {
  return escaped(fmt::format("{} at {}", report.snapshot.source.empty() ? "What runs" : report.snapshot.source, report.snapshot.takenAt));
}

std::string masthead(const Report& report) {
  const Snapshot& snapshot = report.snapshot;
  std::string when = snapshot.takenAt;   // "2026-06-01T08:00:00Z", written for people
  if (when.size() == 20 && when[10] == 'T' && when.back() == 'Z') when = when.substr(0, 10) + " " + when.substr(11, 5) + " UTC";
  std::string out = fmt::format("<h1><bdi>{}</bdi></h1>\n<p class=\"when\">Seen <time datetime=\"{}\">{}</time><span id=\"age\"></span>",
                                escaped(snapshot.source.empty() ? "What runs" : snapshot.source), escaped(snapshot.takenAt), escaped(when));
  if (!snapshot.scope.empty())
    out += fmt::format(". Only {} {}", snapshot.scope.size() == 1 ? "namespace" : "namespaces", named({snapshot.scope.begin(), snapshot.scope.end()}));
  std::map<std::string, std::int64_t> policies;
  std::int64_t without = 0;
  for (const auto& each : report.seen.workloads) {
    without += each.judgement.policies.empty() ? 1 : 0;
    for (const auto& id : each.judgement.policies) ++policies[id];
  }
  std::vector<std::string> ids;
  for (const auto& [id, count] : policies) ids.push_back(id);
  std::stable_sort(ids.begin(), ids.end(), [&](const auto& a, const auto& b) { return policies[a] > policies[b]; });
  if (!ids.empty()) out += fmt::format(". Judged by {} {}", ids.size() == 1 ? "policy" : "policies", named(ids));
  if (without > 0) out += fmt::format(". {} under no policy", counted(without, "workload"));
  return out + ".</p>\n";
}

std::string figures(const Report& report) {
  const Totals totals = totalsOf(report.snapshot, report.seen);
  const Money& money = report.money.money;
  const Sum sum = sumOf(money);
  std::string out = "<dl class=\"figures\">\n" + gpuFigure(report, totals, sum);
  out += figure("workloads", "Workloads", number(totals.workloads), podsText(report.snapshot, totals));
  out += findingFigure(totals) + moneyFigures(money, sum) + "</dl>\n";
  return sum.totalCentihours() == 0 ? out : out + shareBar(money, sum) + legend(money, sum);
}

}  // namespace rightslice::observe::page
