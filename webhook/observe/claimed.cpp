#include "observe/claimed.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

namespace rightslice::observe {
namespace {

using Place = std::pair<std::string_view, std::string_view>;   // pool, device

/// Devices that claims hold.
std::set<Place> heldDevices(const Snapshot& snapshot) {
  std::set<Place> out;
  for (const Allocation& each : snapshot.allocations)
    for (const auto& result : each.results) out.emplace(result.pool, result.device);
  return out;
}

std::string resourceOf(const Device& device) { return device.type == "gpu" ? std::string(kClaimedGpu) : std::string(kClaimedSlice) + device.profile; }

bool counts(const Device& device) { return device.type == "gpu" || (device.type == "mig" && !device.profile.empty()); }

/// What is left of the counters of one pool.
class Left {
 public:
  explicit Left(const DevicePool& pool) : sets_(pool.sets) {}

  bool fits(const Device& device) const {
    const auto set = sets_.find(device.set);
    if (device.set.empty()) return true;
    return set != sets_.end() && std::all_of(device.takes.begin(), device.takes.end(), [&](const auto& each) {
      const auto at = set->second.find(each.first);
      return at != set->second.end() && at->second >= each.second;
    });
  }
  void take(const Device& device) {
    if (device.set.empty()) return;
    auto& set = sets_[device.set];
    for (const auto& [counter, amount] : device.takes) set[counter] -= amount;
  }

 private:
  std::map<std::string, std::map<std::uint16_t, std::int64_t>> sets_;
};

/// The largest first.
std::vector<const Device*> bySize(const DevicePool& pool) {
  std::vector<const Device*> out;
  for (const Device& each : pool.devices)
    if (counts(each)) out.push_back(&each);
  std::stable_sort(out.begin(), out.end(), [](const Device* a, const Device* b) {
    return std::tuple(a->type != "gpu", -a->memory, -a->processors) < std::tuple(b->type != "gpu", -b->memory, -b->processors);
  });
  return out;
}

class Placing {
 public:
  Placing(const Snapshot& snapshot, const std::vector<Index>& deployedOfPod, Placement& out)
      : snapshot_(snapshot), deployedOfPod_(deployedOfPod), out_(out), held_(heldDevices(snapshot)) {
    for (Index i = 0; i < snapshot.pods.size(); ++i)
      for (const auto& each : snapshot.pods[i].claims) users_[{snapshot.pods[i].ns, each.object}].push_back(i);
  }

  void run() {
    for (Board& board : out_.boards) {
      const Node& node = (*snapshot_.nodes)[board.node];
      if (!node.byClaims()) continue;
      for (const DevicePool& pool : *node.pools) offer(board, pool);
      for (SliceUse& each : board.slices)
        if (byClaim(each.resource) && !snapshot_.allocationsKnown) each.asked.reset();
    }
    for (const Allocation& each : snapshot_.allocations) hold(each);
    for (Board& board : out_.boards)
      std::sort(board.slices.begin(), board.slices.end(), [](const SliceUse& a, const SliceUse& b) { return a.resource < b.resource; });
  }

 private:
  static void unseen(Board& board, std::string why) {
    if (board.unseen.empty()) board.unseen = std::move(why);
  }

  void offer(Board& board, const DevicePool& pool) {
    if (!pool.whole) unseen(board, fmt::format("not all ResourceSlices of pool {} were seen", pool.name));
    Left left(pool);
    const auto add = [&](const Device& device, bool held) {
      SliceUse& row = rowOf(board, resourceOf(device));
      ++row.capacity;
      row.offered += held || !device.keptBack ? 1 : 0;
      row.asked = row.asked.value_or(0) + (held ? 1 : 0);
      left.take(device);
      board.onDemand = board.onDemand || !device.set.empty();
      byPlace_.emplace(Place(pool.name, device.name), std::pair(&board, &device));
    };
    for (const Device& each : pool.devices) {
      if (!held_.contains({pool.name, each.name})) continue;
      if (!counts(each)) {
        unseen(board, fmt::format("device {} is held by a claim, and what part of a GPU it is is not told", each.name));
        byPlace_.emplace(Place(pool.name, each.name), std::pair(&board, nullptr));
        continue;
      }
      if (!left.fits(each)) unseen(board, fmt::format("claims hold more of pool {} than there is", pool.name));
      if (each.divisible) unseen(board, fmt::format("claims share the capacity of device {}", each.name));
      add(each, true);
    }
    for (const Device* each : bySize(pool)) {
      if (held_.contains({pool.name, each->name}) || (!each->set.empty() && (each->keptBack || !left.fits(*each)))) continue;
      add(*each, false);
    }
  }

