#include "observe/page/drawing.hpp"

#include <algorithm>
#include <deque>
#include <map>
#include <tuple>

#include "observe/plan/fleet.hpp"

namespace rightslice::observe::page {
namespace {

using Entries = std::vector<const MoneyEntry*>;
using Gpu = std::vector<Piece>;
using Row = std::vector<plan::Placed>;   // slices on one GPU; a whole one has an empty profile

/// Who holds what, as the buckets of the money have it.
struct Held {
  std::int64_t units = 0, oversized = 0, idle = 0;
};

constexpr int kPerMille = 1000;
int perMille(std::int64_t part, std::int64_t all) { return static_cast<int>(static_cast<Int128>(part) * kPerMille / std::max<std::int64_t>(all, 1)); }

class Drawing {
 public:
  explicit Drawing(const Report& report) : report_(report), entries_(report.seen.placement.boards.size()) {
    for (const MoneyEntry& each : report.money.money.entries) entries_[each.board].push_back(&each);
  }

  DrawnNode node(Index index) {
    DrawnNode out;
    const Entries& entries = entries_[index];
    if (entries.empty()) return out;
    out.unitsPerGpu = units_ = report_.money.money.boards[index].unitsPerGpu;
    held_.clear();
    for (const MoneyEntry* each : entries) {
      if (!each->part.deployed) continue;
      Held& to = held_[{*each->part.deployed, each->part.container, each->part.resource}];
      to.units += each->part.units;
      if (each->part.bucket == Bucket::Oversized) to.oversized += each->part.units;
      if (each->part.bucket == Bucket::Idle) to.idle += each->part.units;
    }
    const Board& board = report_.seen.placement.boards[index];
    if (auto drawn = slices(board, entries)) out.gpus = std::move(*drawn);
    else out = {units_, shares(entries), false};
    return out;
  }

 private:
  using Key = std::tuple<Index, std::string, std::string>;   // workload, container, resource

  Piece heldPiece(const Key& key, const Held& held, std::string profile) const {
    const auto& [deployed, container, resource] = key;
    return {0, 0, Bucket::Right, deployed, verdictOf(report_.seen.workloads[deployed], container), std::move(profile), perMille(held.oversized, held.units),
            perMille(held.idle, held.units)};
  }

  /// What there is of each profile, holders first. Nothing where a resource is not of slices one by one.
  std::optional<std::map<std::string, std::deque<Piece>>> contents(const Board& board) const {
    if (board.geometry.shares > 1 || !board.geometry.sharing.empty()) return std::nullopt;
    std::map<std::string, std::deque<Piece>> out;
    for (const SliceUse& each : board.slices) {
      if (each.profile.empty() && each.resource != "nvidia.com/gpu") return std::nullopt;
      auto& to = out[each.profile];
      std::int64_t held = 0;
      for (const Hold& hold : board.holds) {
        if (hold.resource != each.resource) continue;
        const Key key{hold.deployed, hold.container, hold.resource};
        const auto found = held_.find(key);
        if (found == held_.end() || hold.count < 0 || hold.count > kMostGpus * 16) return std::nullopt;
        held += hold.count;
        to.insert(to.end(), static_cast<std::size_t>(hold.count), heldPiece(key, found->second, each.profile));
      }
      const std::int64_t taken = std::max(held, each.asked.value_or(held)), there = std::max({each.capacity, each.offered, taken});
      const std::int64_t free = std::max<std::int64_t>(0, each.offered - taken);
      if (there > kMostGpus * 16) return std::nullopt;
      const auto more = [&](std::int64_t count, Bucket bucket) {
        to.insert(to.end(), static_cast<std::size_t>(count), Piece{0, 0, bucket, std::nullopt, {}, each.profile, 0, 0});
      };
      more(taken - held, Bucket::Unknown);
      more(free, each.asked ? Bucket::Dark : Bucket::Unknown);
      more(there - taken - free, Bucket::Overhead);
    }
    return out;
  }

  /// How the GPUs may be cut to hold so many slices; nodes that are alike are laid out once.
  const std::optional<std::vector<Row>>& rows(const Board& board, const std::map<std::string, std::deque<Piece>>& contents) {
    plan::Slices slices;
    std::int64_t whole = 0;
    for (const auto& [profile, pieces] : contents) {
      if (profile.empty()) whole = static_cast<std::int64_t>(pieces.size());
      else if (!pieces.empty()) slices[profile] = static_cast<int>(pieces.size());
    }
    auto [at, isNew] = rows_.try_emplace({board.geometry.product, *board.geometry.gpus, whole, plan::text(slices)});
    if (isNew) at->second = layOut(board, slices, whole);
    return at->second;
  }

