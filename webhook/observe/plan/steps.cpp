#include "observe/plan/steps.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

namespace rightslice::observe::plan {
namespace {

class Simulation {
 public:
  Simulation(const Snapshot& snapshot, const Fleet& fleet, const Target& target) : snapshot_(snapshot), fleet_(fleet), target_(target) {
    for (std::size_t i = 0; i < fleet.nodes.size(); ++i) {
      const NodeTarget& node = target.nodes[i];
      free_.push_back({node.slices(false), node.whole(false)});
      toCut_.push_back(node.recut());
      idle_.push_back(std::all_of(node.gpus.begin(), node.gpus.end(), [](const GpuTarget& each) { return each.fate == GpuTarget::Fate::Spare; }));
    }
    poolOf_.resize(fleet.needs.size(), fleet.pools.size());
    for (std::size_t p = 0; p < fleet.pools.size(); ++p)
      for (const std::size_t each : fleet.pools[p].needs)
        if (target.pools[p].impossible.empty()) poolOf_[each] = p;
    for (std::size_t i = 0; i < fleet.needs.size(); ++i) {
      at_.push_back(fleet.needs[i].node);
      changed_.push_back(!fleet.needs[i].changes());
      if (at_[i]) hold(i, *at_[i], -1);
      else if (poolOf_[i] < fleet.pools.size()) waits_.push_back(i);
      if (!changed_[i] && poolOf_[i] < fleet.pools.size()) changing_[fleet.needs[i].deployed].push_back(i);
    }
    sortWaiting();
  }

  Migration run() {
    Step today;
    startWaiting(today);
    out_.fitting = std::move(today.starts);
    for (;;) {
      bool changed = false;
      for (auto at = changing_.begin(); at != changing_.end();) {
        if (change(at->first, at->second)) at = changing_.erase(at), changed = true;
        else ++at;
      }
      if (changed) continue;
      if (!cutNext()) break;
    }
    // What is left is changed pod by pod: each gives its slice back first.
    for (const auto& [deployed, needs] : std::exchange(changing_, {})) oneByOne(Step::Kind::Change, deployed, needs);
    while (!old_.empty()) {
      const Index deployed = need(old_.front()).deployed;
      std::vector<std::size_t> needs;
      for (const std::size_t i : old_)
        if (need(i).deployed == deployed) needs.push_back(i);
      oneByOne(Step::Kind::Replace, deployed, needs);
    }
    for (std::size_t node = 0; node < idle_.size(); ++node)
      if (idle_[node]) release(node);
    out_.left = waits_;
    return std::move(out_);
  }

 private:
  struct Room {
    Slices slices;
    std::int64_t whole = 0;
  };

  const Need& need(std::size_t i) const { return fleet_.needs[i]; }
  const Slices& asks(std::size_t i) const { return changed_[i] ? need(i).wanted : need(i).now; }
  std::int64_t wholes(std::size_t i) const { return changed_[i] ? need(i).wholeWanted : need(i).wholeNow; }

  void hold(std::size_t i, std::size_t node, int sign) {
    free_[node].slices = sum(std::move(free_[node].slices), asks(i), sign);
    free_[node].whole += sign * wholes(i);
  }

  /// The nodes on which a pod may find room: of which something is needed, then those too of which nothing is, then those too that are
  /// still to be cut.
  enum class Among { Needed, Settled, Any };

  /// Where pod `i` finds room, with what it asks for now.
  std::optional<std::size_t> roomFor(std::size_t i, std::optional<std::size_t> but, Among among) const {
    if (poolOf_[i] >= fleet_.pools.size()) return std::nullopt;
    for (const Among last : {Among::Needed, Among::Settled, Among::Any}) {
      for (const std::size_t node : fleet_.pools[poolOf_[i]].nodes) {
        const Among is = toCut_[node] ? Among::Any : idle_[node] ? Among::Settled : Among::Needed;
        if (is == last && node != but && covers(free_[node].slices, asks(i)) && free_[node].whole >= wholes(i)) return node;
      }
      if (last == among) break;
    }
    return std::nullopt;
  }

  /// What is left on a node that is not needed goes where it is; not at all, if not all of it does.
  void release(std::size_t node) {
    const auto pods = podsOn(node);
    const auto before = free_;
    Step step;
    step.kind = Step::Kind::Release;
    step.node = node;
    for (const std::size_t i : pods) {
      const auto to = roomFor(i, node, Among::Needed);
      if (!to) {
        free_ = before;
        return;
      }
      hold(i, *to, -1);
      step.moves.push_back({i, *to});
    }
    if (pods.empty()) return;
    step.budgets = budgetsOver(pods);
    step.alone = aloneOf(pods);
    for (const auto& each : step.moves) at_[each.need] = each.to;
    out_.steps.push_back(std::move(step));
  }

