#include "observe/plan/target.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

namespace rightslice::observe::plan {
namespace {

using Fate = GpuTarget::Fate;

constexpr std::array<std::string_view, 3> kFates{"keep", "recut", "spare"};
constexpr int kMostTries = 400;            // of leaving one GPU more as it is
constexpr std::int64_t kStepsOfTry = 2'000;

class Pooling {
 public:
  Pooling(const Fleet& fleet, const Pool& pool, Target& out) : fleet_(fleet), pool_(pool), out_(out) {
    for (const std::size_t node : pool.nodes)
      for (std::size_t i = 0; i < fleet.nodes[node].cuts.size(); ++i) free_.push_back({node, i});
    for (const std::size_t each : pool.needs) ++podsOn_[fleet.needs[each].node.value_or(fleet.nodes.size())];
  }

  PoolTarget run() {
    PoolTarget out = bounds();
    if (out.impossible.empty()) out.impossible = wholeOnes();
    if (out.impossible.empty()) slices(asks_, packing_);
    return out;
  }

  std::string whyImpossible() {
    PoolTarget out = bounds();
    return out.impossible.empty() ? wholeOnes() : out.impossible;
  }

 private:
  struct Spot {
    std::size_t node, gpu;
  };

  PoolTarget bounds() {
    PoolTarget out;
    std::map<Slices, std::int64_t> counts;
    std::int64_t whole = 0;
    for (const std::size_t each : pool_.needs) {
      const Need& need = fleet_.needs[each];
      whole += need.wholeWanted;
      if (!need.wanted.empty()) ++counts[need.wanted];
    }
    for (const auto& [slices, count] : counts) asks_.push_back({slices, count});
    // What takes the most room first.
    std::stable_sort(asks_.begin(), asks_.end(), [&](const Ask& a, const Ask& b) { return units(a.slices) > units(b.slices); });
    packing_ = pack(pool_.cutting, asks_);
    out.needed = packing_.gpus + whole;
    out.atLeast = packing_.atLeast + whole;
    if (out.needed <= pool_.gpus) return out;
    const std::string bound = packing_.exact() ? "" : fmt::format(" (at least {})", out.atLeast);
    out.impossible = fmt::format("it would take {} GPUs{}, and there are {}", out.needed, bound, pool_.gpus);
    return out;
  }

  std::int64_t units(const Slices& slices) const {
    std::int64_t out = 0;
    for (const auto& [profile, count] : slices) {
      const auto* row = pool_.cutting.product().profile(profile);
      out += count * (row != nullptr && !row->placements.empty() ? row->placements.front().size : 1);
    }
    return out;
  }

  GpuTarget& at(const Spot& spot) { return out_.nodes[spot.node].gpus[spot.gpu]; }
  const Cut& cut(const Spot& spot) const { return fleet_.nodes[spot.node].cuts[spot.gpu]; }

  void take(std::size_t index, Fate fate, const Cut& then) {
    GpuTarget& gpu = at(free_[index]);
    gpu.fate = fate;
    gpu.then = then;
    touched_[free_[index].node] = touched_[free_[index].node] || fate == Fate::Recut;
    free_.erase(free_.begin() + static_cast<std::ptrdiff_t>(index));
  }

  /// Whole GPUs stay where they are used; pods that wait for some get a node that has as many. Says why that is not possible.
  std::string wholeOnes() {
    std::vector<const Need*> waiting;
    for (const std::size_t each : pool_.needs) {
      const Need& need = fleet_.needs[each];
      if (need.wholeWanted == 0) continue;
      if (need.node) takeWhole(*need.node, need.wholeWanted);
      else waiting.push_back(&need);
    }
    std::stable_sort(waiting.begin(), waiting.end(), [](const Need* a, const Need* b) { return a->wholeWanted > b->wholeWanted; });
    for (const Need* need : waiting) {
      // One that needs the fewest GPUs cut anew; of these the fullest.
      std::optional<std::pair<std::int64_t, std::int64_t>> best;
      std::size_t chosen = 0;
      for (const std::size_t node : pool_.nodes) {
        std::int64_t all = 0, whole = 0;
        for (const Spot& each : free_) {
          if (each.node != node) continue;
          ++all;
          whole += cut(each).whole ? 1 : 0;
        }
        if (all < need->wholeWanted) continue;
        const std::pair rank{std::max<std::int64_t>(0, need->wholeWanted - whole), all};
        if (best && *best <= rank) continue;
        best = rank;
        chosen = node;
      }
      if (!best) return fmt::format("a pod waits for {} whole GPUs of one node, and none has them beside what runs", need->wholeWanted);
      takeWhole(chosen, need->wholeWanted);
    }
    return {};
  }

