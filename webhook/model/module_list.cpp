#include "model/module_list.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <optional>

#include "model/matrices.hpp"

namespace rightslice::model {
namespace {

constexpr std::size_t kMostPatterns = 20'000;
constexpr std::int64_t kMostLayers = 1'024;  // more are not looked at one by one

/// Other names of the same module in checkpoints.
struct Alias {
  Role role;
  std::string_view module;
};
constexpr Alias kAliases[] = {
    {Role::Query, "self_attn.qkv_proj"},
    {Role::Key, "self_attn.qkv_proj"},
    {Role::Value, "self_attn.qkv_proj"},
    {Role::Gate, "mlp.gate_up_proj"},
    {Role::Up, "mlp.gate_up_proj"},
    {Role::QueryDown, "self_attn.fused_qkv_a_proj"},
    {Role::KvDown, "self_attn.fused_qkv_a_proj"},
    {Role::ExpertGate, "block_sparse_moe.experts.0.w1"},
    {Role::ExpertUp, "block_sparse_moe.experts.0.w3"},
    {Role::ExpertDown, "block_sparse_moe.experts.0.w2"},
    {Role::ExpertGate, "feed_forward.experts.gate_proj"},
    {Role::ExpertUp, "feed_forward.experts.up_proj"},
    {Role::ExpertDown, "feed_forward.experts.down_proj"},
    {Role::SharedGate, "mlp.shared_expert.gate_proj"},
    {Role::SharedUp, "mlp.shared_expert.up_proj"},
    {Role::SharedDown, "mlp.shared_expert.down_proj"},
    {Role::SharedGate, "feed_forward.shared_expert.gate_proj"},
    {Role::SharedUp, "feed_forward.shared_expert.up_proj"},
    {Role::SharedDown, "feed_forward.shared_expert.down_proj"},
    {Role::Gate, "feed_forward.gate_proj"},
    {Role::Up, "feed_forward.up_proj"},
    {Role::Down, "feed_forward.down_proj"},
};
constexpr std::string_view kPrefixes[] = {"model.layers.", "model.language_model.layers.",
                                          "language_model.model.layers."};

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

bool matches(const ModulePattern& pattern, Role role, std::int64_t layer) {
  if (role == Role::Head || role == Role::Embedding)
    return pattern.matches(moduleName(role)) ||
           pattern.matches(role == Role::Head ? "language_model.lm_head" : "language_model.model.embed_tokens");
  const auto tries = [&](std::string_view module) {
    for (const std::string_view prefix : kPrefixes) {
      if (pattern.matches(fmt::format("{}{}.{}", prefix, layer, module))) return true;
    }
    return false;
  };
  if (tries(moduleName(role))) return true;
  for (const Alias& alias : kAliases) {
    if (alias.role == role && tries(alias.module)) return true;
  }
  return false;
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

bool ModuleList::holds(Role role, std::int64_t layer) const {
  for (const ModulePattern& pattern : patterns_) {
    if (pattern.layer() >= 0 && pattern.layer() != layer) continue;
    if (matches(pattern, role, layer)) return true;
  }
  return false;
}

bool ModuleList::dependsOnLayer() const {
  return std::any_of(patterns_.begin(), patterns_.end(), [](const ModulePattern& p) { return p.dependsOnLayer(); });
}

/// Counts for each role the layers that stay wide: those that `wide` holds, or that `covered`, where it names any, does
/// not.
void countWide(const ModuleList& wide, const ModuleList& covered, const Architecture& a, Quantization& detail) {
  if (wide.empty() && covered.empty()) return;
  const std::int64_t layers = std::clamp<std::int64_t>(a.layers, 0, kMostLayers);
  if (a.layers > kMostLayers) detail.unclear = true;
  const bool layered = wide.dependsOnLayer() || covered.dependsOnLayer();
  for (std::size_t index = 0; index < kRoles; ++index) {
    const Role role = static_cast<Role>(index);
    if (!isLinear(role) || moduleName(role).empty()) continue;
    const auto staysWide = [&](std::int64_t layer) {
      return wide.holds(role, layer) || (!covered.empty() && !covered.holds(role, layer));
    };
    std::int32_t count = 0;
    std::optional<bool> answer;  // the same for all layers unless entries tell them apart
    for (std::int64_t layer = 0; layer < layers; ++layer) {
      if (!standsIn(a, role, layer)) continue;
      if (layered || !answer) answer = staysWide(layer);
      if (*answer) ++count;
    }
    detail.wideLayers[index] = count;
  }
}

}  // namespace rightslice::model
