// The GPU products that node selection names (DESIGN 3.2).
#pragma once
#include <string>
#include <vector>

#include "gpu/catalogue.hpp"
#include "workload/pod_template.hpp"

namespace rightslice::policy {

using Products = std::vector<const gpu::Product*>;
/// Adds what is not there yet; null is nothing.
void addOnce(Products& products, const gpu::Product* product);

/// Where `unknown` is not empty the set is not known, and nothing else may stand in for it: the pod may get what the catalogue lacks.
struct SelectedProducts {
  bool open = true;                    ///< an alternative names no product
  Products known;                      ///< not open: the set. May be empty: a contradiction
  std::vector<std::string> unknown;    ///< "NVIDIA-L4", "g5.2xlarge (A10G)": what it names and the catalogue lacks

  bool pinned() const { return !open && unknown.empty(); }
};
/// Both must hold. What one of them names and the catalogue lacks may be what the other names: each has names of its own.
SelectedProducts meet(const SelectedProducts& a, const SelectedProducts& b);
/// By the labels of both vendors; where they are silent, by those of machines.
SelectedProducts selectedProducts(const workload::NodeSelection& nodes, const gpu::Catalogue& gpus);

}  // namespace rightslice::policy