  void takeWhole(std::size_t node, std::int64_t count) {
    for (const bool whole : {true, false})
      for (std::size_t i = free_.size(); i-- > 0 && count > 0;) {
        if (free_[i].node != node || cut(free_[i]).whole != whole) continue;
        take(i, whole ? Fate::Keep : Fate::Recut, Cut{true, {}});
        --count;
      }
  }

  /// As much of the rest as a GPU with this layout holds; how many of each ask.
  std::vector<std::int64_t> filling(const Slices& layout, const std::vector<Ask>& rest) const {
    std::vector<std::int64_t> out(rest.size());
    Slices used;
    for (std::size_t i = 0; i < rest.size(); ++i)
      while (out[i] < rest[i].count && covers(layout, sum(used, rest[i].slices))) {
        used = sum(std::move(used), rest[i].slices);
        ++out[i];
      }
    return out;
  }

  void slices(std::vector<Ask> rest, const Packing& packing) {
    // Layouts that there are, the most frequent first; of GPUs with the same, those on the busiest nodes.
    std::map<Slices, std::vector<Spot>> layouts;
    for (const Spot& each : free_)
      if (!cut(each).whole && !cut(each).slices.empty()) layouts[cut(each).slices].push_back(each);
    std::vector<std::pair<Slices, std::vector<Spot>>> order(layouts.begin(), layouts.end());
    std::stable_sort(order.begin(), order.end(), [](const auto& a, const auto& b) { return a.second.size() > b.second.size(); });
    std::int64_t left = packing.gpus;
    Packing best = packing;
    int tries = 0;
    for (auto& [layout, spots] : order) {
      std::stable_sort(spots.begin(), spots.end(), [&](const Spot& a, const Spot& b) { return podsOn_[a.node] > podsOn_[b.node]; });
      for (const Spot& spot : spots) {
        if (tries++ >= kMostTries) break;
        const auto fill = filling(layout, rest);
        auto next = rest;
        bool any = false;
        for (std::size_t i = 0; i < fill.size(); ++i) {
          next[i].count -= fill[i];
          any = any || fill[i] > 0;
        }
        if (!any) break;
        Packing of = pack(pool_.cutting, next, kStepsOfTry);
        if (of.gpus > left - 1) break;
        left = of.gpus;
        rest = std::move(next);
        best = std::move(of);
        const auto index = std::find_if(free_.begin(), free_.end(), [&](const Spot& each) { return each.node == spot.node && each.gpu == spot.gpu; }) - free_.begin();
        take(static_cast<std::size_t>(index), Fate::Keep, cut(spot));
      }
    }
    for (const Load& load : best.loads)
      for (std::int64_t i = 0; i < load.gpus; ++i) loads_.push_back(load.slices);
    std::stable_sort(loads_.begin(), loads_.end(), [&](const Slices& a, const Slices& b) { return units(a) > units(b); });
    if (!loads_.empty()) know();
    for (const Slices& load : loads_) place(load);
  }

  /// On a GPU that has these slices already; else on one of a node that is cut anew anyway, or that few pods have to leave.
  void place(const Slices& load) {
    for (std::size_t i = 0; i < free_.size(); ++i) {
      if (cut(free_[i]).whole || !covers(cut(free_[i]).slices, load)) continue;
      take(i, Fate::Keep, cut(free_[i]));
      return;
    }
    std::size_t best = 0;
    const auto rank = [&](std::size_t i) { return std::pair(!touched_[free_[i].node], podsOn_[free_[i].node]); };
    for (std::size_t i = 1; i < free_.size(); ++i)
      if (rank(i) < rank(best)) best = i;
    take(best, Fate::Recut, Cut{false, filled(load, cut(free_[best]).slices)});
  }

