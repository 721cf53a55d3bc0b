#include "observe/savings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "json/document.hpp"
#include "observe/plan/packing.hpp"

namespace rightslice::observe {
namespace {

constexpr std::int64_t kMostPacked = 64;    // GPUs of one node
constexpr std::int64_t kSteps = 2'000;      // of a search for fewer GPUs; what it does not find is not counted as saved

/// What containers hold, or would hold.
struct Need {
  std::map<std::string, std::int64_t> slices;
  std::int64_t whole = 0;
};

class NodeSavings {
 public:
  NodeSavings(const Snapshot& snapshot, const Observation& seen, const gpu::Catalogue& gpus, const Money& money, Index board)
      : snapshot_(snapshot), seen_(seen), gpus_(gpus), board_(seen.placement.boards[board]), node_((*snapshot.nodes)[board_.node]), money_(money.boards[board]) {
    out_.board = board;
  }

  BoardSavings run(std::int64_t list) {
    out_.listCents = list;
    const auto* product = board_.geometry.product;
    if (!board_.unseen.empty()) return without(board_.unseen);
    if (!money_.unknown.empty()) return without(money_.unknown);
    if (product == nullptr || !product->memorySlices || product->profiles.empty()) return without("how the GPU can be cut is not known");
    if (*board_.geometry.gpus > kMostPacked) return without(fmt::format("the node has more than {} GPUs", kMostPacked));
    cutting_ = plan::Cutting::of(*product);
    if (!cutting_) return without("the placements of its slices are not on record");
    Need before, after;
    if (!load(before, false) || !load(after, true)) return without("what part of a GPU a slice is cannot be told");
    const auto today = packed(before);
    if (!today || !packed(after)) return without("no GPU can be cut into what it holds");
    const std::int64_t wanted = serveWaiting(*product, before, after);
    const auto then = packed(after);
    out_.freedGpus = then ? std::max<std::int64_t>(0, today->atLeast - then->found) : 0;
    const std::int64_t units = wanted + out_.freedGpus * money_.unitsPerGpu, all = *board_.geometry.gpus * money_.unitsPerGpu;
    const auto value = static_cast<std::int64_t>(static_cast<Int128>(money_.cents) * units / all);   // rounded down: never too much
    out_.realisableCents = std::min(list, value);
    if (*out_.realisableCents < list)
      out_.why = units == 0 ? "no GPU of the node comes free, and no pod waits for what would" : "only whole GPUs and what pods wait for count";
    return std::move(out_);
  }

 private:
  BoardSavings without(std::string why) {
    out_.why = std::move(why);
    return std::move(out_);
  }

  const gpu::Profile* profileOf(const std::string& name) const {
    const auto offers = gpus_.offers(name, {board_.geometry.product});
    return offers.empty() || !offers.front().profile->memorySlices ? nullptr : offers.front().profile;
  }

  bool add(Need& to, const std::string& profile, std::int64_t count) const {
    if (profile.empty()) return to.whole += count, true;
    const auto* found = profileOf(profile);
    if (found == nullptr) return false;
    to.slices[found->name] += count;
    return true;
  }

  struct Gpus {
    std::int64_t atLeast = 0, found = 0;   // no cutting does with fewer; one does with so many
  };
  /// Nothing where a slice has no place on any GPU.
  std::optional<Gpus> packed(const Need& need) const {
    std::vector<plan::Ask> asks;
    for (const auto& [profile, count] : need.slices) asks.push_back({{{profile, 1}}, count});
    const auto made = plan::pack(*cutting_, asks, kSteps);
    if (!made.impossible.empty()) return std::nullopt;
    return Gpus{made.atLeast + need.whole, made.gpus + need.whole};
  }

  /// What is held on the node, as it is or with what is recommended for the oversized. A share in time counts as its whole device.
  bool load(Need& to, bool better) const {
    for (const Hold& hold : board_.holds) {
      const auto* instead = better ? betterOf(hold) : nullptr;
      if (instead != nullptr) {
        if (!add(to, instead->profile, instead->count.value_or(hold.count))) return false;
      } else if (!add(to, hold.profile, hold.count)) {
        return false;
      }
    }
    return true;
  }

  const policy::Recommended* betterOf(const Hold& hold) const {
    const WorkloadState& state = seen_.workloads[hold.deployed];
    const bool over = std::any_of(state.findings.begin(), state.findings.end(),
                                  [&](const Finding& each) { return each.code == Code::Oversized && each.container == hold.container; });
    if (!over) return nullptr;
    const auto* judged = judgedOf(state, hold);
    if (judged == nullptr || !judged->recommended) return nullptr;
    // A slice that this node's product has not stays as it is.
    return judged->recommended->profile.empty() || profileOf(judged->recommended->profile) != nullptr ? &*judged->recommended : nullptr;
  }