  /// Pods that nothing makes anew.
  std::vector<std::size_t> aloneOf(const std::vector<std::size_t>& pods) const {
    std::vector<std::size_t> out;
    for (const std::size_t i : pods) {
      if (!need(i).pod) continue;
      if (!snapshot_.pods[*need(i).pod].owner) out.push_back(i);
    }
    return out;
  }

  /// Pods with the most slices first, so that small ones do not take their room in pieces.
  void sortWaiting() {
    const auto size = [&](std::size_t i) {
      std::int64_t out = need(i).wholeWanted * 64;
      for (const auto& [profile, count] : need(i).wanted) out += count;
      return out;
    };
    std::stable_sort(waits_.begin(), waits_.end(), [&](std::size_t a, std::size_t b) { return size(a) > size(b); });
  }

  void startWaiting(Step& step) {
    for (bool again = true; again;) {
      again = false;
      std::vector<std::size_t> still;
      for (const std::size_t i : waits_) {
        const auto node = changed_[i] ? roomFor(i, std::nullopt, Among::Settled) : std::nullopt;
        if (!node) {
          still.push_back(i);
          continue;
        }
        put(i, *node);
        step.starts.push_back({i, *node});
      }
      waits_ = std::move(still);
      for (const std::size_t i : std::vector(old_)) {
        const auto node = renew(i);
        if (!node) continue;
        step.starts.push_back({i, *node});
        again = true;
      }
    }
  }

  void put(std::size_t i, std::size_t node) {
    hold(i, node, -1);
    at_[i] = node;
  }

  /// From where it is, if it is anywhere, to where its new one holds its room already.
  void leave(std::size_t i, std::size_t to) {
    changed_[i] = false;
    if (at_[i]) hold(i, *at_[i], 1);
    changed_[i] = true;
    at_[i] = to;
  }

  void giveBack(std::size_t i) {
    if (at_[i]) hold(i, *at_[i], 1);
    at_[i].reset();
    changed_[i] = true;
    std::erase(old_, i);
  }

  /// Puts the pod's new one beside it, if there is room, and takes the old one away.
  std::optional<std::size_t> renew(std::size_t i) {
    changed_[i] = true;
    const auto node = roomFor(i, std::nullopt, Among::Settled);
    changed_[i] = false;
    if (!node) return std::nullopt;
    giveBack(i);
    put(i, *node);
    return node;
  }

  /// All pods of the workload at once, beside the old ones unless those stop first: only then a rollout goes through without a pause.
  bool change(Index deployed, const std::vector<std::size_t>& needs) {
    const auto before = free_;
    const auto beforeAt = at_;
    Step step;
    step.kind = Step::Kind::Change;
    step.deployed = deployed;
    step.oldFirst = fleet_.recreated.contains(deployed);
    if (step.oldFirst)
      for (const std::size_t i : needs) giveBack(i);
    for (const std::size_t i : needs) {
      changed_[i] = true;
      if (const auto node = roomFor(i, std::nullopt, Among::Settled)) {
        hold(i, *node, -1);
        step.moves.push_back({i, *node});
        continue;
      }
      free_ = before;
      at_ = beforeAt;
      for (const std::size_t each : needs) changed_[each] = false;
      return false;
    }
    for (const auto& each : step.moves) {
      leave(each.need, each.to);
      std::erase(waits_, each.need);
    }
    startWaiting(step);
    out_.steps.push_back(std::move(step));
    return true;
  }

  /// Before pods of it have to stop: what is made anew is to ask for what is recommended. All of its pods have one template.
  void changeEarly(Index deployed, const std::vector<std::size_t>& needs) {
    if (fleet_.recreated.contains(deployed)) return oneByOne(Step::Kind::Change, deployed, needs);
    Step step;
    step.kind = Step::Kind::Change;
    step.deployed = deployed;
    for (const std::size_t i : needs) {
      changed_[i] = true;
      if (!at_[i]) continue;   // it waits, with the other slice
      if (const auto node = roomFor(i, std::nullopt, Among::Settled)) {
        hold(i, *node, -1);
        step.moves.push_back({i, *node});
        continue;
      }
      changed_[i] = false;
      old_.push_back(i);
      step.stays.push_back(i);
    }
    for (const auto& each : step.moves) leave(each.need, each.to);
    startWaiting(step);
    // What found room once others had moved.
    std::erase_if(step.stays, [&](std::size_t i) { return std::find(old_.begin(), old_.end(), i) == old_.end(); });
    out_.steps.push_back(std::move(step));
  }

