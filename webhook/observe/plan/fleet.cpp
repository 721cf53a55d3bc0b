#include "observe/plan/fleet.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "json/document.hpp"
#include "observe/missing.hpp"
#include "observe/plan/advice.hpp"
#include "observe/plan/node_match.hpp"
#include "observe/plan/packing.hpp"
#include "observe/plan/target.hpp"

namespace rightslice::observe::plan {
namespace {

constexpr std::string_view kWhole = "nvidia.com/gpu";
constexpr std::int64_t kMostGpus = 1024;   // of a node
constexpr std::int64_t kMostMissing = 1024;   // of a workload: a number of replicas may be anything

class Reading {
 public:
  Reading(const Snapshot& snapshot, const Observation& seen, bool recommended) : snapshot_(snapshot), seen_(seen) {
    for (Index i = 0; i < seen.workloads.size(); ++i) advice_.push_back(recommended ? sliceAdvice(seen.workloads[i]) : std::vector<SliceAdvice>());
  }

  Fleet run() {
    for (Index i = 0; i < seen_.placement.boards.size(); ++i) node(i);
    pools();
    for (std::size_t i = 0; i < out_.nodes.size(); ++i)
      if (out_.nodes[i].left.empty()) needsOn(i);
    waiting();
    for (Index i = 0; i < advice_.size(); ++i)
      if (!advice_[i].empty() && recreates(i)) out_.recreated.insert(i);
    return std::move(out_);
  }

 private:
  const Node& nodeOf(std::size_t i) const { return (*snapshot_.nodes)[seen_.placement.boards[out_.nodes[i].board].node]; }

  void node(Index index) {
    const Board& board = seen_.placement.boards[index];
    FleetNode out;
    out.board = index;
    out.name = (*snapshot_.nodes)[board.node].facts.name;
    cuttings_.push_back(board.geometry.product != nullptr ? Cutting::of(*board.geometry.product) : std::nullopt);
    out.left = whyLeft(board, out.cuts);
    out_.nodes.push_back(std::move(out));
  }

  std::string whyLeft(const Board& board, std::vector<Cut>& cuts) const {
    const Node& node = (*snapshot_.nodes)[board.node];
    const Geometry& geometry = board.geometry;
    const auto& cutting = cuttings_.back();
    if (geometry.product == nullptr) return "its GPU product is not known";
    if (!cutting) return fmt::format("the catalogue does not know where slices of {} may lie", geometry.product->title);
    if (!geometry.gpus) return "how many GPUs it has is not known";
    if (geometry.shares > 1) return "its GPUs are shared in time";
    if (!geometry.single.empty() || geometry.strategy == "single") return "its strategy is single, by which all slices of a node are alike";
    if (geometry.strategy == "none") return "its strategy is none, by which no slices are offered";
    if (!board.unseen.empty()) return board.unseen;
    if (board.onDemand) return "its slices are made when claims ask for them: no cut of it lasts";
    if (node.byClaims()) return "its GPUs are handed out by claims (DRA), and its driver is not told of other cuts by a label";
    if (node.cordoned) return "it is cordoned";
    if (!node.ready) return "it is not ready";
    if (!geometry.configState.empty() && geometry.configState != "success") return fmt::format("its nvidia.com/mig.config.state is {}", geometry.configState);
    for (const Hold& each : board.holds)
      if (auto why = whyStays(snapshot_.pods[each.pod]); !why.empty()) return why;
    std::map<std::string, std::int64_t> held;
    for (const Hold& each : board.holds) held[each.resource] += each.count;
    Slices slices;
    std::int64_t whole = 0;
    for (const SliceUse& each : board.slices) {
      if (!each.asked) return "what is held on it is not known";
      if (*each.asked != held[each.resource]) return "pods that were not read hold slices of it";
      if (each.capacity > each.offered) return fmt::format("not all of its {} are healthy", each.resource);
      if (each.resource == kWhole) whole = each.offered;
      else if (each.profile.empty() || each.resource.ends_with(".shared") || !cutting->offers(each.profile))
        return fmt::format("what {} is on it is not known", each.resource);
      else if (each.offered > 0) slices[each.profile] += static_cast<int>(std::min<std::int64_t>(each.offered, kMostGpus * 16));
    }
    const bool claimsTold = node.pools && snapshot_.allocationsKnown;   // then they hand out nothing here
    for (const Pod& pod : snapshot_.pods)
      if (!claimsTold && pod.node == node.facts.name && pod.asksByClaim) return "pods on it ask by claims, for which slices are made when they are asked for";
    std::map<Index, std::pair<Slices, bool>> asked;
    for (const Hold& each : board.holds) {
      if (each.profile.empty()) asked[each.pod].second = true;
      else asked[each.pod].first[each.profile] += static_cast<int>(each.count);
    }
    for (const auto& [pod, what] : asked)
      if (!what.first.empty() && (what.second || !cutting->arrange(what.first))) return "a pod on it asks for more than one GPU holds";
    auto found = cutsOf(*cutting, slices, *geometry.gpus, whole);
    if (!found) return "what it offers does not go on the GPUs that it says it has";
    for (const Hold& each : board.holds)
      if (each.count > 0 && each.resource != kWhole && !slices.contains(each.profile)) return "pods hold slices that it does not offer any more";
    cuts = std::move(*found);
    return {};
  }

