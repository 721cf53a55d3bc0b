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
    for (const Row& row : kLabels) {
      if (row.label == key) narrow((out.*row.field).terms.back(), values);
    }
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
  for (const Row& row : kLabels) {
    if (const std::string* value = findIn(out.nodeSelector, row.label)) (out.*row.field).selector = *value;
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
