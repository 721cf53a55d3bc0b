#include "observe/audit/figures.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <utility>

namespace rightslice::observe::audit {
namespace {

constexpr std::string_view kWhole = "whole GPU", kUnknownProduct = "unknown";

/// The keys with the largest weights, at most so many; of equal ones the first by name.
std::set<std::string, std::less<>> heaviest(const std::map<std::string, std::int64_t>& weights, std::size_t most) {
  std::vector<std::pair<std::int64_t, std::string>> order;
  for (const auto& [key, weight] : weights) order.emplace_back(-weight, key);
  std::sort(order.begin(), order.end());
  std::set<std::string, std::less<>> out;
  for (std::size_t i = 0; i < order.size() && i < most; ++i) out.insert(order[i].second);
  return out;
}

std::vector<Series> findingsOf(const std::vector<NamespaceResults>& results, std::size_t most) {
  std::map<std::string, std::int64_t> weights;
  for (const NamespaceResults& each : results)
    for (const ReportResult& one : each.results)
      if (one.outcome != Outcome::Skip && !each.ns.empty()) ++weights[each.ns];
  const auto named = heaviest(weights, most);
  std::map<std::pair<std::string, std::string>, std::int64_t> counts;
  for (const NamespaceResults& each : results) {
    const std::string ns = each.ns.empty() || named.contains(each.ns) ? each.ns : std::string(kOthers);
    for (const ReportResult& one : each.results)
      if (one.outcome != Outcome::Skip) ++counts[{ns, one.code}];
  }
  std::vector<Series> out;
  for (const auto& [key, count] : counts) out.push_back({{key.first, key.second}, static_cast<double>(count)});
  return out;
}

std::vector<Series> decisionsOf(const Observation& seen) {
  std::map<std::string_view, std::int64_t> counts{{"allow", 0}, {"warn", 0}, {"rewrite", 0}, {"deny", 0}};
  for (const WorkloadState& each : seen.workloads) ++counts[policy::name(each.judgement.wouldBe.value_or(each.judgement.decision))];
  std::vector<Series> out;
  for (const auto& [decision, count] : counts) out.push_back({{std::string(decision)}, static_cast<double>(count)});
  return out;
}

std::string productOf(const Geometry& geometry) {
  if (geometry.product != nullptr) return geometry.product->label();
  return geometry.productName.empty() ? std::string(kUnknownProduct) : geometry.productName;
}

std::vector<Series> slicesOf(const Observation& seen, std::size_t most) {
  struct Count {
    std::int64_t offered = 0, held = 0, free = 0;
    bool known = true;
  };
  std::map<std::string, std::int64_t> weights;
  for (const Board& board : seen.placement.boards)
    for (const SliceUse& slice : board.slices) weights[productOf(board.geometry)] += std::max<std::int64_t>(slice.offered, 1);
  const auto named = heaviest(weights, most);
  std::map<std::pair<std::string, std::string>, Count> counts;
  for (const Board& board : seen.placement.boards) {
    const std::string product = productOf(board.geometry);
    for (const SliceUse& slice : board.slices) {
      Count& to = counts[{named.contains(product) ? product : std::string(kOthers), slice.profile.empty() ? std::string(kWhole) : slice.profile}];
      to.offered += slice.offered;
      to.held += slice.asked.value_or(0);
      to.free += slice.free();
      to.known = to.known && slice.asked.has_value();
    }
  }
  std::vector<Series> out;
  for (const auto& [key, count] : counts) {
    const auto add = [&](const char* state, std::int64_t value) { out.push_back({{key.first, key.second, state}, static_cast<double>(value)}); };
    add("offered", count.offered);
    if (!count.known) continue;   // unknown is not none
    add("held", count.held);
    add("free", count.free);
  }
  return out;
}

double inCurrency(std::int64_t cents) { return static_cast<double>(cents) / 100; }

}  // namespace

Figures figuresOf(const Report& report, const std::vector<NamespaceResults>& results, const FigureBounds& bounds) {
  Figures out;
  out.findings = findingsOf(results, bounds.namespaces);
  out.workloads = decisionsOf(report.seen);
  out.slices = slicesOf(report.seen, bounds.products);
  const Money& money = report.money.money;
  if (money.nodesKnown && money.anyPrice) {
    const Sum sum = sumOf(money);
    for (std::size_t i = 0; i < kBuckets; ++i) out.cost.push_back({{money.currency, std::string(name(static_cast<Bucket>(i)))}, inCurrency(sum.cents[i])});
    const Savings& savings = report.money.savings;
    out.savings.push_back({{money.currency, "list"}, inCurrency(savings.listCents)});
    if (savings.realisableKnown) out.savings.push_back({{money.currency, "realisable"}, inCurrency(savings.realisableCents)});
  }
  std::map<std::string_view, std::set<std::string_view>> unread{{name(Seen::State::Forbidden), {}}, {name(Seen::State::Failed), {}}};
  for (const Seen* each : report.snapshot.coverage.unread()) unread[name(each->state)].insert(each->resource);
  for (const auto& [state, resources] : unread) out.unread.push_back({{std::string(state)}, static_cast<double>(resources.size())});
  return out;
}

}  // namespace rightslice::observe::audit
