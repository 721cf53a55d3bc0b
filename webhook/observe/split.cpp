#include "observe/split.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <numeric>
#include <tuple>

#include "gpu/resource_name.hpp"

namespace rightslice::observe {
namespace {

constexpr std::array<std::string_view, kBuckets> kNames{"right", "oversized", "idle", "dark", "stranded", "overhead", "unknown"};
constexpr std::int64_t kMostShares = 1'000'000, kPerMille = 1000;

/// Pods among which a device of the resource is shared in time (label nvidia.com/<resource>.replicas of GPU feature discovery, or GKE's).
std::int64_t sharesOf(const Node& node, const Geometry& geometry, const std::string& resource) {
  std::string base = resource;
  if (base.ends_with(".shared")) base.resize(base.size() - 7);
  if (base == "nvidia.com/gpu") return geometry.shares;
  const auto at = node.facts.labels.find(base + ".replicas");
  std::int64_t out = 1;
  if (at != node.facts.labels.end()) std::from_chars(at->second.data(), at->second.data() + at->second.size(), out);
  return std::max<std::int64_t>(1, out);
}

class Splitting {
 public:
  Splitting(const Snapshot& snapshot, const Observation& seen, Index board, const gpu::Catalogue& gpus, const Measured& measured)
      : seen_(seen), board_(seen.placement.boards[board]), node_((*snapshot.nodes)[board_.node]), geometry_(board_.geometry), gpus_(gpus), measured_(measured) {}

  Split run() {
    // Units: so many of a GPU that a share in time of a memory slice has a thousand.
    memory_ = geometry_.product != nullptr && geometry_.product->memorySlices ? *geometry_.product->memorySlices : 1;
    std::int64_t shares = 1;
    bool tooFine = false;
    for (const SliceUse& each : board_.slices) {
      const std::int64_t own = sharesOf(node_, geometry_, each.resource);
      if (!tooFine && own <= kMostShares) shares = std::lcm(shares, own);
      tooFine = tooFine || own > kMostShares || shares > kMostShares;
    }
    out_.unitsPerGpu = memory_ * kPerMille * (tooFine ? 1 : shares);
    out_.units = *geometry_.gpus * out_.unitsPerGpu;
    if (!node_.ready) return all(Bucket::Overhead, "");
    if (!geometry_.sharing.empty()) return all(Bucket::Unknown, fmt::format("GPUs are shared by {}, which counts them in its own way", geometry_.sharing));
    if (!board_.unseen.empty()) return all(Bucket::Unknown, board_.unseen);
    if (tooFine) return all(Bucket::Unknown, "its GPUs are shared among more pods than can be");
    std::int64_t used = 0;
    for (const SliceUse& each : board_.slices) {
      const auto unit = sizeOf(each.resource, each.profile);
      if (!unit) return all(Bucket::Unknown, fmt::format("what part of a GPU {} is cannot be told", each.resource));
      const auto taken = row(each, *unit);
      if (!taken || used + *taken > out_.units)
        return all(Bucket::Unknown, fmt::format("{} {} less than the node offers or its pods hold", *geometry_.gpus, *geometry_.gpus == 1 ? "GPU holds" : "GPUs hold"));
      used += *taken;
    }
    leftOver(out_.units - used);
    merge();
    return std::move(out_);
  }

 private:
  Split all(Bucket bucket, std::string why) {
    out_.parts = {{bucket, out_.units}};
    out_.unknown = std::move(why);
    return std::move(out_);
  }

  /// Units of one device, before it is shared in time. `profile` empty: a whole GPU.
  std::optional<std::int64_t> sizeOf(const std::string& resource, const std::string& profile) const {
    const auto name = gpu::ResourceName::parse(resource);
    const bool whole = name.kind == gpu::ResourceName::Kind::WholeGpu || name.kind == gpu::ResourceName::Kind::SharedGpu || resource == kClaimedGpu;
    if (!whole && !name.isSlice() && !byClaim(resource)) return std::nullopt;
    return profile.empty() ? (whole ? std::optional(out_.unitsPerGpu) : std::nullopt) : sizeOf(profile);
  }

  std::optional<std::int64_t> sizeOf(const std::string& profile) const {
    if (geometry_.product == nullptr || !geometry_.product->memorySlices) return std::nullopt;
    const auto offers = gpus_.offers(profile, {geometry_.product});
    if (offers.empty() || !offers.front().profile->memorySlices) return std::nullopt;
    return out_.unitsPerGpu / memory_ * *offers.front().profile->memorySlices;
  }