  /// Lays waiting slices beside the smaller ones; the units that they take.
  std::int64_t serveWaiting(const gpu::Product& product, const Need& before, Need& after) {
    if (node_.cordoned || !node_.ready || !node_.taints.empty()) return 0;
    const std::int64_t there = *board_.geometry.gpus;
    std::int64_t units = 0;
    Need today = before;
    std::set<std::pair<std::string, std::int64_t>> full;
    for (const Hold& each : seen_.placement.waiting) {
      // What had no place has none beside more either.
      if (each.count > there * 8 || full.contains({each.profile, each.count}) || !mayRunHere(each)) continue;
      Need now = today, then = after;
      if (!add(now, each.profile, each.count) || !add(then, each.profile, each.count)) continue;
      const auto beside = packed(now), instead = packed(then);
      if (!beside || !instead || instead->found > there) {
        full.emplace(each.profile, each.count);
        continue;
      }
      if (beside->atLeast <= there) {   // there may be room for it as it is
        today = std::move(now);
        after = std::move(then);
        continue;
      }
      after = std::move(then);
      const auto* profile = each.profile.empty() ? nullptr : profileOf(each.profile);
      units += each.count * (profile != nullptr ? money_.unitsPerGpu / *product.memorySlices * *profile->memorySlices : money_.unitsPerGpu);
      out_.used.insert(out_.used.end(), static_cast<std::size_t>(each.count), workloadKey(seen_, each.deployed));
    }
    return units;
  }

  /// Surely: what cannot be read of its node selection here counts as not met.
  bool mayRunHere(const Hold& hold) const {
    const auto& name = hold.resource;
    if (hold.profile.empty() && name != "nvidia.com/gpu") return false;
    for (const auto& each : seen_.workloads[hold.deployed].judgement.containers) {
      if (each.name != hold.container || !each.requested || each.requested->gpus.empty()) continue;
      const auto& gpus = each.requested->gpus;
      if (std::find(gpus.begin(), gpus.end(), board_.geometry.product->label()) == gpus.end()) return false;
    }
    const auto document = json::Document::parse(*snapshot_.pods[hold.pod].text);
    if (!document) return false;
    const auto spec = document->root()["spec"];
    if (spec["affinity"].exists() && !spec["affinity"].isNull()) return false;
    for (const auto each : spec["nodeSelector"].members()) {
      const auto at = node_.facts.labels.find(each.key);
      if (at == node_.facts.labels.end() || at->second != each.value.stringOr("")) return false;
    }
    return true;
  }

  const Snapshot& snapshot_;
  const Observation& seen_;
  const gpu::Catalogue& gpus_;
  const Board& board_;
  const Node& node_;
  const BoardMoney& money_;
  std::optional<plan::Cutting> cutting_;
  BoardSavings out_;
};

}  // namespace

Savings savingsOf(const Snapshot& snapshot, const Observation& seen, const gpu::Catalogue& gpus, const Money& money) {
  Savings out;
  std::map<Index, std::int64_t> list;
  for (const MoneyEntry& each : money.entries)
    if (each.part.bucket == Bucket::Oversized && money.boards[each.board].price) list[each.board] += each.cents;
  for (const auto& [board, cents] : list) {
    auto made = NodeSavings(snapshot, seen, gpus, money, board).run(cents);
    out.listCents += cents;
    out.realisableCents += made.realisableCents.value_or(0);
    out.realisableKnown = out.realisableKnown && made.realisableCents.has_value();
    out.boards.push_back(std::move(made));
  }
  return out;
}

Statement statementOf(const Snapshot& snapshot, const Observation& seen, const Money& money) {
  Statement out;
  out.currency = money.currency;
  out.takenAt = snapshot.takenAt;
  out.spendCents = money.cents;
  for (Index i = 0; i < money.boards.size(); ++i) {
    const auto& price = money.boards[i].price;
    if (price) out.prices[(*snapshot.nodes)[seen.placement.boards[i].node].facts.name] = fmt::format("{}/{}", price->micros, price->divisor);
  }
  for (const MoneyEntry& each : money.entries)
    if (each.part.deployed && money.boards[each.board].price) out.workloads[workloadKey(seen, *each.part.deployed)].cents += each.cents;
  std::map<Index, std::string> counted;
  for (Index i = 0; i < seen.placement.boards.size(); ++i) {
    if (!money.boards[i].price) continue;
    for (const Hold& hold : seen.placement.boards[i].holds) counted.emplace(hold.pod, workloadKey(seen, hold.deployed));
  }
  for (const auto& [pod, workload] : counted)
    if (const auto at = out.workloads.find(workload); at != out.workloads.end()) ++at->second.pods;
  return out;
}

Result<Verified> verify(const Statement& before, const Statement& after) {
  if (before.currency != after.currency) return fail(fmt::format("the one is in {}, the other in {}; give both the same price book", before.currency, after.currency));
  for (const auto& [node, price] : before.prices) {
    const auto at = after.prices.find(node);
    if (at != after.prices.end() && at->second != price) return fail(fmt::format("node {} has another price than before; give both the same price book", node));
  }
  Verified out;
  for (const auto& [key, now] : after.workloads) {
    const auto at = before.workloads.find(key);
    const Statement::Held then = at == before.workloads.end() ? Statement::Held{} : at->second;
    if (then.pods == 0 || now.pods == 0) {
      out.othersGrewCents += std::max<std::int64_t>(0, now.cents - then.cents);
      continue;
    }
    // Of the pods that are in both: cents a pod then less cents a pod now, as one fraction, rounded down.
    const std::int64_t pods = std::min(then.pods, now.pods);
    const Int128 less = static_cast<Int128>(then.cents) * now.pods - static_cast<Int128>(now.cents) * then.pods;
    if (less > 0) out.smallerCents += static_cast<std::int64_t>(less * pods / (static_cast<Int128>(then.pods) * now.pods));
    else out.othersGrewCents += std::max<std::int64_t>(0, now.cents - then.cents);
  }
  out.spendFellCents = std::max<std::int64_t>(0, before.spendCents - after.spendCents);
  out.cents = std::min(out.smallerCents, out.spendFellCents + out.othersGrewCents);
  return out;
}

}  // namespace rightslice::observe
