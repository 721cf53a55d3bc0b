#include "cli/scan_money.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "json/utf8.hpp"

namespace rightslice::cli {
namespace {

using observe::Bucket;
using observe::centsText;
using observe::Money;
using observe::Sum;

constexpr Bucket kWaterfall[] = {Bucket::Overhead, Bucket::Stranded, Bucket::Dark, Bucket::Unknown, Bucket::Idle, Bucket::Oversized, Bucket::Right};

constexpr std::size_t kMostRows = 25;   // of a view; -o json has all

std::int64_t of(const std::array<std::int64_t, observe::kBuckets>& values, Bucket bucket) { return values[static_cast<std::size_t>(bucket)]; }

/// Tenths of a percent, rounded half up.
std::string percent(std::int64_t part, std::int64_t all) {
  if (all == 0) return "";
  const std::int64_t tenths = static_cast<std::int64_t>((static_cast<Int128>(part) * 2000 + all) / (2 * static_cast<Int128>(all)));
  return fmt::format("{}.{}%", tenths / 10, tenths % 10);
}

class Page {
 public:
  Page(const observe::Snapshot& snapshot, const observe::Observation& seen, const observe::MoneyReport& report)
      : snapshot_(snapshot), seen_(seen), report_(report), money_(report.money), sum_(observe::sumOf(report.money)) {}

  MoneyPage run() {
    out_.title = fmt::format("What it costs, in {} for a month of 730 hours{}", money_.currency, bookText());
    if (!money_.nodesKnown) {
      out_.notes.push_back("nodes are not known: what is spent, and on what, cannot be told");
      return std::move(out_);
    }
    waterfall();
    for (const auto& [view, title] : {std::pair(observe::View::Namespace, "by namespace"), std::pair(observe::View::Model, "by model"),
                                      std::pair(observe::View::Product, "by GPU"), std::pair(observe::View::Node, "by node")})
      addView(title, observe::viewOf(snapshot_, seen_, money_, view));
    savings();
    unpriced();
    return std::move(out_);
  }

 private:
  std::string bookText() const {
    const std::string date = money_.bookDate.empty() ? "" : " of " + money_.bookDate;
    if (money_.defaultBook) return fmt::format(", at list prices{}, which are not yours: give yours with --prices", date);
    return date.empty() ? "" : fmt::format(", at prices{}", date);
  }

  bool shown(Bucket bucket) const {
    return bucket == Bucket::Idle ? money_.idleKnown : bucket == Bucket::Right || of(sum_.centihours, bucket) > 0;
  }

  void waterfall() {
    MoneyTable made{"", {{"", "amount", "", "GPU hours"}}};
    const auto total = sum_.totalCents();
    made.rows.push_back({"spend", centsText(total), "100.0%", centsText(sum_.totalCentihours() - sum_.unpricedCentihours)});
    if (!money_.anyPrice) made.rows.back() = {"spend", "?", "", "0.00"};
    for (const Bucket each : kWaterfall) {
      if (!shown(each)) continue;
      std::int64_t hours = 0;
      for (const auto& entry : money_.entries)
        if (entry.part.bucket == each && money_.boards[entry.board].price) hours += entry.centihours;
      const std::string sign = each == Bucket::Right ? "=" : "-";
      made.rows.push_back({fmt::format("{} {}", sign, name(each)), money_.anyPrice ? centsText(of(sum_.cents, each)) : "?",
                           percent(of(sum_.cents, each), total), centsText(hours)});
    }
    if (sum_.unpricedCentihours > 0) made.rows.push_back({"without a price", "?", "", centsText(sum_.unpricedCentihours)});
    out_.tables.push_back(std::move(made));
    if (!money_.idleUnknown.empty()) out_.notes.push_back(money_.idleUnknown);
    if (sum_.unjudgedCents > 0)
      out_.notes.push_back(fmt::format("of right, {} {} are held by workloads of which the need is not known: a smaller slice might do", money_.currency,
                                       centsText(sum_.unjudgedCents)));
    std::map<std::string, std::int64_t> why;
    for (const auto& each : money_.boards)
      if (!each.unknown.empty()) ++why[each.unknown];
    for (const auto& [reason, nodes] : why) out_.notes.push_back(fmt::format("unknown on {} {}: {}", nodes, nodes == 1 ? "node" : "nodes", reason));
  }