  /// Adds the parts of one resource; the units of all its devices. Nothing where their number is none.
  std::optional<std::int64_t> row(const SliceUse& slice, std::int64_t unit) {
    const std::int64_t shares = sharesOf(node_, geometry_, slice.resource), each = unit / shares;
    std::int64_t held = 0;
    for (const Hold& hold : board_.holds)
      if (hold.resource == slice.resource) held = plusBytes(held, hold.count);
    const std::int64_t taken = std::max(held, slice.asked.value_or(held)), there = std::max({slice.capacity, slice.offered, taken});
    if (there > out_.units / each) return std::nullopt;
    for (const Hold& hold : board_.holds)
      if (hold.resource == slice.resource) this->hold(hold, each * hold.count, shares > 1);
    add({Bucket::Unknown, each * (taken - held), std::nullopt, "", slice.resource}, "held by pods that were not looked at");
    const std::int64_t free = std::max<std::int64_t>(0, slice.offered - taken);
    if (!slice.asked) {
      add({Bucket::Unknown, each * free, std::nullopt, "", slice.resource}, "what pods hold may not be read");
    } else {
      // The plugin gives shares of devices that have the fewest: so many devices are touched as pods hold shares, and the others are free.
      const std::int64_t devices = ceilDiv(slice.offered, shares);
      const std::int64_t untouched = std::min(free, std::max<std::int64_t>(0, devices - std::min(taken, devices)) * shares);
      const std::int64_t dark = shares == 1 ? free : untouched;
      add({Bucket::Dark, each * dark, std::nullopt, "", slice.resource});
      add({Bucket::Overhead, each * (free - dark), std::nullopt, "", slice.resource});
    }
    add({Bucket::Overhead, each * (there - taken - free), std::nullopt, "", slice.resource});   // not healthy
    return each * there;
  }

  /// What one container holds.
  void hold(const Hold& hold, std::int64_t units, bool shared) {
    const WorkloadState& state = seen_.workloads[hold.deployed];
    const auto* judged = judgedOf(state, hold);
    std::int64_t extra = 0;
    const bool over = std::any_of(state.findings.begin(), state.findings.end(),
                                  [&](const Finding& each) { return each.code == Code::Oversized && each.container == hold.container; });
    if (over && judged != nullptr && judged->recommended && !shared) extra = beyond(hold, *judged->recommended, units);
    const MeasuredUse use = measured_ ? measured_(hold.deployed) : MeasuredUse{};
    // Units of a hold are a multiple of a thousand, but for what is beyond the better slice they need not be.
    const std::int64_t idle = std::clamp(use.idlePerMille.value_or(0), 0, 1000) * (units / kPerMille);
    const std::int64_t oversized = static_cast<std::int64_t>(static_cast<Int128>(extra) * (units - idle) / units);
    add({Bucket::Idle, idle, hold.deployed, hold.container, hold.resource});
    add({Bucket::Oversized, oversized, hold.deployed, hold.container, hold.resource});
    add({Bucket::Right, units - idle - oversized, hold.deployed, hold.container, hold.resource, judged == nullptr || !judged->need});
  }

  /// Units of a hold beyond what is recommended instead; 0 where that cannot be told on this node.
  std::int64_t beyond(const Hold& hold, const policy::Recommended& better, std::int64_t units) const {
    const auto size = better.profile.empty() ? std::optional(out_.unitsPerGpu) : sizeOf(better.profile);
    if (!size) return 0;
    const std::int64_t count = better.count.value_or(hold.count);
    return count < 0 || count > hold.count ? 0 : std::max<std::int64_t>(0, units - *size * count);
  }

  /// What no resource stands for.
  void leftOver(std::int64_t units) {
    const bool cut = std::any_of(board_.slices.begin(), board_.slices.end(), [](const SliceUse& each) { return !each.profile.empty(); });
    if (!node_.pools && (node_.facts.devices ? !node_.facts.devices->empty() : board_.slices.empty()))
      return add({Bucket::Unknown, units},
                 node_.facts.devices ? "handed out by ResourceClaims, which are not counted here" : "what ResourceClaims hand out is not known");
    add({cut ? Bucket::Stranded : Bucket::Overhead, units});
  }

  void add(Part part, std::string_view why = {}) {
    if (part.units <= 0) return;
    if (part.bucket == Bucket::Unknown && out_.unknown.empty()) out_.unknown = why;
    out_.parts.push_back(std::move(part));
  }

  void merge() {
    const auto key = [](const Part& part) { return std::tie(part.bucket, part.deployed, part.container, part.resource, part.unjudged); };
    std::stable_sort(out_.parts.begin(), out_.parts.end(), [&](const Part& a, const Part& b) { return key(a) < key(b); });
    std::vector<Part> merged;
    for (Part& each : out_.parts) {
      if (!merged.empty() && key(merged.back()) == key(each)) merged.back().units += each.units;
      else merged.push_back(std::move(each));
    }
    out_.parts = std::move(merged);
  }

  const Observation& seen_;
  const Board& board_;
  const Node& node_;
  const Geometry& geometry_;
  const gpu::Catalogue& gpus_;
  const Measured& measured_;
  std::int64_t memory_ = 1;
  Split out_;
};

}  // namespace

std::string_view name(Bucket bucket) { return kNames[static_cast<std::size_t>(bucket)]; }

Split splitOf(const Snapshot& snapshot, const Observation& seen, Index board, const gpu::Catalogue& gpus, const Measured& measured) {
  return Splitting(snapshot, seen, board, gpus, measured).run();
}

}  // namespace rightslice::observe
