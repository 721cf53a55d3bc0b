#include "model/layer_roles.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <optional>
#include <string>

#include "model/matrices.hpp"
#include "model/position_automaton.hpp"

namespace rightslice::model {
namespace {

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

struct Module {
  std::size_t role;
  std::string name;  // behind the number: ".self_attn.q_proj"
};

const std::vector<Module>& modules() {
  static const std::vector<Module> all = [] {
    std::vector<Module> list;
    for (std::size_t role = 0; role < kRoles; ++role) {
      if (const std::string_view name = moduleName(static_cast<Role>(role)); isLinear(static_cast<Role>(role)) && !name.empty())
        list.push_back({role, fmt::format(".{}", name)});
    }
    for (const Alias& alias : kAliases) list.push_back({static_cast<std::size_t>(alias.role), fmt::format(".{}", alias.module)});
    return list;
  }();
  return all;
}

/// The layer that a part of a name means, if it is written as names write it.
std::optional<std::size_t> layerOf(std::string_view part) {
  std::size_t layer = 0;
  const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), layer);
  if (error != std::errc() || end != part.data() + part.size() || (part.size() > 1 && part.front() == '0')) return std::nullopt;
  return layer;
}

}  // namespace

void LayerRoles::add(const ModulePattern& pattern) {
  if (pattern.regex())
    addExpression(*pattern.regex());
  else
    addName(pattern.name());
}

void LayerRoles::addName(std::string_view name) {
  Roles everywhere;  // without the number: the name is part of what is before it, or behind it
  const bool beforeNumber = std::any_of(std::begin(kPrefixes), std::end(kPrefixes), [&](std::string_view prefix) {
    return isPartOf(name, prefix.substr(0, prefix.size() - 1));
  });
  for (const Module& module : modules()) {
    if (beforeNumber || isPartOf(name, std::string_view(module.name).substr(1))) everywhere.set(module.role);
  }
  work_ += modules().size();
  if (everywhere.any()) {
    for (Roles& roles : roles_) roles |= everywhere;
  }
  for (std::size_t at = 0, end = 0; at <= name.size(); at = end + 1) {
    end = std::min(name.find('.', at), name.size());
    const auto layer = layerOf(name.substr(at, end - at));
    if (!layer || *layer >= roles_.size()) continue;
    const std::string_view before = name.substr(0, at), behind = name.substr(end);
    if (std::none_of(std::begin(kPrefixes), std::end(kPrefixes), [&](std::string_view prefix) {
          return prefix.ends_with(before) && (before.size() == prefix.size() || before.empty() ||
                                              prefix[prefix.size() - before.size() - 1] == '.');
        }))
      continue;
    for (const Module& module : modules()) {
      if (module.name.starts_with(behind) && (behind.size() == module.name.size() || module.name[behind.size()] == '.'))
        roles_[*layer].set(module.role);
    }
    work_ += modules().size();
  }
}

void LayerRoles::addExpression(const ModuleRegex& regex) {
  using Set = PositionSets::Set;
  const PositionAutomaton automaton(regex);
  PositionSets forward(automaton.reads, automaton.next), backward(automaton.reads, automaton.previous);

  // For each module the positions that read its first character where the expression matches all of it.
  std::vector<Set> reading;
  const auto readAll = [&] {
    Set dots;
    for (std::size_t position = 0; position < automaton.reads.size(); ++position) dots[position] = automaton.reads[position]['.'];
    for (const Module& module : modules()) {
      std::uint32_t at = backward.numberOf(automaton.last);
      for (std::size_t left = module.name.size(); --left > 0;) at = backward.step(at, module.name[left]);
      reading.push_back(backward[at] & dots);
    }
  };
  std::vector<std::optional<Roles>> known;  // of each set that numbers lead to
  const auto rolesBehind = [&](std::uint32_t set) {
    if (set >= known.size()) known.resize(set + 1);
    if (known[set]) return *known[set];
    Roles roles;
    if (forward[set].any()) {
      if (reading.empty()) readAll();
      for (std::size_t index = 0; index < reading.size(); ++index) {
        if ((forward[set] & reading[index]).any()) roles.set(modules()[index].role);
      }
      work_ += reading.size();
    }
    known[set] = roles;
    return roles;
  };

  std::vector<std::uint32_t> behind(roles_.size());  // the number of a layer
  for (const std::string_view prefix : kPrefixes) {
    std::uint32_t start = forward.numberOf(automaton.first);
    for (const char c : prefix) start = forward.step(start, c);
    if (forward[start].none()) continue;
    for (std::size_t layer = 0; layer < roles_.size(); ++layer) {
      const std::uint32_t digitsBefore = layer < 10 ? start : behind[layer / 10];
      behind[layer] = forward.step(digitsBefore, static_cast<char>('0' + layer % 10));
      roles_[layer] |= rolesBehind(behind[layer]);
    }
    work_ += roles_.size();
  }
  work_ += automaton.work + forward.work() + backward.work();
}

}  // namespace rightslice::model
