#include "observe/placement.hpp"

#include <algorithm>
#include <map>

#include "gpu/resource_name.hpp"
#include "observe/claimed.hpp"

namespace rightslice::observe {
namespace {

Board boardOf(const Node& node, Index index, const gpu::Catalogue& gpus) {
  Board out;
  out.node = index;
  out.geometry = geometryOf(node, gpus);
  for (const auto& [resource, count] : node.capacity)
    if (count > 0 && isDevice(resource)) rowOf(out, resource).capacity = count;
  for (const auto& [resource, count] : node.facts.allocatable)
    if (count > 0 && isDevice(resource)) rowOf(out, resource).offered = count;
  for (const auto& [resource, count] : node.facts.requested)
    if (count > 0 && isDevice(resource)) rowOf(out, resource).asked = count;
  for (SliceUse& each : out.slices) {
    if (!node.facts.requestedKnown) each.asked.reset();
    else if (!each.asked) each.asked = 0;
  }
  std::sort(out.slices.begin(), out.slices.end(), [](const SliceUse& a, const SliceUse& b) { return a.resource < b.resource; });
  return out;
}

/// What the containers of a pod hold. Ordinary init containers leave their slices to the others.
std::vector<Hold> holdsOf(const Pod& pod, Index index, Index deployed) {
  std::vector<Hold> out;
  for (const RunningContainer& container : pod.containers) {
    for (const auto& [resource, count] : container.asks) {
      if (!isDevice(resource)) continue;
      const auto reserved = pod.counts.find(resource);
      std::int64_t left = reserved == pod.counts.end() ? 0 : reserved->second;
      for (const Hold& each : out) left -= each.resource == resource ? each.count : 0;
      const std::int64_t held = std::min(count, left);
      if (held > 0) out.push_back({index, deployed, container.name, resource, "", held, container.running});
    }
  }
  return out;
}

}  // namespace

SliceUse& rowOf(Board& board, const std::string& resource) {
  for (SliceUse& each : board.slices)
    if (each.resource == resource) return each;
  SliceUse row;
  row.resource = resource;
  row.profile = profileOn(board.geometry, resource);
  return board.slices.emplace_back(std::move(row));
}

std::string profileOn(const Geometry& geometry, std::string_view resource) {
  if (resource.starts_with(kClaimedSlice)) return std::string(resource.substr(kClaimedSlice.size()));
  const auto name = gpu::ResourceName::parse(resource);
  if (name.isSlice()) return name.profile;
  return name.kind == gpu::ResourceName::Kind::WholeGpu || name.kind == gpu::ResourceName::Kind::SharedGpu ? geometry.single : std::string();
}

Placement placementOf(const Snapshot& snapshot, const gpu::Catalogue& gpus) {
  Placement out;
  out.deployed = deployedOf(snapshot);
  std::map<std::string_view, Index> byName;
  if (snapshot.nodes) {
    for (Index i = 0; i < snapshot.nodes->size(); ++i) {
      out.boards.push_back(boardOf((*snapshot.nodes)[i], i, gpus));
      byName.emplace((*snapshot.nodes)[i].facts.name, i);
    }
  }
  std::vector<Index> deployedOfPod(snapshot.pods.size());
  for (Index i = 0; i < out.deployed.size(); ++i)
    for (const Index pod : out.deployed[i].pods) deployedOfPod[pod] = i;
  for (Index i = 0; i < snapshot.pods.size(); ++i) {
    const Pod& pod = snapshot.pods[i];
    auto holds = holdsOf(pod, i, deployedOfPod[i]);
    if (!pod.placed()) {
      for (Hold& each : holds) each.profile = profileOn({}, each.resource);
      out.waiting.insert(out.waiting.end(), holds.begin(), holds.end());
      continue;
    }
    const auto at = byName.find(pod.node);
    if (at == byName.end()) {
      out.lost.push_back(i);
      continue;
    }
    Board& board = out.boards[at->second];
    for (Hold& each : holds) {
      SliceUse& row = rowOf(board, each.resource);
      each.profile = row.profile;
      if (each.running) row.running += each.count;
      board.holds.push_back(std::move(each));
    }
  }
  placeClaimed(snapshot, deployedOfPod, out);
  return out;
}

}  // namespace rightslice::observe
