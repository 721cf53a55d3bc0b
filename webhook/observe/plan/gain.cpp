#include "observe/plan/gain.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

#include "observe/plan/target.hpp"

namespace rightslice::observe::plan {
namespace {

constexpr std::int64_t kMostWork = 2'000;   // tries times GPUs of a pool

class Weighing {
 public:
  Weighing(Fleet& fleet, const Pool& pool) : fleet_(fleet), pool_(pool), tries_(std::max<std::int64_t>(4, kMostWork / std::max<std::int64_t>(1, pool.gpus))) {
    for (const std::size_t each : pool.needs)
      if (fleet.needs[each].changes()) smaller_.try_emplace(fleet.needs[each].deployed, true).first->second &= isSmaller(fleet.needs[each]);
    // All pods of a workload have one template: what is in other pools too is left to what those say.
    for (const Pool& other : fleet.pools)
      for (const std::size_t each : other.needs)
        if (&other != &pool) smaller_.erase(fleet.needs[each].deployed);
    std::erase_if(smaller_, [](const auto& each) { return !each.second; });
  }

  /// Workloads that are left as they are.
  std::set<Index> run() {
    if (smaller_.empty()) return {};
    best_ = costNow();
    if (best_.cuts == Cuts()) return {};
    std::set<Index> all;
    for (const auto& each : smaller_) all.insert(each.first);
    if (!leave(all)) {
      for (const std::size_t node : pool_.nodes) leave(on(node));
      for (const Index each : all) leave({each});
      return left_;
    }
    // Of those some may find what is recommended without a cut.
    for (const Index each : all) take(each);
    return left_;
  }

 private:
  using Cuts = std::pair<std::int64_t, std::int64_t>;   // nodes, GPUs
  struct Cost {
    std::int64_t needed = 0;
    Cuts cuts;
    bool possible = true;
  };

  std::int64_t units(const Slices& slices, std::int64_t whole) const {
    const gpu::Product& product = pool_.cutting.product();
    std::int64_t out = whole * product.memorySlices.value_or(1);
    for (const auto& [profile, count] : slices) {
      const auto* row = product.profile(profile);
      out += count * (row != nullptr ? row->memorySlices.value_or(1) : 1);
    }
    return out;
  }

  bool isSmaller(const Need& need) const { return units(need.wanted, need.wholeWanted) <= units(need.now, need.wholeNow); }

  Cost costNow() const {
    Target target;
    const PoolTarget pool = targetOf(fleet_, pool_, target);
    Cost out{pool.needed, {}, pool.impossible.empty()};
    for (const std::size_t each : pool_.nodes) {
      const auto& gpus = target.nodes[each].gpus;
      out.cuts.first += target.nodes[each].recut() ? 1 : 0;
      out.cuts.second += std::count_if(gpus.begin(), gpus.end(), [](const GpuTarget& gpu) { return gpu.fate == GpuTarget::Fate::Recut; });
    }
    return out;
  }

  std::set<Index> on(std::size_t node) const {
    std::set<Index> out;
    for (const std::size_t each : pool_.needs) {
      const Need& need = fleet_.needs[each];
      if (need.node == node && smaller_.contains(need.deployed) && !left_.contains(need.deployed)) out.insert(need.deployed);
    }
    return out;
  }

  /// Sets what the pods of these want; what they wanted before is put into `before`.
  void want(const std::set<Index>& deployed, bool asAsked, std::map<std::size_t, Need>& before) {
    for (const std::size_t each : pool_.needs) {
      Need& need = fleet_.needs[each];
      if (!deployed.contains(need.deployed)) continue;
      before.emplace(each, need);
      if (asAsked) {
        recommended_.emplace(each, need);
        need.wanted = need.now;
        need.wholeWanted = need.wholeNow;
      } else {
        need = recommended_.at(each);
      }
    }
  }

  template <class Better>
  bool attempt(const std::set<Index>& deployed, bool asAsked, const Better& better) {
    if (deployed.empty() || tries_-- <= 0) return false;
    std::map<std::size_t, Need> before;
    want(deployed, asAsked, before);
    const Cost cost = costNow();
    if (cost.possible && cost.needed <= best_.needed && better(cost)) {
      best_ = cost;
      return true;
    }
    for (auto& [need, was] : before) fleet_.needs[need] = std::move(was);
    return false;
  }

  bool leave(const std::set<Index>& deployed) {
    std::set<Index> more;
    std::set_difference(deployed.begin(), deployed.end(), left_.begin(), left_.end(), std::inserter(more, more.end()));
    if (!attempt(more, true, [&](const Cost& cost) { return cost.cuts < best_.cuts; })) return false;
    left_.insert(more.begin(), more.end());
    return true;
  }

  void take(Index deployed) {
    if (attempt({deployed}, false, [&](const Cost& cost) { return cost.cuts <= best_.cuts; })) left_.erase(deployed);
  }

  Fleet& fleet_;
  const Pool& pool_;
  std::int64_t tries_;
  std::map<Index, bool> smaller_;              // workloads of which all changes are to smaller slices
  std::map<std::size_t, Need> recommended_;    // by need
  std::set<Index> left_;
  Cost best_;
};

}  // namespace

std::set<Index> leaveWithoutGain(Fleet& fleet) {
  std::set<Index> out;
  for (const Pool& pool : fleet.pools) out.merge(Weighing(fleet, pool).run());
  return out;
}

}  // namespace rightslice::observe::plan