  /// The first pod of the claim that is on a node.
  std::optional<Index> userOf(const Allocation& allocation) const {
    const auto at = users_.find({allocation.ns, allocation.claim});
    if (at == users_.end()) return std::nullopt;
    for (const Index each : at->second)
      if (snapshot_.pods[each].placed()) return each;
    return std::nullopt;
  }

  /// The container that gets the request, the first if there are several.
  static const RunningContainer* containerOf(const Pod& pod, const Allocation& allocation, const std::string& request) {
    for (const auto& used : pod.claims) {
      if (used.object != allocation.claim) continue;
      for (const RunningContainer& container : pod.containers)
        for (const auto& [claim, wanted] : container.claims)
          if (claim == used.name && (wanted.empty() || wanted.substr(0, wanted.find('/')) == request)) return &container;
    }
    return nullptr;
  }

  void hold(const Allocation& allocation) {
    const auto user = userOf(allocation);
    std::map<std::tuple<Board*, std::string, std::string>, Hold> holds;   // several devices of a request are one hold
    for (const auto& result : allocation.results) {
      const auto at = byPlace_.find({result.pool, result.device});
      if (at == byPlace_.end()) {
        // Published anew without it, or not to be read: it holds something of the node where its pod is.
        if (user) missing(snapshot_.pods[*user].node, result.device);
        continue;
      }
      const auto& [board, device] = at->second;
      if (device == nullptr || !user) continue;
      const Pod& pod = snapshot_.pods[*user];
      const auto* container = containerOf(pod, allocation, result.request);
      Hold one{*user, deployedOfPod_[*user], container != nullptr ? container->name : "", resourceOf(*device), device->profile, 0, false};
      Hold& kept = holds.try_emplace({board, one.container, one.resource}, std::move(one)).first->second;
      ++kept.count;
      kept.running = container != nullptr && container->running;
    }
    for (auto& [where, one] : holds) {
      Board& board = *std::get<0>(where);
      if (one.running) rowOf(board, one.resource).running += one.count;
      board.holds.push_back(std::move(one));
    }
  }

  void missing(const std::string& node, const std::string& device) {
    for (Board& board : out_.boards)
      if ((*snapshot_.nodes)[board.node].facts.name == node) unseen(board, fmt::format("a claim holds device {}, which no ResourceSlice shows", device));
  }

  const Snapshot& snapshot_;
  const std::vector<Index>& deployedOfPod_;
  Placement& out_;
  std::set<Place> held_;
  std::map<std::pair<std::string_view, std::string_view>, std::vector<Index>> users_;   // namespace, claim
  std::map<Place, std::pair<Board*, const Device*>> byPlace_;
};

}  // namespace

void placeClaimed(const Snapshot& snapshot, const std::vector<Index>& deployedOfPod, Placement& out) {
  if (snapshot.nodes) Placing(snapshot, deployedOfPod, out).run();
}

std::int64_t claimable(const Snapshot& snapshot, const Node& node, std::string_view profile) {
  std::int64_t out = 0;
  const auto held = heldDevices(snapshot);
  for (const DevicePool& pool : node.pools.value_or(std::vector<DevicePool>())) {
    Left left(pool);
    for (const Device& each : pool.devices)
      if (held.contains({pool.name, each.name})) left.take(each);
    for (const Device& each : pool.devices) {
      const bool right = profile.empty() ? each.type == "gpu" : each.type == "mig" && each.profile == profile;
      if (!right || each.keptBack || held.contains({pool.name, each.name}) || !left.fits(each)) continue;
      left.take(each);
      ++out;
    }
  }
  return out;
}

}  // namespace rightslice::observe