  void addView(std::string title, std::vector<observe::ViewRow> rows) {
    if (!money_.anyPrice) return;
    std::erase_if(rows, [](const auto& each) { return each.sum.unpricedCentihours == each.sum.totalCentihours(); });
    if (rows.size() < 2) return;   // the waterfall says it
    Sum rest;
    std::size_t more = 0;
    if (rows.size() > kMostRows) {   // the dearest stay, and the others stand in one row
      std::stable_sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.sum.totalCents() > b.sum.totalCents(); });
      for (more = rows.size() - kMostRows; rows.size() > kMostRows; rows.pop_back()) rest.add(rows.back().sum);
    }
    MoneyTable made{std::move(title), {{"", "spend"}}};
    for (const Bucket each : kWaterfall)
      if (shown(each)) made.rows.front().emplace_back(name(each));
    const auto line = [&](std::string first, const Sum& sum) {
      std::vector<std::string> cells{std::move(first), centsText(sum.totalCents())};
      for (const Bucket each : kWaterfall)
        if (shown(each)) cells.push_back(centsText(of(sum.cents, each)));
      made.rows.push_back(std::move(cells));
    };
    for (const auto& each : rows) line(!each.held ? "(held by none)" : each.name.empty() ? "(not known)" : each.name, each.sum);
    if (more > 0) line(fmt::format("({} more)", more), rest);
    line("together", sum_);
    out_.tables.push_back(std::move(made));
  }

  void savings() {
    const auto& savings = report_.savings;
    if (savings.listCents > 0) {
      out_.notes.push_back(fmt::format("smaller slices would save {} {} by list, of which {} can be realised{}", money_.currency, centsText(savings.listCents),
                                       centsText(savings.realisableCents), savings.realisableKnown ? "" : " on the nodes of which that can be told"));
    }
    for (const auto& each : savings.boards) {
      std::string text = fmt::format("node {}: {} by list, ", (*snapshot_.nodes)[seen_.placement.boards[each.board].node].facts.name, centsText(each.listCents));
      text += each.realisableCents ? fmt::format("{} realisable", centsText(*each.realisableCents)) : "what can be realised is not known";
      if (each.freedGpus > 0) text += fmt::format("; {} {} free", each.freedGpus, each.freedGpus == 1 ? "GPU comes" : "GPUs come");
      if (!each.used.empty()) text += fmt::format("; room for {}", fmt::join(each.used, ", "));
      if (!each.why.empty()) text += fmt::format("; {}", each.why);
      out_.notes.push_back(std::move(text));
    }
    if (report_.verified && report_.since) {
      const auto& verified = *report_.verified;
      out_.notes.push_back(fmt::format("verified since {}: {} {}; pods that are still there cost {} less, the spend fell by {}, and others hold {} more",
                                       report_.since->takenAt,
                                       money_.currency, centsText(verified.cents), centsText(verified.smallerCents), centsText(verified.spendFellCents),
                                       centsText(verified.othersGrewCents)));
    }
  }

  void unpriced() {
    std::map<std::string, std::vector<std::string>> nodes;
    for (observe::Index i = 0; i < money_.boards.size(); ++i)
      if (!money_.boards[i].price) nodes[money_.boards[i].why].push_back((*snapshot_.nodes)[seen_.placement.boards[i].node].facts.name);
    for (auto& [why, names] : nodes) {
      const auto more = names.size() > 3 ? fmt::format(" and {} more", names.size() - 3) : "";
      if (names.size() > 3) names.resize(3);
      out_.notes.push_back(fmt::format("no price for node {}{}: {}", fmt::join(names, ", "), more, why));
    }
  }

  const observe::Snapshot& snapshot_;
  const observe::Observation& seen_;
  const observe::MoneyReport& report_;
  const Money& money_;
  Sum sum_;
  MoneyPage out_;
};

}  // namespace

MoneyPage moneyPage(const observe::Snapshot& snapshot, const observe::Observation& seen, const observe::MoneyReport& report) {
  return Page(snapshot, seen, report).run();
}

std::vector<WorkloadCost> workloadCosts(const observe::Observation& seen, const Money& money) {
  std::vector<Sum> sums(seen.workloads.size());
  for (const auto& each : money.entries)
    if (each.part.deployed) sums[*each.part.deployed].add(each, money.boards[each.board].price.has_value());
  std::vector<WorkloadCost> out(sums.size());
  for (std::size_t i = 0; i < sums.size(); ++i)
    if (sums[i].totalCentihours() > 0 && sums[i].unpricedCentihours == 0) out[i] = {centsText(sums[i].totalCents()), centsText(of(sums[i].cents, Bucket::Oversized))};
  return out;
}

void writeMoneyText(const MoneyPage& page, const Style& style, const Print& print) {
  print("\n" + style.paint(Colour::Bold, page.title) + "\n");
  for (const MoneyTable& each : page.tables) {
    auto rows = each.rows;
    rows.front().front() = each.title;
    for (auto& row : rows)
      for (auto& text : row) text = json::printable(text);
    std::vector<std::size_t> numbers;
    for (std::size_t i = 1; i < rows.front().size(); ++i) numbers.push_back(i);
    print("\n" + table(rows, numbers, "  "));
  }
  if (!page.notes.empty()) print("\n");
  for (const std::string& each : page.notes) print(wrap(json::printable(each), style.width, "  ", "    "));
}

}  // namespace rightslice::cli