  /// All give back what they have, then find room or wait.
  void oneByOne(Step::Kind kind, Index deployed, const std::vector<std::size_t>& needs) {
    Step step;
    step.kind = kind;
    step.deployed = deployed;
    step.oldFirst = true;
    for (const std::size_t i : needs) {
      giveBack(i);
      std::erase(waits_, i);
      if (!fleet_.recreated.contains(deployed)) settle(i, step);
    }
    if (fleet_.recreated.contains(deployed))
      for (const std::size_t i : needs) settle(i, step);
    sortWaiting();
    startWaiting(step);
    out_.steps.push_back(std::move(step));
  }

  void settle(std::size_t i, Step& step) {
    if (const auto node = roomFor(i, std::nullopt, Among::Settled)) {
      put(i, *node);
      step.moves.push_back({i, *node});
    } else {
      step.stops.push_back(i);
      waits_.push_back(i);
    }
  }

  std::vector<std::size_t> podsOn(std::size_t node) const {
    std::vector<std::size_t> out;
    for (std::size_t i = 0; i < at_.size(); ++i)
      if (at_[i] == node) out.push_back(i);
    return out;
  }

  std::vector<Blocking> budgetsOver(const std::vector<std::size_t>& pods) const {
    std::vector<Blocking> out;
    for (const Budget& budget : snapshot_.budgets.value_or(std::vector<Budget>())) {
      Blocking one{budget.ns, budget.name, budget.allowed, 0};
      for (const std::size_t i : pods)
        if (need(i).pod && budget.covers(snapshot_.pods[*need(i).pod])) ++one.pods;
      if (one.pods > one.allowed) out.push_back(std::move(one));
    }
    return out;
  }

  /// Where the pods of a node would go, if it were drained now.
  Step drained(std::size_t node) {
    Step step;
    step.node = node;
    const auto before = free_;
    for (const std::size_t i : podsOn(node)) {
      // One that is of before is made anew with the other slice, for which there is no room yet.
      const bool old = std::find(old_.begin(), old_.end(), i) != old_.end();
      const auto to = old ? std::nullopt : roomFor(i, node, Among::Any);
      if (to) {
        hold(i, *to, -1);
        step.moves.push_back({i, *to});
      } else {
        step.stops.push_back(i);
      }
    }
    free_ = before;
    step.budgets = budgetsOver(podsOn(node));
    return step;
  }

  bool cutNext() {
    std::optional<std::tuple<std::size_t, bool, std::size_t>> best;
    Step chosen;
    for (std::size_t node = 0; node < toCut_.size(); ++node) {
      if (!toCut_[node]) continue;
      Step step = drained(node);
      const bool blocked = std::any_of(step.budgets.begin(), step.budgets.end(), [](const Blocking& each) { return each.allowed == 0; });
      const std::tuple rank{step.stops.size(), blocked, step.moves.size()};
      if (best && *best <= rank) continue;
      best = rank;
      chosen = std::move(step);
    }
    if (!best) return false;
    const std::size_t node = chosen.node;
    // A pod that stops is made anew with what is recommended if its workload is changed before; then others of it find room, or stop too.
    for (;;) {
      std::set<Index> first;
      for (const std::size_t i : chosen.stops)
        if (!changed_[i] && changing_.contains(need(i).deployed)) first.insert(need(i).deployed);
      if (first.empty()) break;
      for (const Index deployed : first) changeEarly(deployed, changing_.extract(deployed).mapped());
      chosen = drained(node);
    }
    chosen.alone = aloneOf(podsOn(node));
    for (const auto& each : chosen.moves) put(each.need, each.to);
    for (const std::size_t i : chosen.stops) {
      giveBack(i);
      waits_.push_back(i);
    }
    sortWaiting();
    toCut_[node] = false;
    free_[node] = {target_.nodes[node].slices(true), target_.nodes[node].whole(true)};
    startWaiting(chosen);
    out_.steps.push_back(std::move(chosen));
    return true;
  }

  const Snapshot& snapshot_;
  const Fleet& fleet_;
  const Target& target_;
  std::vector<Room> free_;                                 // by node
  std::vector<bool> toCut_;                                // by node
  std::vector<bool> idle_;                                 // by node: nothing that is needed is on it in the end
  std::vector<std::size_t> poolOf_;                        // by need; as many as there are pools: of none
  std::vector<std::optional<std::size_t>> at_;             // by need
  std::vector<bool> changed_;                              // by need: it asks for what is recommended
  std::map<Index, std::vector<std::size_t>> changing_;     // workloads that are still to be changed
  std::vector<std::size_t> waits_;
  std::vector<std::size_t> old_;                           // run as they did before their workload was changed
  Migration out_;
};

}  // namespace

std::string_view name(Step::Kind kind) {
  constexpr std::string_view kNames[] = {"change", "replace", "recut", "release"};
  return kNames[static_cast<std::size_t>(kind)];
}

Migration migrationOf(const Snapshot& snapshot, const Fleet& fleet, const Target& target) { return Simulation(snapshot, fleet, target).run(); }

}  // namespace rightslice::observe::plan
