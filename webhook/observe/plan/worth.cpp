#include "observe/plan/worth.hpp"

#include <algorithm>
#include <map>

namespace rightslice::observe::plan {
namespace {

constexpr std::int64_t kSteps = 2'000;   // of a search; what it does not find is not counted

class Reckoning {
 public:
  Reckoning(const Plan& plan, const Observation& seen, const Money& money, const Savings& savings) : plan_(plan), seen_(seen), money_(money) {
    ofBoard_.resize(money.boards.size());
    for (const BoardSavings& each : savings.boards) ofBoard_[each.board] = &each;
    out_.currency = money.currency;
    out_.bookDate = money.bookDate;
    out_.defaultBook = money.defaultBook;
    out_.anyPrice = money.anyPrice;
    out_.spendCents = money.cents;
    out_.listCents = savings.listCents;
    out_.byNodeCents = savings.realisableCents;
  }

  Worth run() {
    std::vector<bool> planned(ofBoard_.size());
    for (std::size_t i = 0; i < plan_.fleet.pools.size(); ++i) {
      out_.pools.push_back(pool(i));
      const PoolWorth& made = out_.pools.back();
      out_.realisableCents += made.realisableCents.value_or(0);
      out_.realisableKnown = out_.realisableKnown && (made.realisableCents || made.listCents == 0);
      for (const std::size_t node : plan_.fleet.pools[i].nodes) planned[plan_.fleet.nodes[node].board] = true;
    }
    if (!plan_.recommended) return std::move(out_);
    for (std::size_t board = 0; board < ofBoard_.size(); ++board) {
      if (planned[board] || ofBoard_[board] == nullptr) continue;
      out_.realisableCents += ofBoard_[board]->realisableCents.value_or(0);
      out_.realisableKnown = out_.realisableKnown && ofBoard_[board]->realisableCents;
    }
    return std::move(out_);
  }

 private:
  /// A GPU of the board, rounded down; nothing where it has no price.
  std::optional<std::int64_t> perGpu(Index board, std::int64_t gpus = 1) const {
    const auto& geometry = seen_.placement.boards[board].geometry;
    if (!money_.boards[board].price || !geometry.gpus || *geometry.gpus <= 0) return std::nullopt;
    return static_cast<std::int64_t>(static_cast<Int128>(money_.boards[board].cents) * gpus / *geometry.gpus);
  }

  void spare(std::size_t node, PoolWorth& to) {
    const auto& gpus = plan_.target.nodes[node].gpus;
    const auto count = std::count_if(gpus.begin(), gpus.end(), [](const GpuTarget& each) { return each.fate == GpuTarget::Fate::Spare; });
    if (count == 0) return;
    const auto cents = perGpu(plan_.fleet.nodes[node].board, count);
    to.spareGpus += count;
    to.spareCents += cents.value_or(0);
    out_.spareGpus += count;
    out_.spareCents += cents.value_or(0);
    out_.spareUnpriced += cents ? 0 : count;
    if (count < static_cast<std::ptrdiff_t>(gpus.size())) return;
    out_.emptyNodes.push_back(node);
    out_.emptyCents += cents.value_or(0);
  }

  /// The least GPUs that the pool's needs take with the slices that are held today; nothing where one has no place on any GPU. Pods that wait
  /// hold nothing that could become smaller: they count as they are planned for.
  static std::optional<std::int64_t> leastAsHeld(const Fleet& fleet, const Pool& pool) {
    std::int64_t whole = 0;
    std::map<Slices, std::int64_t> counts;
    for (const std::size_t each : pool.needs) {
      const Need& need = fleet.needs[each];
      const bool held = need.node.has_value();
      whole += held ? need.wholeNow : need.wholeWanted;
      const Slices& slices = held ? need.now : need.wanted;
      if (!slices.empty()) ++counts[slices];
    }
    std::vector<Ask> asks;
    for (const auto& [slices, count] : counts) asks.push_back({slices, count});
    const Packing packing = pack(pool.cutting, asks, kSteps);
    return packing.impossible.empty() ? std::optional(packing.atLeast + whole) : std::nullopt;
  }

  PoolWorth pool(std::size_t index) {
    const Pool& pool = plan_.fleet.pools[index];
    PoolWorth out;
    std::int64_t byNode = 0;
    bool byNodeKnown = true;
    std::optional<std::int64_t> cheapest;
    bool priced = true;
    for (const std::size_t node : pool.nodes) {
      const Index board = plan_.fleet.nodes[node].board;
      out.spendCents += money_.boards[board].cents;
      if (const auto* savings = ofBoard_[board]) {
        out.listCents += savings->listCents;
        byNode += savings->realisableCents.value_or(0);
        byNodeKnown = byNodeKnown && savings->realisableCents;
      }
      const auto gpu = perGpu(board);
      priced = priced && gpu;
      if (gpu) cheapest = std::min(cheapest.value_or(*gpu), *gpu);
      spare(node, out);
    }
    if (!plan_.recommended) return out;
    const PoolTarget& then = plan_.target.pools[index];
    if (!then.impossible.empty() || (!priced && out.listCents > 0)) {
      out.why = !then.impossible.empty() ? then.impossible : "not all of its nodes have a price";
      if (byNodeKnown) out.realisableCents = byNode;
      return out;
    }
    if (out.listCents > 0) out.fewerGpus = std::max<std::int64_t>(0, leastAsHeld(plan_.fleet, pool).value_or(0) - then.needed);
    out.realisableCents = std::min(out.listCents, std::max(byNode, out.fewerGpus * cheapest.value_or(0)));
    return out;
  }

  const Plan& plan_;
  const Observation& seen_;
  const Money& money_;
  std::vector<const BoardSavings*> ofBoard_;
  Worth out_;
};

}  // namespace

Worth worthOf(const Plan& plan, const Observation& seen, const Money& money, const Savings& savings) {
  return Reckoning(plan, seen, money, savings).run();
}

}  // namespace rightslice::observe::plan