  /// Why a drain leaves the pod where it is (kubectl drain --ignore-daemonsets, which mirror pods need no flag for); empty: it evicts it.
  static std::string whyStays(const Pod& pod) {
    if (pod.deleting || !pod.owner) return {};
    const std::string name = fmt::format("pod {}/{}", pod.ns, pod.name);
    if (pod.owner->kind == "Node") return fmt::format("{} on it is made by a file on the node, and no drain evicts it", name);
    if (pod.owner->kind != "DaemonSet") return {};
    return fmt::format("no drain evicts {}: take its DaemonSet {} off the node first, by a selector or a taint", name, pod.owner->name);
  }

  bool recreates(Index deployed) const {
    const auto& index = seen_.placement.deployed[deployed].object;
    if (!index || snapshot_.objects[*index].kind != "Deployment" || !snapshot_.objects[*index].text) return false;
    const auto document = json::Document::parse(*snapshot_.objects[*index].text);
    return document && document->root()["spec"]["strategy"]["type"].stringOr("") == "Recreate";
  }

  void pools() {
    std::map<std::string, std::size_t> choices;
    for (const Pod& pod : snapshot_.pods) choiceOf_[pod.text.get()] = choices.try_emplace(choiceText(pod), choices.size()).first->second;
    for (Index i = 0; i < seen_.workloads.size(); ++i)
      if (const Object* object = missingOf(i)) choiceOf_[object->text.get()] = choices.try_emplace(choiceText(*object), choices.size()).first->second;
    std::vector<const std::string*> texts(choices.size());
    for (const auto& [text, at] : choices) texts[at] = &text;
    std::vector<std::vector<bool>> may(out_.nodes.size()), takes(out_.nodes.size());
    for (const auto* text : texts) {
      const auto choice = json::Document::parse(*text);
      for (std::size_t i = 0; i < out_.nodes.size(); ++i) {
        may[i].push_back(choice && mayRunOn(choice->root(), nodeOf(i).facts));
        takes[i].push_back(may[i].back() && tolerates(choice->root(), nodeOf(i).taints));
      }
    }
    std::map<std::tuple<std::string, std::vector<std::string>, std::vector<bool>>, std::size_t> byKey;
    poolOf_.resize(out_.nodes.size());
    for (std::size_t i = 0; i < out_.nodes.size(); ++i) {
      if (!out_.nodes[i].left.empty()) continue;
      auto taints = nodeOf(i).taints;
      std::sort(taints.begin(), taints.end());
      const auto [at, fresh] = byKey.try_emplace({cuttings_[i]->product().title, taints, may[i]}, out_.pools.size());
      if (fresh) {
        out_.pools.push_back({*cuttings_[i], {}, {}, 0});
        takes_.push_back(takes[i]);
      }
      poolOf_[i] = at->second;
      out_.pools[at->second].nodes.push_back(i);
      out_.pools[at->second].gpus += static_cast<std::int64_t>(out_.nodes[i].cuts.size());
    }
  }

  /// The object of which pods are missing; null: none are.
  const Object* missingOf(Index deployed) const {
    const auto& object = seen_.placement.deployed[deployed].object;
    return seen_.workloads[deployed].missing > 0 && object ? &snapshot_.objects[*object] : nullptr;
  }

  static std::string choiceText(const Object& object) {
    const auto document = json::Document::parse(*object.text);
    if (!document) return "{}";
    const auto read = workload::read(document->root(), object.ns);
    return read.templates.size() == 1 ? nodeChoice(document->root().find(read.templates.front().pointer)) : "{}";
  }

  static std::string choiceText(const Pod& pod) {
    const auto document = pod.text ? json::Document::parse(*pod.text) : Result<json::Document>(json::Document());
    return document ? nodeChoice(document->root()["spec"]) : "{}";
  }

