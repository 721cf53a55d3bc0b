// Drift of geometry: how a node should be cut, by the configuration of mig-parted that its label names, and how it is.
#include <fmt/format.h>

#include <algorithm>

#include "observe/rules.hpp"
#include "observe/split.hpp"

namespace rightslice::observe {
namespace {

/// Profile -> how many on the node; empty: whole GPUs, or MIG on and nothing cut.
struct Wanted {
  std::string profile;
  std::int64_t slices = 0, whole = 0;
};

/// What the names mean in the configuration that the GPU operator ships (mig-parted, deployments/config; gpu-operator, assets/state-mig-manager):
/// of a configuration of one's own only the name is known, so others say nothing here.
std::optional<Wanted> meaningOf(const Geometry& geometry) {
  if (geometry.config == "all-disabled") return Wanted{"", 0, *geometry.gpus};
  if (geometry.config == "all-enabled") return Wanted{};
  if (!geometry.config.starts_with("all-")) return std::nullopt;
  const auto* profile = geometry.product->profile(geometry.config.substr(4));
  if (profile == nullptr || !profile->maxInstances) return std::nullopt;
  return Wanted{profile->name, *profile->maxInstances * *geometry.gpus, 0};
}

std::string text(const Wanted& wanted) {
  if (wanted.whole > 0) return counted(wanted.whole, "whole GPU");
  return wanted.profile.empty() ? "no slice" : fmt::format("{} {}", counted(wanted.slices, "slice"), wanted.profile);
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
  std::string there;
  for (const SliceUse& each : board.slices) {
    const std::int64_t count = std::max(each.capacity, each.offered);
    if (count > 0) there += fmt::format("{}{} {}", there.empty() ? "" : ", ", count, sliceName(each));
  }
  finding.evidence.push_back({"offered", there.empty() ? "nothing" : there, fmt::format("status of node {}", node.facts.name)});
  // mig-parted, deployments/container/reconfigure-mig: success, failed, pending or rebooting.
  if (geometry.configState == "failed") {
    finding.message = fmt::format("geometry: {} could not be applied, and the node offers {}", geometry.config, there.empty() ? "nothing" : there);
    finding.remedy = "look at the log of mig-manager on the node: a pod may hold a GPU, or the configuration may not suit its product";
    return {std::move(finding)};
  }
  const bool plain = geometry.strategy == "mixed" && geometry.single.empty() && geometry.shares == 1 && geometry.sharing.empty() && !node.byClaims();
  const bool known = geometry.product != nullptr && geometry.gpus && *geometry.gpus > 0 && *geometry.gpus <= kMostGpus;
  if (geometry.configState != "success" || !plain || !known) return {};
  const auto wanted = meaningOf(geometry);
  if (!wanted) return {};
  std::int64_t slices = 0, others = 0, whole = 0;
  for (const SliceUse& each : board.slices) {
    const std::int64_t count = std::max(each.capacity, each.offered);
    (each.resource == "nvidia.com/gpu" ? whole : each.profile == wanted->profile && !each.profile.empty() ? slices : others) += count;
  }
  if (others == 0 && slices == wanted->slices && whole == wanted->whole) return {};
  finding.message = fmt::format("geometry: {} means {}, and the node offers {}", geometry.config, text(*wanted), there.empty() ? "nothing" : there);
  finding.remedy = "set the label anew, so that mig-manager applies it; or name the configuration by which the node is really cut";
  finding.confidence = model::Confidence::Medium;   // somebody may have written another configuration under this name
  return {std::move(finding)};
}

}  // namespace rightslice::observe
