// What node selection says about GPUs: nodeSelector and required node affinity.
#include <algorithm>
#include <iterator>

#include "workload/read_pod.hpp"

namespace rightslice::workload {
namespace {

struct Row {
  std::string_view label;
  NodeSelection::Label NodeSelection::*field;
};

constexpr Row kLabels[] = {
    {"nvidia.com/gpu.product", &NodeSelection::product},
    {"cloud.google.com/gke-accelerator", &NodeSelection::gkeAccelerator},
    {"cloud.google.com/gke-gpu-partition-size", &NodeSelection::gkePartition},
    {"cloud.google.com/gke-gpu-sharing-strategy", &NodeSelection::gkeSharing},
};

/// What is read of the label; null: it says nothing of GPUs.
NodeSelection::Label* labelOf(NodeSelection& out, std::string_view key) {
  for (const Row& row : kLabels)
    if (row.label == key) return &(out.*row.field);
  const auto* machine = std::find(std::begin(kMachineLabels), std::end(kMachineLabels), key);
  if (machine == std::end(kMachineLabels)) return nullptr;
  const auto known = std::find_if(out.machine.begin(), out.machine.end(), [&](const auto& each) { return each.first == *machine; });
  return known != out.machine.end() ? &known->second : &out.machine.emplace_back(*machine, NodeSelection::Label{}).second;
}

using Values = std::optional<std::vector<std::string>>;

/// Expressions of one term hold together.
void narrow(Values& values, std::vector<std::string> by) {
  if (!values) {
    values = std::move(by);
    return;
  }
  std::erase_if(*values, [&](const std::string& each) { return std::find(by.begin(), by.end(), each) == by.end(); });
}

void readTerm(const Part& term, NodeSelection& out) {
  for (const Row& row : kLabels) (out.*row.field).terms.emplace_back();
  for (const Part& expression : term.objects("matchExpressions")) {
    const std::string_view key = expression.string("key").value_or("");
    const std::string_view op = expression.string("operator").value_or("");
    bool whole = true;
    std::vector<std::string> values = expression.strings("values", &whole);
    // A value that is lost would narrow the set: then nothing is read.
    if (op != "In" || !whole) continue;
    NodeSelection::Label* label = labelOf(out, key);
    if (label == nullptr) continue;
    label->terms.resize(out.product.terms.size());  // those of machines are not there yet
    narrow(label->terms.back(), std::move(values));
  }
}

}  // namespace

NodeSelection readNodeSelection(const Part& podSpec) {
  return readNodeSelection(podSpec, "nodeSelector",
                           podSpec.object("affinity").object("nodeAffinity").object("requiredDuringSchedulingIgnoredDuringExecution"));
}

NodeSelection readNodeSelection(const Part& selectorParent, std::string_view selector, const Part& required) {
  NodeSelection out;
  out.nodeSelector = selectorParent.stringMap(selector);
  for (const auto& [key, value] : out.nodeSelector) {
    NodeSelection::Label* label = labelOf(out, key);
    if (label != nullptr && !label->selector) label->selector = value;
  }
  for (const Row& row : kLabels) (out.*row.field).hasAffinity = required.exists();
  const Part terms = required.member("nodeSelectorTerms");
  if (terms.exists() && !terms.view().isArray()) terms.report("an array of objects");
  if (!terms.view().isArray()) return out;
  // An alternative that cannot be read is one that names nothing.
  for (const Part& term : terms.children()) readTerm(term.asObject(), out);
  return out;
}

}  // namespace rightslice::workload
