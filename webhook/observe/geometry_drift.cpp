// Drift of geometry: how a node should be cut, by the configuration of mig-parted that its label names, and how it is.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "gpu/resource_name.hpp"
#include "observe/rules.hpp"
#include "observe/split.hpp"

namespace rightslice::observe {
namespace {

/// How many of each on the node: profiles, and "" for whole GPUs. Nothing of any: MIG is on and nothing is cut.
using Wanted = std::map<std::string, std::int64_t>;

/// The profile of so many compute slices with the least memory, without media engines or graphics.
const gpu::Profile* plainest(const gpu::Product& product, int compute) {
  const gpu::Profile* out = nullptr;
  for (const gpu::Profile& each : product.profiles)
    if (each.computeSlices == compute && each.parts.attributes.empty() && each.memorySlices && (out == nullptr || *each.memorySlices < *out->memorySlices)) out = &each;
  return out;
}

/// What the names mean in the configuration that mig-parted ships (deployments/systemd/config-default.yaml), which the GPU operator installs:
/// of a configuration of one's own only the name is known, so others say nothing here.
std::optional<Wanted> meaningOf(const Geometry& geometry) {
  const std::int64_t gpus = *geometry.gpus;
  if (geometry.config == "all-disabled") return Wanted{{"", gpus}};
  if (geometry.config == "all-enabled") return Wanted{};
  if (geometry.config == "all-balanced") {
    Wanted out;
    for (const auto& [compute, count] : {std::pair(1, 2), {2, 1}, {3, 1}})
      if (const auto* profile = plainest(*geometry.product, compute)) out[profile->name] = count * gpus;
    return out;
  }
  if (!geometry.config.starts_with("all-")) return std::nullopt;
  // Attributes stand behind a point, as in names of resources: all-1g.10gb.me.
  const auto name = gpu::ResourceName::parse("nvidia.com/mig-" + geometry.config.substr(4));
  const auto* profile = name.isSlice() ? geometry.product->profile(name.profile) : nullptr;
  if (profile == nullptr || !profile->maxInstances) return std::nullopt;
  return Wanted{{profile->name, *profile->maxInstances * gpus}};
}

Wanted offeredBy(const Board& board) {
  Wanted out;
  for (const SliceUse& each : board.slices) {
    const std::int64_t count = std::max(each.capacity, each.offered);
    // By its proper name: drivers spell some profiles in two ways.
    const auto* profile = board.geometry.product != nullptr && !each.profile.empty() ? board.geometry.product->profile(each.profile) : nullptr;
    const std::string& name = profile != nullptr ? profile->name : each.profile.empty() ? each.resource : each.profile;
    if (count > 0) out[each.resource == "nvidia.com/gpu" ? "" : name] += count;
  }
  return out;
}

std::string text(const Wanted& wanted) {
  std::string out;
  for (const auto& [profile, count] : wanted)
    out += fmt::format("{}{}", out.empty() ? "" : ", ", profile.empty() ? counted(count, "whole GPU") : fmt::format("{} {}", count, profile));
  return out.empty() ? "nothing" : out;
}

}  // namespace

std::vector<Finding> findGeometryDrift(const Scene& scene, Index index) {
  const Board& board = scene.board(index);
  const Geometry& geometry = board.geometry;
  const Node& node = scene.node(index);
  if (geometry.config.empty()) return {};
  Finding finding;
  finding.code = Code::Drift;
  finding.aspect = "geometry";
  finding.path = "/metadata/labels/nvidia.com~1mig.config";
  finding.evidence.push_back({"declared", geometry.config, fmt::format("label nvidia.com/mig.config of node {}", node.facts.name)});
  finding.evidence.push_back({"state", geometry.configState.empty() ? "not told" : geometry.configState, "label nvidia.com/mig.config.state"});
  const Wanted offered = offeredBy(board);
  const std::string there = text(offered);
  finding.evidence.push_back({"offered", there, fmt::format("status of node {}", node.facts.name)});
  // mig-parted, deployments/container/reconfigure-mig: success, failed, pending or rebooting.
  if (geometry.configState == "failed") {
    finding.message = fmt::format("geometry: {} could not be applied, and the node offers {}", geometry.config, there);
    finding.remedy = "look at the log of mig-manager on the node: a pod may hold a GPU, or the configuration may not suit its product";
    return {std::move(finding)};
  }
  const bool plain = geometry.strategy == "mixed" && geometry.single.empty() && geometry.shares == 1 && geometry.sharing.empty() && !node.byClaims();
  const bool known = geometry.product != nullptr && geometry.gpus && *geometry.gpus > 0 && *geometry.gpus <= kMostGpus;
  if (geometry.configState != "success" || !plain || !known) return {};
  const auto wanted = meaningOf(geometry);
  if (!wanted || offered == *wanted) return {};
  finding.message = fmt::format("geometry: {} means {}, and the node offers {}", geometry.config, text(*wanted), there);
  finding.remedy = "set the label anew, so that mig-manager applies it; or name the configuration by which the node is really cut";
  finding.confidence = model::Confidence::Medium;   // somebody may have written another configuration under this name
  return {std::move(finding)};
}

}  // namespace rightslice::observe
