// Cutting stock over the maximal loads of one GPU. Bound: the linear relaxation (Gilmore and Gomory, 1961), solved in its dual; what it
// gives is turned into whole numbers and checked against every load, so that rounding in the arithmetic can only weaken the bound.
// Solution: the relaxation rounded down, then branch and bound of the rest; then, if a gap is left, of everything.
#include "observe/plan/packing.hpp"

#include <algorithm>
#include <cmath>
#include <map>

namespace rightslice::observe::plan {
namespace {

using Vector = std::vector<std::int64_t>;

constexpr std::size_t kMostLoads = 20'000;
constexpr int kMostPivots = 2'000;
constexpr double kTiny = 1e-9, kScale = 1e6;

/// Everything that one GPU can hold and to which nothing can be added, as far as the demand goes.
class Loads {
 public:
  Loads(const Cutting& cutting, const std::vector<Slices>& asks, const Vector& demand)
      : cutting_(cutting), asks_(asks), demand_(demand), now_(asks.size()) {
    grow(0, {});
  }
  std::vector<Vector> take() { return std::move(out_); }

 private:
  void grow(std::size_t from, const Slices& slices) {
    if (out_.size() >= kMostLoads) return;
    if (from == asks_.size()) {
      if (maximal(slices)) out_.push_back(now_);
      return;
    }
    // As many as fit, then one less and so on.
    std::vector<Slices> held{slices};
    while (now_[from] < demand_[from]) {
      Slices next = sum(held.back(), asks_[from]);
      if (!cutting_.arrange(next)) break;
      held.push_back(std::move(next));
      ++now_[from];
    }
    for (;; --now_[from]) {
      grow(from + 1, held[static_cast<std::size_t>(now_[from])]);
      if (now_[from] == 0) return;
    }
  }

  bool maximal(const Slices& slices) const {
    for (std::size_t i = 0; i < asks_.size(); ++i)
      if (now_[i] < demand_[i] && cutting_.arrange(sum(slices, asks_[i]))) return false;
    return true;
  }

  const Cutting& cutting_;
  const std::vector<Slices>& asks_;
  const Vector& demand_;
  Vector now_;
  std::vector<Vector> out_;
};

std::int64_t dot(const Vector& a, const Vector& b) {
  std::int64_t out = 0;
  for (std::size_t i = 0; i < a.size(); ++i) out += a[i] * b[i];
  return out;
}

/// The relaxation: the value of each ask (its dual), and how often each load is used.
struct Relaxed {
  std::vector<double> value, uses;
};

/// max demand.value, where no load is worth more than 1: from the origin, by Bland's rule (which does not cycle).
Relaxed relax(const std::vector<Vector>& loads, const Vector& demand) {
  const std::size_t rows = loads.size(), columns = demand.size();
  std::vector<std::vector<double>> table(rows + 1, std::vector<double>(columns + 1));
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t c = 0; c < columns; ++c) table[r][c] = static_cast<double>(loads[r][c]);
    table[r][columns] = 1;
  }
  for (std::size_t c = 0; c < columns; ++c) table[rows][c] = -static_cast<double>(demand[c]);
  // Names: 0 .. columns-1 are the values, from there on the slack of each load.
  std::vector<std::size_t> basic(rows), free(columns);
  for (std::size_t r = 0; r < rows; ++r) basic[r] = columns + r;
  for (std::size_t c = 0; c < columns; ++c) free[c] = c;
  for (int pivots = 0; pivots < kMostPivots; ++pivots) {
    std::size_t in = columns, out = rows;
    for (std::size_t c = 0; c < columns; ++c)
      if (table[rows][c] < -kTiny && (in == columns || free[c] < free[in])) in = c;
    if (in == columns) break;
    for (std::size_t r = 0; r < rows; ++r) {
      if (table[r][in] <= kTiny) continue;
      const double ratio = table[r][columns] / table[r][in];
      const double best = out == rows ? 0 : table[out][columns] / table[out][in];
      if (out == rows || ratio < best - kTiny || (ratio < best + kTiny && basic[r] < basic[out])) out = r;
    }
    if (out == rows) break;   // every ask is in some load, so that this does not happen
    const double pivot = table[out][in];
    for (double& each : table[out]) each /= pivot;
    table[out][in] = 1 / pivot;
    for (std::size_t r = 0; r <= rows; ++r) {
      if (r == out || table[r][in] == 0) continue;
      const double times = table[r][in];
      for (std::size_t c = 0; c <= columns; ++c)
        if (c != in) table[r][c] -= times * table[out][c];
      table[r][in] = -times / pivot;
    }
    std::swap(basic[out], free[in]);
  }
  Relaxed result{std::vector<double>(columns), std::vector<double>(rows)};
  for (std::size_t r = 0; r < rows; ++r)
    if (basic[r] < columns) result.value[basic[r]] = std::max(0.0, table[r][columns]);
  for (std::size_t c = 0; c < columns; ++c)
    if (free[c] >= columns) result.uses[free[c] - columns] = std::max(0.0, table[rows][c]);
  return result;
}