  /// Adds what the container holds, as it is and as it is recommended.
  void add(const Hold& hold, const Cutting* cutting, Need& to) const {
    if (hold.profile.empty()) {
      to.wholeNow += hold.count;
    } else {
      to.now[hold.profile] += static_cast<int>(hold.count);
    }
    for (const SliceAdvice& each : advice_[hold.deployed]) {
      if (each.container != hold.container || each.from != hold.resource || hold.count != 1) continue;
      if (cutting != nullptr && !cutting->offers(each.profile)) continue;
      ++to.wanted[each.profile];
      return;
    }
    if (hold.profile.empty()) to.wholeWanted += hold.count;
    else to.wanted[hold.profile] += static_cast<int>(hold.count);
  }

  /// What is recommended must be on one GPU, or be whole ones; else the pod keeps what it asks for.
  static void settle(const Cutting& cutting, Need& need) {
    if (need.wanted.empty() || (need.wholeWanted == 0 && cutting.arrange(need.wanted))) return;
    need.wanted = need.now;
    need.wholeWanted = need.wholeNow;
  }

  void needsOn(std::size_t index) {
    const Board& board = seen_.placement.boards[out_.nodes[index].board];
    std::map<Index, Need> byPod;
    for (const Hold& hold : board.holds) {
      if (snapshot_.pods[hold.pod].deleting) continue;
      Need& need = byPod[hold.pod];
      need.pod = hold.pod;
      need.deployed = hold.deployed;
      need.node = index;
      add(hold, &*cuttings_[index], need);
    }
    for (auto& [pod, need] : byPod) {
      settle(*cuttings_[index], need);
      out_.pools[poolOf_[index]].needs.push_back(out_.needs.size());
      out_.needs.push_back(std::move(need));
    }
  }

  /// Memory slices that the need takes in the pool.
  std::int64_t units(std::size_t pool, const Need& need) const {
    const auto& product = out_.pools[pool].cutting.product();
    std::int64_t out = need.wholeWanted * product.memorySlices.value_or(1);
    for (const auto& [profile, count] : need.wanted) out += count * product.profile(profile)->memorySlices.value_or(1);
    return out;
  }

  /// Memory slices that a pool has left, by what is needed of it.
  std::int64_t room(std::size_t pool) const {
    std::int64_t left = out_.pools[pool].gpus * out_.pools[pool].cutting.product().memorySlices.value_or(1);
    for (const std::size_t each : out_.pools[pool].needs) left -= units(pool, out_.needs[each]);
    return left;
  }

  /// Pods that ask for the same, of one workload.
  struct Alike {
    Index deployed = 0;
    std::size_t choice = 0;
    std::vector<Hold> holds;
    std::vector<std::optional<Index>> pods;
  };

