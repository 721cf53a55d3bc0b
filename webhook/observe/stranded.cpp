// Stranded: parts of GPUs that lie in no slice and of which no slice that is allowed can be made. Memory and compute are told apart.
#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.hpp"
#include "observe/rules.hpp"

namespace rightslice::observe {
namespace {

constexpr std::int64_t kBelievable = 1'000'000;   // GPUs or slices of one node: labels may say anything

struct Parts {
  std::int64_t compute = 0, memory = 0;   // slices
};

/// What lies in no slice, of all GPUs of the node together; nothing where that cannot be told.
std::optional<Parts> uncut(const Board& board) {
  const auto& geometry = board.geometry;
  const auto* product = geometry.product;
  if (!board.unseen.empty()) return std::nullopt;
  if (product == nullptr || !geometry.sharing.empty() || !geometry.gpus || !product->computeSlices || !product->memorySlices) return std::nullopt;
  if (*geometry.gpus < 0 || *geometry.gpus > kBelievable) return std::nullopt;
  Parts out{*geometry.gpus * *product->computeSlices, *geometry.gpus * *product->memorySlices};
  for (const SliceUse& slice : board.slices) {
    if (slice.resource.ends_with(".shared")) return std::nullopt;
    const std::int64_t count = std::max(slice.capacity, slice.offered) / (slice.resource == "nvidia.com/gpu" ? geometry.shares : 1);
    if (count < 0 || count > kBelievable) return std::nullopt;
    const auto* profile = slice.profile.empty() ? nullptr : product->profile(slice.profile);
    if (slice.profile.empty() && slice.resource != "nvidia.com/gpu" && slice.resource != kClaimedGpu) return std::nullopt;
    if (!slice.profile.empty() && (profile == nullptr || !profile->memorySlices)) return std::nullopt;
    out.compute -= count * (profile != nullptr ? profile->computeSlices : *product->computeSlices);
    out.memory -= count * (profile != nullptr ? *profile->memorySlices : *product->memorySlices);
  }
  if (out.compute < 0 || out.memory < 0) return std::nullopt;  // the labels do not say what is there
  return out;
}

bool allowed(const Scene& scene, std::string_view profile) {
  const auto& policies = scene.looking.environment.policies->policies();
  return policies.empty() || std::any_of(policies.begin(), policies.end(), [&](const auto& each) { return each.profileAllowed(profile); });
}

/// Could a slice be made of these parts of one GPU? Where they lie is not known: it may still not be possible.
bool mayHold(const Scene& scene, const gpu::Product& product, Parts parts) {
  return std::any_of(product.profiles.begin(), product.profiles.end(), [&](const gpu::Profile& each) {
    return each.memorySlices && each.computeSlices <= parts.compute && *each.memorySlices <= parts.memory && allowed(scene, each.name);
  });
}

/// A profile in place of one that is there, which takes in what is stranded on a GPU.
std::string remedyOf(const Board& board, Parts ofOne) {
  const auto& product = *board.geometry.product;
  for (const SliceUse& slice : board.slices) {
    const auto* profile = slice.profile.empty() ? nullptr : product.profile(slice.profile);
    if (profile == nullptr) continue;
    for (const gpu::Profile& other : product.profiles) {
      if (!other.memorySlices || other.parts.attributes != profile->parts.attributes || other.computeSlices != profile->computeSlices + ofOne.compute ||
          *other.memorySlices != *profile->memorySlices + ofOne.memory || other.name == profile->name)
        continue;
      return fmt::format("cut one {} of each GPU as {} instead", profile->name, other.name);
    }
  }
  return "cut the GPUs otherwise, when they can be drained";
}

std::string partsText(const gpu::Product& product, Parts parts) {
  std::string text;
  if (parts.compute > 0) text = counted(parts.compute, "compute slice");
  if (parts.memory > 0) {
    text += (text.empty() ? "" : " and ") + counted(parts.memory, "memory slice");
    if (product.totalMiB)
      text += fmt::format(" (about {})", formatBytes(timesBytes(*product.totalMiB * kMiB / *product.memorySlices, parts.memory)));
  }
  return text;
}

}  // namespace

std::vector<Finding> findStranded(const Scene& scene, Index index) {
  const Board& board = scene.board(index);
  const auto parts = uncut(board);
  if (!parts || (parts->compute == 0 && parts->memory == 0)) return {};
  const auto& product = *board.geometry.product;
  const std::int64_t gpus = *board.geometry.gpus;
  const bool surely = !mayHold(scene, product, *parts);
  // GPUs of a node are mostly cut alike; then each has its part of the rest.
  const bool alike = parts->compute % gpus == 0 && parts->memory % gpus == 0 &&
                     std::all_of(board.slices.begin(), board.slices.end(), [&](const SliceUse& each) { return std::max(each.capacity, each.offered) % gpus == 0; });
  const Parts ofOne{parts->compute / gpus, parts->memory / gpus};
  if (!surely && (!alike || mayHold(scene, product, ofOne))) return {};
  Finding finding;
  finding.code = Code::Stranded;
  finding.path = "/status/capacity";
  finding.confidence = surely ? model::Confidence::High : model::Confidence::Medium;
  finding.message = fmt::format("{} of {} {} in no slice, and no slice that is allowed can be made of it", partsText(product, *parts), counted(gpus, "GPU"),
                                parts->compute + parts->memory == 1 ? "lies" : "lie");
  finding.remedy = board.onDemand ? "free a slice that is in the way, or ask for slices that fill a GPU together" : remedyOf(board, ofOne);
  const std::string source = fmt::format("node {}", scene.node(index).facts.name);
  finding.evidence.push_back({"stranded compute slices", std::to_string(parts->compute), source});
  finding.evidence.push_back({"stranded memory slices", std::to_string(parts->memory), source});
  for (const SliceUse& each : board.slices)
    finding.evidence.push_back({sliceName(each), std::to_string(std::max(each.capacity, each.offered)),
                                source + (byClaim(each.resource) ? ", ResourceSlices and ResourceClaims" : ", status.capacity")});
  return {std::move(finding)};
}

}  // namespace rightslice::observe
