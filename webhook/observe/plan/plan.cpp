#include "observe/plan/plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "json/writer.hpp"
#include "observe/plan/gain.hpp"

namespace rightslice::observe::plan {

Plan planOf(const Snapshot& snapshot, const Observation& seen, bool recommended) {
  Plan out;
  out.recommended = recommended;
  out.advice = adviceOf(snapshot, seen);
  out.fleet = fleetOf(snapshot, seen, recommended);
  if (recommended) out.withoutGain = leaveWithoutGain(out.fleet);
  out.target = targetOf(out.fleet);
  out.asAsked = recommended ? targetOf(fleetOf(snapshot, seen, false)).pools : out.target.pools;
  out.migration = migrationOf(snapshot, out.fleet, out.target);
  for (std::size_t i = 0; i < out.target.nodes.size(); ++i) {
    if (!out.target.nodes[i].recut()) continue;
    std::vector<Cut> cuts;
    for (const GpuTarget& each : out.target.nodes[i].gpus) cuts.push_back(each.then);
    // Alike ones beside each other, so that few lines say it.
    std::stable_sort(cuts.begin(), cuts.end(), [](const Cut& a, const Cut& b) { return std::tie(a.whole, a.slices) < std::tie(b.whole, b.slices); });
    auto at = std::find_if(out.configs.begin(), out.configs.end(), [&](const MigConfig& each) { return each.gpus == cuts; });
    if (at == out.configs.end()) at = out.configs.insert(at, {fmt::format("rightslice-{}", out.configs.size() + 1), std::move(cuts), {}});
    at->nodes.push_back(i);
  }
  return out;
}

std::string workloadTitle(const Observation& seen, Index deployed) {
  const auto& judgement = seen.workloads[deployed].judgement;
  return fmt::format("{} {}/{}", judgement.kind, judgement.ns, judgement.name);
}

std::string needTitle(const Snapshot& snapshot, const Observation& seen, const Need& need) {
  if (!need.pod) return fmt::format("a pod of {}", workloadTitle(seen, need.deployed));
  const Pod& pod = snapshot.pods[*need.pod];
  return fmt::format("pod {}/{}", pod.ns, pod.name);
}

std::string asksText(const Slices& slices, std::int64_t whole) {
  std::string out = slices.empty() && whole > 0 ? "" : text(slices);
  if (whole > 0) out += fmt::format("{}{} whole GPU{}", out.empty() ? "" : ", ", whole, whole == 1 ? "" : "s");
  return out;
}

std::vector<std::string> notesOn(const Observation& seen, const Plan& plan, std::size_t node) {
  std::vector<std::string> out;
  const Geometry& geometry = seen.placement.boards[plan.fleet.nodes[node].board].geometry;
  if (!plan.target.nodes[node].recut()) return out;
  if (geometry.strategy != "mixed")
    out.push_back(fmt::format("nvidia.com/mig.strategy of the node {}: slices of several profiles need the strategy mixed of the device plugin",
                              geometry.strategy.empty() ? "is not told" : "is " + geometry.strategy));
  const auto cutting = Cutting::of(*geometry.product);
  bool mode = false, inferred = false;
  for (const GpuTarget& each : plan.target.nodes[node].gpus) {
    mode = mode || each.now.whole != each.then.whole;
    inferred = inferred || (each.fate == GpuTarget::Fate::Recut && cutting && cutting->inferred(each.then.slices));
  }
  // MIG User Guide, "Enable MIG Mode": Ampere GPUs are reset for it, Hopper and later are not.
  if (mode) out.push_back("MIG mode is switched: GPUs of the Ampere generation are reset for that, which often takes a reboot of the node");
  if (inferred)
    out.push_back(fmt::format("where slices of {} may lie was not printed by its driver, but taken from boards of its kind: compare nvidia-smi mig -lgipp",
                              geometry.product->title));
  return out;
}

std::string kustomization(const Snapshot& snapshot, const Observation& seen, const Plan& plan) {
  std::string out;
  for (const Advice& each : plan.advice) {
    const auto index = seen.placement.deployed[each.deployed].object;
    if (each.patch.empty() || !index) continue;
    const Object& object = snapshot.objects[*index];
    const auto slash = object.apiVersion.find('/');
    out += fmt::format("  - target: {{group: \"{}\", version: {}, kind: {}, namespace: {}, name: {}}}\n    patch: |-\n", object.group,
                       slash == std::string::npos ? object.apiVersion : object.apiVersion.substr(slash + 1), object.kind, json::quoted(object.ns),
                       json::quoted(object.name));
    // JSON is YAML: an operation a line, so that a review can read it. Quantities are not tested: a manifest may write 1 where the cluster
    // has "1", and a test that fails breaks the whole build; a move fails by itself where there is nothing of the name.
    std::string operations;
    for (const auto& one : each.patch) {
      if (one.op == json::PatchOperation::Op::Test && one.path.find("/resources/") != std::string::npos) continue;
      const std::string text = json::patchText({one});
      operations += fmt::format("{}        {}", operations.empty() ? "" : ",\n", text.substr(1, text.size() - 2));
    }
    out += fmt::format("      [\n{}\n      ]\n", operations);
  }
  return "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n" + (out.empty() ? "patches: []\n" : "patches:\n" + out);
}

std::string migPartedYaml(const Plan& plan) {
  std::string out = "version: v1\nmig-configs:\n";
  // An empty map of configurations is an error to mig-parted (api/spec/v1/spec.go), none is not.
  if (plan.configs.empty()) return "# nothing is to be cut anew\nversion: v1\n";
  for (const MigConfig& config : plan.configs) {
    std::string nodes;
    for (const std::size_t each : config.nodes) nodes += (nodes.empty() ? "" : ", ") + plan.fleet.nodes[each].name;
    out += fmt::format("  # {}\n  {}:\n", nodes, config.name);
    for (std::size_t from = 0; from < config.gpus.size();) {
      std::size_t to = from;
      std::string indexes;
      for (; to < config.gpus.size() && config.gpus[to] == config.gpus[from]; ++to) indexes += fmt::format("{}{}", indexes.empty() ? "" : ", ", to);
      const Cut& cut = config.gpus[from];
      out += to - from == config.gpus.size() ? "    - devices: all\n" : fmt::format("    - devices: [{}]\n", indexes);
      out += fmt::format("      mig-enabled: {}\n", !cut.whole);
      if (!cut.whole) {
        out += cut.slices.empty() ? "      mig-devices: {}\n" : "      mig-devices:\n";
        for (const auto& [profile, count] : cut.slices) out += fmt::format("        \"{}\": {}\n", profile, count);
      }
      from = to;
    }
  }
  return out;
}

}  // namespace rightslice::observe::plan