  /// Pods that wait, and those that are declared and were not made.
  void waiting() {
    std::vector<Alike> all;
    const auto add = [&](std::optional<Index> pod, std::size_t choice, std::vector<Hold> holds) {
      const auto same = [](const Hold& a, const Hold& b) { return std::tie(a.container, a.resource, a.count) == std::tie(b.container, b.resource, b.count); };
      for (Alike& each : all) {
        if (each.deployed != holds.front().deployed || each.choice != choice) continue;
        if (!std::equal(each.holds.begin(), each.holds.end(), holds.begin(), holds.end(), same)) continue;
        each.pods.push_back(pod);
        return;
      }
      all.push_back({holds.front().deployed, choice, std::move(holds), {pod}});
    };
    std::map<Index, std::vector<Hold>> byPod;
    for (const Hold& each : seen_.placement.waiting)
      if (!snapshot_.pods[each.pod].deleting) byPod[each.pod].push_back(each);
    for (auto& [pod, holds] : byPod) add(pod, choiceOf_.at(snapshot_.pods[pod].text.get()), std::move(holds));
    for (Index i = 0; i < seen_.workloads.size(); ++i) {
      const Object* object = missingOf(i);
      if (object == nullptr) continue;
      const auto holds = asksOfMissing(*object, i);
      if (holds.empty()) continue;
      for (std::int64_t k = std::min(seen_.workloads[i].missing, kMostMissing); k > 0; --k) add(std::nullopt, choiceOf_.at(object->text.get()), holds);
    }
    std::vector<std::pair<std::int64_t, const Alike*>> order;
    for (const Alike& each : all) order.emplace_back(sizeOf(each), &each);
    std::stable_sort(order.begin(), order.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    for (const auto& each : order) place(*each.second);
  }

  Need needOf(const Alike& alike, const Cutting* cutting) const {
    Need need;
    need.deployed = alike.deployed;
    for (const Hold& each : alike.holds) add(each, cutting, need);
    if (cutting != nullptr) settle(*cutting, need);
    return need;
  }

  /// Pools that may take it, those with the most room first.
  std::vector<std::size_t> poolsFor(const Alike& alike) const {
    std::vector<std::pair<std::int64_t, std::size_t>> rooms;
    for (std::size_t pool = 0; pool < out_.pools.size(); ++pool)
      if (takes_[pool][alike.choice] && fits(out_.pools[pool], needOf(alike, &out_.pools[pool].cutting))) rooms.emplace_back(-room(pool), pool);
    std::sort(rooms.begin(), rooms.end());
    std::vector<std::size_t> out;
    for (const auto& each : rooms) out.push_back(each.second);
    return out;
  }

  /// Units of memory slices that one pod takes in the pool that it may go to first.
  std::int64_t sizeOf(const Alike& alike) const {
    const auto pools = poolsFor(alike);
    return pools.empty() ? 0 : units(pools.front(), needOf(alike, &out_.pools[pools.front()].cutting));
  }

  void place(const Alike& alike) {
    std::size_t placed = 0;
    std::string why;
    for (const std::size_t pool : poolsFor(alike)) {
      if (placed == alike.pods.size()) break;
      std::string full;
      placed += most(pool, alike, placed, full);
      if (why.empty()) why = std::move(full);
    }
    if (why.empty()) why = "no node that may be cut, and that it may run on, can hold it";
    for (; placed < alike.pods.size(); ++placed) {
      out_.outside.push_back({out_.needs.size(), why});
      out_.needs.push_back(needOf(alike, nullptr));
      out_.needs.back().pod = alike.pods[placed];
    }
  }

  /// Adds as many of the pods as go into the pool beside what is in it, from `from` on; says why no more do.
  std::size_t most(std::size_t index, const Alike& alike, std::size_t from, std::string& why) {
    Pool& pool = out_.pools[index];
    const Need need = needOf(alike, &pool.cutting);
    const std::size_t needs = out_.needs.size(), inPool = pool.needs.size();
    const auto resize = [&](std::size_t count) {
      out_.needs.resize(needs);
      pool.needs.resize(inPool);
      for (std::size_t i = 0; i < count; ++i) {
        pool.needs.push_back(out_.needs.size());
        out_.needs.push_back(need);
        out_.needs.back().pod = alike.pods[from + i];
      }
    };
    std::size_t goes = 0, tooMany = alike.pods.size() - from + 1;
    // All of them are tried first, which is the common case.
    for (std::size_t tried = tooMany - 1; goes + 1 < tooMany; tried = goes + (tooMany - goes) / 2) {
      resize(tried);
      std::string full = whyImpossible(out_, pool);
      if (full.empty()) goes = tried;
      else tooMany = tried, why = std::move(full);
    }
    resize(goes);
    return goes;
  }

  static bool fits(const Pool& pool, const Need& need) {
    return (need.wanted.empty() || need.wholeWanted == 0) && pool.cutting.arrange(need.wanted) && need.wholeWanted <= pool.gpus;
  }

  const Snapshot& snapshot_;
  const Observation& seen_;
  std::vector<std::vector<SliceAdvice>> advice_;         // by workload
  std::vector<std::optional<Cutting>> cuttings_;         // by node
  std::vector<std::size_t> poolOf_;                      // by node
  std::vector<std::vector<bool>> takes_;                 // by pool: the choices that let it in, and tolerate its taints
  std::map<const std::string*, std::size_t> choiceOf_;   // by text of pods, and of objects whose pods are missing
  Fleet out_;
};

}  // namespace

std::optional<std::vector<Cut>> cutsOf(const Cutting& cutting, const Slices& slices, std::int64_t gpus, std::int64_t whole) {
  const std::int64_t cut = gpus - whole;
  if (gpus <= 0 || gpus > kMostGpus || cut < 0) return std::nullopt;
  std::vector<Cut> out(static_cast<std::size_t>(whole), Cut{true, {}});
  Slices each;
  bool alike = cut > 0;
  for (const auto& [profile, count] : slices) {
    alike = alike && count % cut == 0;
    if (alike) each[profile] = static_cast<int>(count / cut);
  }
  if (alike && cutting.arrange(each)) {
    out.resize(static_cast<std::size_t>(gpus), Cut{false, each});
    return out;
  }
  std::vector<Ask> asks;
  for (const auto& [profile, count] : slices) asks.push_back({{{profile, 1}}, count});
  const Packing packing = pack(cutting, asks);
  if (packing.gpus > cut || !packing.impossible.empty()) return std::nullopt;
  for (const Load& load : packing.loads) out.insert(out.end(), static_cast<std::size_t>(load.gpus), Cut{false, load.slices});
  out.resize(static_cast<std::size_t>(gpus), Cut{});
  return out;
}

std::string text(const Cut& cut) { return cut.whole ? "whole" : text(cut.slices); }

Fleet fleetOf(const Snapshot& snapshot, const Observation& seen, bool recommended) {
  if (!snapshot.nodes) return {};
  return Reading(snapshot, seen, recommended).run();
}

}  // namespace rightslice::observe::plan