  static std::optional<std::vector<Row>> layOut(const Board& board, const plan::Slices& slices, std::int64_t whole) {
    const std::int64_t gpus = *board.geometry.gpus;
    if (whole > gpus) return std::nullopt;
    std::vector<Row> out;
    if (slices.empty()) {
      out.assign(static_cast<std::size_t>(whole), Row{{"", 0, 0}});
      out.resize(static_cast<std::size_t>(gpus));
      return out;
    }
    const auto cutting = board.geometry.product != nullptr ? plan::Cutting::of(*board.geometry.product) : std::nullopt;
    if (!cutting || std::any_of(slices.begin(), slices.end(), [&](const auto& each) { return !cutting->offers(each.first); })) return std::nullopt;
    const auto cuts = plan::cutsOf(*cutting, slices, gpus, whole);
    if (!cuts) return std::nullopt;
    for (const plan::Cut& each : *cuts) {
      if (each.whole) {
        out.push_back({{"", 0, 0}});
        continue;
      }
      auto placed = cutting->arrange(each.slices);
      if (!placed) return std::nullopt;
      out.push_back(std::move(*placed));
    }
    return out;
  }

  std::optional<std::vector<Gpu>> slices(const Board& board, const Entries& entries) {
    auto all = contents(board);
    if (!all) return std::nullopt;
    const auto& laid = rows(board, *all);
    if (!laid) return std::nullopt;
    const auto rest = std::find_if(entries.begin(), entries.end(), [](const MoneyEntry* each) { return !each->part.deployed && each->part.resource.empty(); });
    const Bucket left = rest == entries.end() ? Bucket::Unknown : (*rest)->part.bucket;
    const gpu::Product* product = board.geometry.product;
    const std::int64_t memory = product != nullptr ? product->memorySlices.value_or(1) : 1;
    std::vector<Gpu> out;
    for (const Row& row : *laid) {
      Gpu gpu;
      std::int64_t at = 0;
      const auto gap = [&](std::int64_t to) {
        if (to > at) gpu.push_back({at, to - at, left});
        at = to;
      };
      for (const plan::Placed& each : row) {
        auto& from = (*all)[each.profile];
        if (from.empty()) return std::nullopt;
        Piece piece = std::move(from.front());
        from.pop_front();
        if (!each.profile.empty()) gap(each.start * units_ / memory);
        piece.start = at;
        piece.length = each.profile.empty() ? units_ : each.size * units_ / memory;
        at += piece.length;
        gpu.push_back(std::move(piece));
      }
      gap(units_);
      out.push_back(std::move(gpu));
    }
    if (std::any_of(all->begin(), all->end(), [](const auto& each) { return !each.second.empty(); }) || !agrees(out, entries)) return std::nullopt;
    return out;
  }

  /// Is what is drawn what is counted?
  static bool agrees(const std::vector<Gpu>& gpus, const Entries& entries) {
    std::map<std::pair<Bucket, std::optional<Index>>, std::int64_t> drawn, counted;
    for (const Gpu& gpu : gpus)
      for (const Piece& each : gpu) drawn[{each.bucket, each.deployed}] += each.length;
    for (const MoneyEntry* each : entries) counted[{each->part.deployed ? Bucket::Right : each->part.bucket, each->part.deployed}] += each->part.units;
    return drawn == counted;
  }

  /// One after another, held ones first.
  std::vector<Gpu> shares(const Entries& entries) const {
    std::vector<Piece> pieces;
    for (const auto& [key, held] : held_) {
      pieces.push_back(heldPiece(key, held, ""));
      pieces.back().length = held.units;
    }
    for (const MoneyEntry* each : entries)
      if (!each->part.deployed) pieces.push_back({0, each->part.units, each->part.bucket});
    std::vector<Gpu> out;
    std::int64_t at = units_;
    for (Piece& each : pieces) {
      while (each.length > 0) {
        if (at == units_) {
          out.emplace_back();
          at = 0;
        }
        Piece part = each;
        part.start = at;
        part.length = std::min(each.length, units_ - at);
        at += part.length;
        each.length -= part.length;
        out.back().push_back(std::move(part));
      }
    }
    return out;
  }

  const Report& report_;
  std::vector<Entries> entries_;
  std::int64_t units_ = 1;
  std::map<Key, Held> held_;
  std::map<std::tuple<const gpu::Product*, std::int64_t, std::int64_t, std::string>, std::optional<std::vector<Row>>> rows_;
};

}  // namespace

std::vector<DrawnNode> drawingOf(const Report& report) {
  Drawing drawing(report);
  std::vector<DrawnNode> out;
  for (Index i = 0; i < report.seen.placement.boards.size(); ++i) out.push_back(drawing.node(i));
  return out;
}

}  // namespace rightslice::observe::page