  void know() {
    for (const std::size_t node : pool_.nodes)
      for (const Cut& each : fleet_.nodes[node].cuts) known_ = sum(std::move(known_), each.slices);
    for (const std::size_t each : pool_.needs) known_ = sum(std::move(known_), fleet_.needs[each].wanted);
    for (const gpu::Profile& each : pool_.cutting.product().profiles)
      if (each.parts.attributes.empty() && pool_.cutting.offers(each.name)) plain_[each.name] = 1;
  }

  /// By memory, then by compute.
  std::pair<std::int64_t, int> largeness(const Slices& one) const {
    const auto* row = pool_.cutting.product().profile(one.begin()->first);
    return {units(one), row != nullptr ? row->computeSlices : 0};
  }

  /// The load and what else goes beside it: of the profiles of this layout, then of those that the pool's GPUs or needs have, then of all
  /// plain ones; of each lot the largest first.
  Slices filled(Slices load, const Slices& layout) const {
    for (const Slices* lot : {&layout, &known_, &plain_}) {
      std::vector<Slices> order;
      for (const auto& [profile, count] : *lot) order.push_back({{profile, 1}});
      std::stable_sort(order.begin(), order.end(), [&](const Slices& a, const Slices& b) { return largeness(a) > largeness(b); });
      for (const Slices& one : order)
        while (pool_.cutting.arrange(sum(load, one))) load = sum(std::move(load), one);
    }
    return load;
  }

  const Fleet& fleet_;
  const Pool& pool_;
  Target& out_;
  std::vector<Ask> asks_;
  Packing packing_;
  Slices known_, plain_;                    // what the pool's GPUs and needs have; and one of each plain profile
  std::vector<Spot> free_;
  std::vector<Slices> loads_;
  std::map<std::size_t, std::int64_t> podsOn_;
  std::map<std::size_t, bool> touched_;
};

}  // namespace

std::string_view name(GpuTarget::Fate fate) { return kFates[static_cast<std::size_t>(fate)]; }

bool NodeTarget::recut() const {
  return std::any_of(gpus.begin(), gpus.end(), [](const GpuTarget& each) { return each.fate == GpuTarget::Fate::Recut; });
}

Slices NodeTarget::slices(bool then) const {
  Slices out;
  for (const GpuTarget& each : gpus) out = sum(std::move(out), then ? each.then.slices : each.now.slices);
  return out;
}

std::int64_t NodeTarget::whole(bool then) const {
  return std::count_if(gpus.begin(), gpus.end(), [&](const GpuTarget& each) { return then ? each.then.whole : each.now.whole; });
}

namespace {

void asIs(const Fleet& fleet, std::size_t node, Target& out) {
  out.nodes[node].gpus.clear();
  for (const Cut& each : fleet.nodes[node].cuts) out.nodes[node].gpus.push_back({Fate::Spare, each, each});
}

}  // namespace

std::string whyImpossible(const Fleet& fleet, const Pool& pool) {
  Target scratch;
  scratch.nodes.resize(fleet.nodes.size());
  for (const std::size_t each : pool.nodes) asIs(fleet, each, scratch);
  return Pooling(fleet, pool, scratch).whyImpossible();
}

PoolTarget targetOf(const Fleet& fleet, const Pool& pool, Target& out) {
  out.nodes.resize(fleet.nodes.size());
  for (const std::size_t each : pool.nodes) asIs(fleet, each, out);
  PoolTarget made = Pooling(fleet, pool, out).run();
  if (made.impossible.empty()) return made;
  for (const std::size_t each : pool.nodes) {
    asIs(fleet, each, out);
    for (GpuTarget& gpu : out.nodes[each].gpus) gpu.fate = Fate::Keep;
  }
  return made;
}

Target targetOf(const Fleet& fleet) {
  Target out;
  out.nodes.resize(fleet.nodes.size());
  for (std::size_t i = 0; i < fleet.nodes.size(); ++i) asIs(fleet, i, out);
  for (const Pool& pool : fleet.pools) out.pools.push_back(targetOf(fleet, pool, out));
  return out;
}

}  // namespace rightslice::observe::plan
