#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "observe/page/bucket_text.hpp"
#include "observe/page/summary.hpp"

namespace rightslice::observe::page {
namespace {

struct Step {
  std::string_view label, means, bucket;
  std::int64_t at = 0, part = 0, cents = 0, gpus = 0;   // gpus: tenths
};

class Waterfall {
 public:
  explicit Waterfall(const Money& money)
      : money_(money), sum_(sumOf(money)), priced_(money.anyPrice), all_(priced_ ? sum_.totalCents() : sum_.totalCentihours()) {}

  std::string run() const {
    std::string out = fmt::format(
        "<table class=\"waterfall\"><caption>{}</caption>\n<thead><tr><th scope=\"col\">Bucket</th><th scope=\"col\" class=\"wide\" aria-hidden=\"true\"></th>"
        "<th scope=\"col\" class=\"n\">{} a month</th><th scope=\"col\" class=\"n\">Share</th><th scope=\"col\" class=\"n\">GPUs</th></tr></thead>\n<tbody>\n",
        priced_ ? "From what is paid to what is put to use: each part of each GPU stands in one bucket, and the buckets add up to the spend."
                : "No GPU has a price. Bars are GPU-hours.",
        priced_ ? escaped(money_.currency) : "Amount");
    const auto gpus = gpuTenths(sum_);
    out += row({"Spend", "", "spend", 0, all_, sum_.totalCents(), std::accumulate(gpus.begin(), gpus.end(), std::int64_t{0})});
    std::int64_t left = all_;
    for (const auto& each : kBucketTexts) {
      if (!shown(money_, sum_, each.bucket)) continue;
      const std::int64_t part = of(priced_ ? sum_.cents : sum_.centihours, each.bucket);
      left -= part;
      out += row({each.label, each.means, name(each.bucket), left, part, of(sum_.cents, each.bucket), of(gpus, each.bucket)});
    }
    return out + "</tbody></table>\n" + notes();
  }

 private:
  double scaled(std::int64_t value) const { return all_ > 0 ? static_cast<double>(value) * 1000 / static_cast<double>(all_) : 0.0; }

  std::string row(const Step& step) const {
    return fmt::format("<tr data-bucket=\"{0}\"><th scope=\"row\">{1}<small>{2}</small></th>"
                       "<td class=\"wide\" aria-hidden=\"true\"><svg viewBox=\"0 0 1000 14\" preserveAspectRatio=\"none\">"
                       "<rect class=\"b-{0}\" x=\"{3:.2f}\" width=\"{4:.2f}\" height=\"14\"/></svg></td>"
                       "<td class=\"n\">{5}</td><td class=\"n\">{6}</td><td class=\"n\">{7}</td></tr>\n",
                       step.bucket, step.label, step.means, scaled(step.at), step.part > 0 ? std::max(scaled(step.part), 1.0) : 0.0,
                       priced_ ? amount(step.cents) : "?", percent(step.part, all_), tenths(step.gpus));
  }

  std::string notes() const {
    std::string out;
    const auto note = [&](const std::string& text) { out += fmt::format("<p class=\"note\">{}</p>\n", text); };
    if (!money_.idleUnknown.empty()) note("I" + escaped(money_.idleUnknown).substr(1) + ".");
    if (sum_.unjudgedCents > 0)
      note(fmt::format("Of right, {} {} are held by workloads of which the need is not known: a smaller slice might do.", escaped(money_.currency),
                       amount(sum_.unjudgedCents)));
    if (priced_ && sum_.unpricedCentihours > 0) note(fmt::format("The amounts are without {} GPUs that have no price.", gpusOf(sum_.unpricedCentihours)));
    return out;
  }

  const Money& money_;
  const Sum sum_;
  const bool priced_;
  const std::int64_t all_;   // cents, or GPU-hours where nothing has a price
};

}  // namespace

std::string waterfall(const Report& report) {
  const Money& money = report.money.money;
  if (!money.nodesKnown) return "<p class=\"none\">Unknown: nodes could not be read, so what is spent, and on what, cannot be told.</p>\n";
  return Waterfall(money).run();
}

std::string savings(const Report& report) {
  const Money& money = report.money.money;
  if (!money.nodesKnown || !money.anyPrice) return "";
  const Savings& saved = report.money.savings;
  std::string out = "<table class=\"savings\"><caption>Savings, told apart by how sure they are.</caption>\n<tbody>\n";
  const auto row = [&](std::string_view label, std::string_view means, const std::string& value) {
    out += fmt::format("<tr><th scope=\"row\">{}<small>{}</small></th><td class=\"n\">{}</td></tr>\n", label, means, value);
  };
  const auto paid = [&](std::int64_t cents) { return escaped(money.currency) + " " + amount(cents); };
  row("By list", "what is paid beyond the slices that would do; on paper, as a smaller slice leaves a part of a GPU that is paid for as before",
      paid(saved.listCents));
  row("Realisable",
      saved.realisableKnown ? "of it, what comes free for use: GPUs that can be given back, and places for pods that wait"
                            : "of it, what comes free for use, on the nodes of which that can be told",
      paid(saved.realisableCents));
  if (report.money.verified && report.money.since)
    row("Verified", fmt::format("what was in fact saved since {}", escaped(report.money.since->takenAt)), paid(report.money.verified->cents));
  else
    row("Verified", "nothing to compare with: give an earlier look with --since", "unknown");
  return out + "</tbody></table>\n";
}

}  // namespace rightslice::observe::page