/// Values in whole numbers: GPUs are at least the worth of the demand, by the worth of the best load.
struct Weights {
  Vector of;
  std::int64_t ofBest = 1;
  Weights(Vector weights, const std::vector<Vector>& loads) : of(std::move(weights)), ofBest(0) {
    for (const Vector& each : loads) ofBest = std::max(ofBest, dot(of, each));
  }
  std::int64_t atLeast(const Vector& demand) const { return ofBest == 0 ? 0 : (dot(of, demand) + ofBest - 1) / ofBest; }
};

class Search {
 public:
  Search(const std::vector<Vector>& loads, const std::vector<Weights>& weights, std::int64_t steps)
      : loads_(loads), weights_(weights), allowed_(steps) {}

  std::int64_t atLeast(const Vector& demand) const {
    std::int64_t out = 0;
    for (const Weights& each : weights_) out = std::max(out, each.atLeast(demand));
    return out;
  }

  /// The fewest loads below `most`, in order of their use; nothing where there are none, or the steps are used up.
  std::vector<Vector> run(const Vector& demand, std::int64_t most) {
    best_.clear();
    most_ = most;
    goal_ = atLeast(demand);
    seen_.clear();
    now_.clear();
    steps_ = allowed_;
    go(demand);
    return best_;
  }
  /// Did the last run look at all there is, so that nothing is better than what it found?
  bool finished() const { return steps_ > 0; }

 private:
  bool go(const Vector& rest) {
    if (std::all_of(rest.begin(), rest.end(), [](std::int64_t each) { return each == 0; })) {
      most_ = static_cast<std::int64_t>(now_.size());
      best_ = now_;
      return most_ <= goal_;
    }
    const auto used = static_cast<std::int64_t>(now_.size());
    if (used + atLeast(rest) >= most_) return false;
    if (steps_-- <= 0) return true;
    if (const auto [at, fresh] = seen_.emplace(rest, used); !fresh) {
      if (at->second <= used) return false;
      at->second = used;
    }
    // Whatever holds the heaviest ask holds no more than one of the loads with it does.
    std::size_t first = 0;
    for (std::size_t i = 0; i < rest.size(); ++i)
      if (rest[i] > 0 && (rest[first] == 0 || weights_.front().of[i] > weights_.front().of[first])) first = i;
    std::vector<std::pair<std::int64_t, Vector>> tries;
    for (const Vector& load : loads_) {
      if (load[first] == 0) continue;
      Vector held(load.size());
      for (std::size_t i = 0; i < load.size(); ++i) held[i] = std::min(load[i], rest[i]);
      tries.emplace_back(-dot(weights_.front().of, held), std::move(held));
    }
    std::sort(tries.begin(), tries.end());
    tries.erase(std::unique(tries.begin(), tries.end()), tries.end());
    for (const auto& [worth, held] : tries) {
      Vector next = rest;
      for (std::size_t i = 0; i < next.size(); ++i) next[i] -= held[i];
      now_.push_back(held);
      const bool done = go(next);
      now_.pop_back();
      if (done) return true;
    }
    return false;
  }

  const std::vector<Vector>& loads_;
  const std::vector<Weights>& weights_;
  std::int64_t allowed_, steps_ = 0, most_ = 0, goal_ = 0;
  std::vector<Vector> now_, best_;
  std::map<Vector, std::int64_t> seen_;
};

