// Lists of modules in a quantization_config, and which layers they leave at 16 bit.
#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

#include "json/view.hpp"
#include "model/architecture.hpp"
#include "model/layer_roles.hpp"
#include "model/module_pattern.hpp"

namespace rightslice::model {

/// Names of modules as patterns. What is not understood makes `detail` unclear.
class ModuleList {
 public:
  void add(std::string_view text, Quantization& detail);
  void addAll(json::View list, Quantization& detail);
  bool empty() const { return patterns_.empty(); }
  bool holdsHead() const;
  /// The modules that it names in the first so many layers. Where that were too much work, entries are left out.
  LayerRoles inLayers(std::size_t layers, Quantization& detail) const;

 private:
  std::vector<ModulePattern> patterns_;
};

/// Counts for each role the layers that stay wide: those that `wide` holds, or that `covered`, where it names any, does
/// not.
void countWide(const ModuleList& wide, const ModuleList& covered, const Architecture& a, Quantization& detail);

}  // namespace rightslice::model
