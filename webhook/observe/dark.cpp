// Dark: slices and GPUs that a node offers and that nobody asks for.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/bytes.hpp"
#include "observe/rules.hpp"

namespace rightslice::observe {
namespace {

/// Waiting pods ask for what is free too: the free slices of the first nodes are left to them.
std::map<Index, std::map<std::string, std::int64_t>> leftToWaiting(const Scene& scene) {
  std::map<std::string, std::int64_t> waiting(scene.snapshot.waitingElsewhere.begin(), scene.snapshot.waitingElsewhere.end());
  for (const Hold& each : scene.seen.placement.waiting) waiting[each.resource] += each.count;
  std::map<Index, std::map<std::string, std::int64_t>> out;
  if (waiting.empty()) return out;
  for (Index i = 0; i < scene.seen.placement.boards.size(); ++i) {
    if (!scene.node(i).takesPods()) continue;   // they wait for others
    for (const SliceUse& slice : scene.board(i).slices) {
      const auto at = waiting.find(slice.resource);
      if (at == waiting.end() || at->second == 0) continue;
      const std::int64_t taken = std::min(at->second, slice.free());
      out[i][slice.resource] = taken;
      at->second -= taken;
    }
  }
  return out;
}

/// "7 slices 1g.10gb", "8 whole GPUs".
std::string slicesText(const SliceUse& slice, std::int64_t count) {
  const std::string name = sliceName(slice);
  return slice.profile.empty() ? counted(count, name) : fmt::format("{} {}", counted(count, "slice"), name);
}

std::string memoryText(const Geometry& geometry, const SliceUse& slice, std::int64_t count) {
  if (geometry.product == nullptr) return "";
  const auto* profile = slice.profile.empty() ? nullptr : geometry.product->profile(slice.profile);
  if (!slice.profile.empty() && profile == nullptr) return "";
  const auto usable = profile != nullptr ? gpu::usable(*geometry.product, *profile) : gpu::usable(*geometry.product);
  return usable ? fmt::format(", {} {}", formatBytes(timesBytes(usable->bytes, count)), count == 1 ? "of memory" : "of memory together") : "";
}

}  // namespace

std::vector<Finding> findDark(const Scene& scene, Index index) {
  std::vector<Finding> out;
  const Board& board = scene.board(index);
  const Node& node = scene.node(index);
  if (!board.geometry.sharing.empty() || !board.unseen.empty()) return out;
  const auto left = leftToWaiting(scene);
  // What a claim that waits would be given is not known.
  const bool claimsWait = node.byClaims() && std::any_of(scene.snapshot.pods.begin(), scene.snapshot.pods.end(), [](const Pod& each) {
                            return each.asksByClaim && !each.placed() && !each.deleting;
                          });
  for (const SliceUse& slice : board.slices) {
    if (claimsWait && byClaim(slice.resource)) continue;
    std::int64_t free = slice.free();
    if (const auto at = left.find(index); at != left.end())
      if (const auto taken = at->second.find(slice.resource); taken != at->second.end()) free -= taken->second;
    // Shares of a GPU in time are no parts of it: one that is not asked for leaves the others more.
    const std::int64_t shares = slice.resource.ends_with(".shared") || slice.resource == "nvidia.com/gpu" ? board.geometry.shares : 1;
    if (shares > 1 && slice.asked.value_or(1) > 0) continue;
    free /= shares;
    if (free <= 0) continue;
    Finding finding;
    finding.code = Code::Dark;
    const bool claimed = byClaim(slice.resource);
    if (!claimed) finding.path = "/status/allocatable/" + json::escapeToken(slice.resource);
    finding.message = fmt::format("{} of {} {} asked for by nobody{}", free, slicesText(slice, slice.offered / shares), free == 1 ? "is" : "are",
                                  memoryText(board.geometry, slice, free));
    if (!node.ready) finding.message += "; the node is not ready";
    else if (node.cordoned) finding.message += "; the node is cordoned";
    else if (!node.taints.empty()) finding.message += fmt::format("; a taint keeps pods away ({})", fmt::join(node.taints, ", "));
    finding.remedy = !node.ready    ? "find out why the node is not ready, or give it back"
                     : node.cordoned ? "uncordon the node, or give it back"
                                     : "let workloads that fit ask for it, cut the GPU otherwise, or give the node back";
    const bool made = claimed && board.onDemand && free > 0;
    if (made) finding.message += "; it is the most that can be made of what is free, and smaller slices can be made as well";
    const std::string offers = claimed ? "ResourceSlices" : "status";
    finding.evidence.push_back({claimed ? "offered" : "allocatable", std::to_string(slice.offered), fmt::format("{} of node {}", offers, node.facts.name)});
    finding.evidence.push_back({"held", std::to_string(slice.asked.value_or(0)), claimed ? "ResourceClaims" : "pods on the node"});
    out.push_back(std::move(finding));
  }
  return out;
}

}  // namespace rightslice::observe
