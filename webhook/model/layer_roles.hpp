// Which modules the entries of a list name, layer by layer.
#pragma once
#include <bitset>
#include <cstdint>
#include <string_view>
#include <vector>

#include "model/architecture.hpp"
#include "model/module_pattern.hpp"

namespace rightslice::model {

/// The roles whose modules are named in each of the layers, by any of the names that checkpoints have for them. An entry
/// is not tried on each name of each layer: a name stands for the layers whose numbers it holds, and expressions read
/// what is before the number, the number and what is behind it apart.
class LayerRoles {
 public:
  explicit LayerRoles(std::size_t layers) : roles_(layers) {}
  void add(const ModulePattern& pattern);
  /// Of linear layers only.
  bool names(Role role, std::size_t layer) const { return roles_[layer][static_cast<std::size_t>(role)]; }
  /// Steps that all entries so far took; each takes about as long as comparing two names.
  std::size_t work() const { return work_; }

 private:
  using Roles = std::bitset<kRoles>;
  void addName(std::string_view name);
  void addExpression(const ModuleRegex& regex);

  std::vector<Roles> roles_;
  std::size_t work_ = 0;
};

}  // namespace rightslice::model
