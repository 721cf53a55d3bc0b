#include "policy/selected_products.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "policy/machine_gpus.hpp"

namespace rightslice::policy {
namespace {

using Label = workload::NodeSelection::Label;

bool holds(const Products& products, const gpu::Product* product) {
  return std::find(products.begin(), products.end(), product) != products.end();
}

/// Whether it names anything.
bool says(const SelectedProducts& set) { return !set.open || !set.unknown.empty(); }

void mention(std::vector<std::string>& names, const std::string& name) {
  if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
}

/// One of the two holds.
void join(SelectedProducts& all, const SelectedProducts& alternative) {
  all.open = all.open || !says(alternative) || alternative.open;
  for (const auto* product : alternative.known) addOnce(all.known, product);
  for (const auto& name : alternative.unknown) mention(all.unknown, name);
}

class Reader {
 public:
  explicit Reader(const gpu::Catalogue& gpus) : gpus_(gpus) {}

  SelectedProducts product(const std::string& value) const { return one(gpus_.find(value), value); }
  SelectedProducts gke(const std::string& value) const { return one(gpus_.findGke(value), value); }
  SelectedProducts machine(std::string_view label, const std::string& value) const {
    const MachineGpu* machine = gpuOfMachine(label, value);
    if (machine == nullptr) return {};
    SelectedProducts out{false, {}, {}};
    for (const std::string_view title : machine->products) addOnce(out.known, gpus_.find(title));
    if (out.known.empty()) addOnce(out.known, gpus_.find(machine->gpu));
    if (out.known.empty()) out.unknown.push_back(fmt::format("{} ({})", value, machine->gpu));
    return out;
  }

 private:
  static SelectedProducts one(const gpu::Product* product, const std::string& value) {
    if (product != nullptr) return {false, {product}, {}};
    return {false, {}, {value}};
  }
  const gpu::Catalogue& gpus_;
};

/// `read` of each value, one of which holds.
template <class Read>
SelectedProducts anyOf(const std::vector<std::string>& values, Read read) {
  SelectedProducts out{false, {}, {}};
  for (const auto& value : values) join(out, read(value));
  return out;
}

/// The values of one label at one place, where it is named there.
using Values = const std::vector<std::string>*;

/// All labels of one place: nodeSelector, or a term of affinity. `valuesOf` gives those of a label.
template <class ValuesOf>
SelectedProducts atPlace(const workload::NodeSelection& nodes, const Reader& reader, ValuesOf valuesOf) {
  SelectedProducts out;
  if (const Values values = valuesOf(nodes.product)) out = meet(out, anyOf(*values, [&](const auto& value) { return reader.product(value); }));
  if (const Values values = valuesOf(nodes.gkeAccelerator)) out = meet(out, anyOf(*values, [&](const auto& value) { return reader.gke(value); }));
  if (says(out)) return out;
  for (const auto& [name, label] : nodes.machine)
    if (const Values values = valuesOf(label))
      out = meet(out, anyOf(*values, [&, &each = name](const auto& value) { return reader.machine(each, value); }));
  return out;
}

}  // namespace

void addOnce(Products& products, const gpu::Product* product) {
  if (product != nullptr && !holds(products, product)) products.push_back(product);
}

SelectedProducts meet(const SelectedProducts& a, const SelectedProducts& b) {
  if (!says(a)) return b;
  if (!says(b)) return a;
  SelectedProducts out;
  out.open = a.open && b.open;
  for (const auto* product : a.known)
    if (b.open || !b.unknown.empty() || holds(b.known, product)) addOnce(out.known, product);
  for (const auto* product : b.known)
    if (a.open || !a.unknown.empty()) addOnce(out.known, product);
  const bool aMayLack = a.open || !a.unknown.empty(), bMayLack = b.open || !b.unknown.empty();
  if (bMayLack) out.unknown = a.unknown;
  if (aMayLack)
    for (const auto& name : b.unknown) mention(out.unknown, name);
  return out;
}

SelectedProducts selectedProducts(const workload::NodeSelection& nodes, const gpu::Catalogue& gpus) {
  const Reader reader(gpus);
  std::vector<std::string> selected;
  const auto set = atPlace(nodes, reader, [&](const Label& label) -> Values {
    if (!label.selector) return nullptr;
    selected.assign(1, *label.selector);
    return &selected;
  });
  if (nodes.product.terms.empty()) return set;
  SelectedProducts affinity{false, {}, {}};
  for (std::size_t index = 0; index < nodes.product.terms.size(); ++index)
    join(affinity, atPlace(nodes, reader, [&](const Label& label) -> Values {
           return index < label.terms.size() && label.terms[index] ? &*label.terms[index] : nullptr;
         }));
  return meet(set, affinity);
}

}  // namespace rightslice::policy