/// Takes out of `demand` what the load holds, `times` over; never more than there is.
void use(const Vector& load, std::int64_t times, Vector& demand, std::map<Vector, std::int64_t>& to) {
  for (; times > 0; --times) {
    Vector held(load.size());
    for (std::size_t i = 0; i < load.size(); ++i) demand[i] -= held[i] = std::min(load[i], demand[i]);
    if (std::any_of(held.begin(), held.end(), [](std::int64_t each) { return each > 0; })) ++to[held];
  }
}

std::int64_t gpusOf(const std::map<Vector, std::int64_t>& used) {
  std::int64_t out = 0;
  for (const auto& [load, times] : used) out += times;
  return out;
}

/// Load after load, each the one that is worth the most.
void greedily(const std::vector<Vector>& loads, const Vector& worth, Vector demand, std::map<Vector, std::int64_t>& to) {
  for (;;) {
    const Vector* best = nullptr;
    std::int64_t bestWorth = 0;
    for (const Vector& each : loads) {
      std::int64_t value = 0;
      for (std::size_t i = 0; i < each.size(); ++i) value += std::min(each[i], demand[i]) * (worth[i] + 1);
      if (value > bestWorth) best = &each, bestWorth = value;
    }
    if (best == nullptr) return;
    use(*best, 1, demand, to);
  }
}

}  // namespace

Packing pack(const Cutting& cutting, const std::vector<Ask>& asks, std::int64_t steps) {
  Packing out;
  std::vector<std::size_t> kept;
  std::vector<Slices> slices;
  Vector demand;
  for (std::size_t i = 0; i < asks.size(); ++i) {
    if (asks[i].count <= 0 || asks[i].slices.empty()) continue;
    if (!cutting.arrange(asks[i].slices)) {
      out.impossible.push_back(i);
      continue;
    }
    kept.push_back(i);
    slices.push_back(asks[i].slices);
    demand.push_back(asks[i].count);
  }
  if (kept.empty()) return out;
  const auto loads = Loads(cutting, slices, demand).take();
  const bool all = loads.size() < kMostLoads;
  const Relaxed relaxed = relax(loads, demand);
  Vector worth(demand.size()), units(demand.size());
  for (std::size_t i = 0; i < demand.size(); ++i) {
    worth[i] = std::llround(relaxed.value[i] * kScale);
    for (const auto& [profile, count] : slices[i]) units[i] += count * cutting.product().profile(profile)->placements.front().size;
  }
  const std::vector<Weights> weights{{worth, loads}, {units, loads}};
  Search search(loads, weights, steps);
  // Where not all loads are known, only that a GPU is needed at all.
  out.atLeast = all ? search.atLeast(demand) : 1;

  std::map<Vector, std::int64_t> best;
  greedily(loads, worth, demand, best);
  const auto better = [&](std::map<Vector, std::int64_t> other) {
    if (gpusOf(other) < gpusOf(best)) best = std::move(other);
  };
  if (gpusOf(best) > out.atLeast) {
    std::map<Vector, std::int64_t> rounded;
    Vector rest = demand;
    for (std::size_t i = 0; i < loads.size(); ++i) use(loads[i], static_cast<std::int64_t>(relaxed.uses[i] + kTiny), rest, rounded);
    auto whole = rounded;
    greedily(loads, worth, rest, whole);
    const auto found = search.run(rest, gpusOf(whole) - gpusOf(rounded));
    if (!found.empty()) {
      whole = rounded;
      for (const Vector& each : found) ++whole[each];
    }
    better(std::move(whole));
  }
  if (gpusOf(best) > out.atLeast) {
    std::map<Vector, std::int64_t> whole;
    for (const Vector& each : search.run(demand, gpusOf(best))) ++whole[each];
    if (!whole.empty()) better(std::move(whole));
    if (all && search.finished()) out.atLeast = gpusOf(best);
  }
  for (const auto& [load, times] : best) {
    Load one;
    one.asks.resize(asks.size());
    one.gpus = times;
    for (std::size_t i = 0; i < load.size(); ++i) {
      one.asks[kept[i]] = load[i];
      if (load[i] > 0) one.slices = sum(std::move(one.slices), slices[i], static_cast<int>(load[i]));
    }
    out.loads.push_back(std::move(one));
  }
  out.gpus = gpusOf(best);
  return out;
}

}  // namespace rightslice::observe::plan
