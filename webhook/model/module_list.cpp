#include "model/module_list.hpp"

#include <algorithm>

#include "model/matrices.hpp"

namespace rightslice::model {
namespace {

constexpr std::size_t kMostPatterns = 20'000;
constexpr std::int64_t kMostLayers = 1'024;  // more are not looked at one by one
constexpr std::size_t kMostWork = 8'000'000;  // steps; kMostPatterns names take a fifth of them

/// Whether a layer has a matrix of the role.
bool standsIn(const Architecture& a, Role role, std::int64_t layer) {
  switch (role) {
    case Role::Query:
      return !a.isMla() || a.qLoraRank == 0;
    case Role::Key:
    case Role::Value:
      return !a.isMla();
    case Role::QueryDown:
    case Role::QueryUp:
      return a.isMla() && a.qLoraRank > 0;
    case Role::KvDown:
    case Role::KvUp:
      return a.isMla();
    case Role::Gate:
      return a.gatedMlp && !isExpertLayer(a, layer);
    case Role::Up:
    case Role::Down:
      return !isExpertLayer(a, layer);
    case Role::SharedGate:
    case Role::SharedUp:
    case Role::SharedDown:
      return isExpertLayer(a, layer) && (a.sharedIntermediate > 0 || a.sharedExperts > 0);
    case Role::ExpertGate:
    case Role::ExpertUp:
    case Role::ExpertDown:
      return isExpertLayer(a, layer);
    default:
      return true;
  }
}

}  // namespace

void ModuleList::add(std::string_view text, Quantization& detail) {
  if (patterns_.size() >= kMostPatterns) {
    detail.unclear = true;
    return;
  }
  auto pattern = ModulePattern::parse(text);
  if (pattern)
    patterns_.push_back(std::move(*pattern));
  else
    detail.unclear = true;
}

void ModuleList::addAll(json::View list, Quantization& detail) {
  for (const json::View one : list.elements()) add(one.stringOr(""), detail);
}

bool ModuleList::holdsHead() const {
  return std::any_of(patterns_.begin(), patterns_.end(), [](const ModulePattern& pattern) {
    return pattern.matches(moduleName(Role::Head)) || pattern.matches("language_model.lm_head");
  });
}

LayerRoles ModuleList::inLayers(std::size_t layers, Quantization& detail) const {
  LayerRoles roles(layers);
  for (const ModulePattern& pattern : patterns_) {
    if (roles.work() > kMostWork) {
      detail.unclear = true;
      break;
    }
    roles.add(pattern);
  }
  return roles;
}

void countWide(const ModuleList& wide, const ModuleList& covered, const Architecture& a, Quantization& detail) {
  if (wide.empty() && covered.empty()) return;
  const std::int64_t layers = std::clamp<std::int64_t>(a.layers, 0, kMostLayers);
  if (a.layers > kMostLayers) detail.unclear = true;
  const LayerRoles inWide = wide.inLayers(static_cast<std::size_t>(layers), detail);
  const LayerRoles inCovered = covered.inLayers(static_cast<std::size_t>(layers), detail);
  for (std::size_t index = 0; index < kRoles; ++index) {
    const Role role = static_cast<Role>(index);
    if (!isLinear(role) || moduleName(role).empty()) continue;
    std::int32_t count = 0;
    for (std::int64_t layer = 0; layer < layers; ++layer) {
      if (!standsIn(a, role, layer)) continue;
      const auto at = static_cast<std::size_t>(layer);
      if (inWide.names(role, at) || (!covered.empty() && !inCovered.names(role, at))) ++count;
    }
    detail.wideLayers[index] = count;
  }
}

}  // namespace rightslice::model
