#include "observe/money.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

#include "base/date.hpp"
#include "observe/apportion.hpp"
#include "policy/money.hpp"

namespace rightslice::observe {
namespace {

using policy::kHoursPerMonth;

/// gpus x price x hours of a month, rounded half up to cents.
std::int64_t monthlyCents(const workload::Price& price, std::int64_t gpus) {
  const Int128 per = static_cast<Int128>(price.divisor) * 10'000;
  const Int128 all = static_cast<Int128>(price.micros) * gpus * kHoursPerMonth;
  return static_cast<std::int64_t>(std::min<Int128>((2 * all + per) / (2 * per), kMaxBytes));
}

workload::PricedNode pricedNode(const Node& node, const Geometry& geometry) {
  return {geometry.product, geometry.productName, node.providerId, &node.facts.labels};
}

/// Models of a container, as the judgement names them; empty: not known.
std::string modelOf(const Observation& seen, const Part& part) {
  for (const auto& each : seen.workloads[*part.deployed].judgement.containers)
    if (each.name == part.container) return each.model;
  return "";
}

std::string rowOf(const Snapshot& snapshot, const Observation& seen, const MoneyEntry& entry, View view) {
  const Board& board = seen.placement.boards[entry.board];
  switch (view) {
    case View::Node: return (*snapshot.nodes)[board.node].facts.name;
    case View::Product: return board.geometry.product != nullptr ? board.geometry.product->label() : board.geometry.productName;
    case View::Namespace: return entry.part.deployed ? seen.workloads[*entry.part.deployed].judgement.ns : "";
    case View::Workload: return entry.part.deployed ? workloadKey(seen, *entry.part.deployed) : "";
    case View::Model: return entry.part.deployed ? modelOf(seen, entry.part) : "";
  }
  return "";
}

/// A bucket of what is idle that says nothing of most workloads would be taken for all that is idle.
std::string idleUnknownOf(const Money& money, const Measured& measured) {
  if (!measured) return "idle is not known without metrics: what of the held slices does nothing counts as right or oversized";
  std::set<Index> unknown;
  std::int64_t cents = 0;
  for (const MoneyEntry& each : money.entries) {
    if (!each.part.deployed || measured(*each.part.deployed).idlePerMille) continue;
    unknown.insert(*each.part.deployed);
    cents = plusBytes(cents, each.cents);
  }
  if (unknown.empty()) return {};
  return fmt::format("idle is not known of {} workload{}, which hold{} {}: metrics say too little of {}, and all of it counts as right or oversized", unknown.size(),
                     unknown.size() == 1 ? "" : "s", unknown.size() == 1 ? "s" : "", money.anyPrice ? money.currency + " " + centsText(cents) : "slices without a price",
                     unknown.size() == 1 ? "it" : "them");
}

}  // namespace

Money moneyOf(const Snapshot& snapshot, const Observation& seen, const gpu::Catalogue& gpus, const workload::RateBook& book, const Measured& measured) {
  Money out;
  out.currency = book.book.currency;
  out.bookDate = book.book.date;
  out.defaultBook = book.book.isDefault;
  out.nodesKnown = snapshot.nodes.has_value();
  for (Index i = 0; measured && i < seen.workloads.size() && !out.idleKnown; ++i) out.idleKnown = measured(i).idlePerMille.has_value();
  const auto day = Date::parseTimestamp(snapshot.takenAt);
  for (Index i = 0; i < seen.placement.boards.size(); ++i) {
    const Board& board = seen.placement.boards[i];
    BoardMoney& money = out.boards.emplace_back();
    auto price = workload::priceOf(book, pricedNode((*snapshot.nodes)[board.node], board.geometry), day.value_or(Date{}), gpus);
    if (!price) money.why = price.error().message;
    if (!board.geometry.gpus || *board.geometry.gpus <= 0 || *board.geometry.gpus > kMostGpus) {
      money.why = board.geometry.gpus.value_or(0) > kMostGpus ? "it says that it has more GPUs than a node can have" : "how many GPUs the node has is not known";
      continue;
    }
    const std::int64_t count = *board.geometry.gpus;
    if (price) {
      money.cents = monthlyCents(*price, count);
      money.price = std::move(*price);
      out.anyPrice = true;
      out.cents = plusBytes(out.cents, money.cents);
    }
    money.centihours = timesBytes(count, kHoursPerMonth * 100);
    Split split = splitOf(snapshot, seen, i, gpus, measured);
    money.unknown = std::move(split.unknown);
    money.unitsPerGpu = split.unitsPerGpu;
    std::vector<std::int64_t> weights;
    for (const Part& part : split.parts) weights.push_back(part.units);
    const auto cents = apportion(money.cents, weights), hours = apportion(money.centihours, weights);
    for (std::size_t j = 0; j < split.parts.size(); ++j) out.entries.push_back({i, std::move(split.parts[j]), hours[j], cents[j]});
  }
  out.idleUnknown = idleUnknownOf(out, measured);
  return out;
}

std::int64_t Sum::totalCents() const { return std::accumulate(cents.begin(), cents.end(), std::int64_t{0}); }
std::int64_t Sum::totalCentihours() const { return std::accumulate(centihours.begin(), centihours.end(), std::int64_t{0}); }

void Sum::add(const MoneyEntry& entry, bool priced) {
  const auto bucket = static_cast<std::size_t>(entry.part.bucket);
  cents[bucket] += entry.cents;
  centihours[bucket] += entry.centihours;
  if (entry.part.unjudged) unjudgedCents += entry.cents;
  if (!priced) unpricedCentihours += entry.centihours;
}

void Sum::add(const Sum& other) {
  for (std::size_t i = 0; i < kBuckets; ++i) {
    cents[i] += other.cents[i];
    centihours[i] += other.centihours[i];
  }
  unjudgedCents += other.unjudgedCents;
  unpricedCentihours += other.unpricedCentihours;
}

Sum sumOf(const Money& money) {
  Sum out;
  for (const MoneyEntry& each : money.entries) out.add(each, money.boards[each.board].price.has_value());
  return out;
}

std::vector<ViewRow> viewOf(const Snapshot& snapshot, const Observation& seen, const Money& money, View view) {
  std::map<std::pair<bool, std::string>, Sum> rows;
  for (const MoneyEntry& each : money.entries) {
    const bool held = each.part.deployed || view == View::Product || view == View::Node;
    rows[{held, rowOf(snapshot, seen, each, view)}].add(each, money.boards[each.board].price.has_value());
  }
  std::vector<ViewRow> out;
  for (auto& [key, sum] : rows) out.push_back({key.first, key.second, sum});
  return out;
}

std::optional<std::int64_t> millionTokensMicros(const Money& money, Index deployed, const Measured& measured) {
  const auto tokens = measured ? measured(deployed).tokensPerHour : std::nullopt;
  if (!tokens || *tokens <= 0) return std::nullopt;
  std::int64_t cents = 0;
  for (const MoneyEntry& each : money.entries) {
    if (each.part.deployed != deployed) continue;
    if (!money.boards[each.board].price) return std::nullopt;   // a part of the cost would be taken for all of it
    cents += each.cents;
  }
  // cents a month -> micros an hour -> micros for a million tokens, rounded half up.
  const Int128 numerator = static_cast<Int128>(cents) * 10'000 * 1'000'000, per = static_cast<Int128>(kHoursPerMonth) * *tokens;
  return static_cast<std::int64_t>(std::min<Int128>((2 * numerator + per) / (2 * per), kMaxBytes));
}

std::string workloadKey(const Observation& seen, Index deployed) {
  const auto& judgement = seen.workloads[deployed].judgement;
  return fmt::format("{}/{}/{}", judgement.ns, judgement.kind, judgement.name);
}

std::string centsText(std::int64_t cents) { return fmt::format("{}{}.{:02}", cents < 0 ? "-" : "", std::abs(cents) / 100, std::abs(cents) % 100); }

}  // namespace rightslice::observe
