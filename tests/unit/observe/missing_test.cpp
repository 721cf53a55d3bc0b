// Pods that are declared and were never made: needed all the same, and said after a while.
#include <doctest/doctest.h>

#include <fmt/format.h>

#include "fixture.hpp"
#include "observe/plan/plan.hpp"

using namespace rightslice;
using namespace rightslice::observe;

namespace {

std::string node(std::string_view slices, std::string_view labels = "") {
  return fmt::format("---\napiVersion: v1\nkind: Node\nmetadata: {{name: n1, labels: {{nvidia.com/gpu.product: NVIDIA-H100-80GB-HBM3, nvidia.com/gpu.count: '1', "
                     "nvidia.com/mig.strategy: mixed{}}}}}\nstatus: {{capacity: {{{}}}, allocatable: {{{}}}, conditions: [{{type: Ready, status: 'True'}}]}}\n",
                     labels, slices, slices);
}

struct Declared {
  int replicas = 3, existing = 1;
  std::string conditions{}, kind = "Deployment", spec{};
};

std::string text(const Declared& declared) {
  std::string out = fmt::format("---\napiVersion: apps/v1\nkind: {}\nmetadata: {{name: chat, namespace: a, uid: d, generation: 2, creationTimestamp: '2026-05-01T00:00:00Z'}}\n"
                                "spec: {{replicas: {}, template: {{spec: {{{}containers: [{{name: main, image: x, resources: {{limits: {{nvidia.com/mig-3g.40gb: 1}}}}}}]}}}}}}\n"
                                "status: {{observedGeneration: 2, replicas: {}, updatedReplicas: {}, conditions: [{}]}}\n",
                                declared.kind, declared.replicas, declared.spec, declared.existing, declared.existing, declared.conditions);
  for (int i = 0; i < declared.existing; ++i)
    out += fmt::format("---\napiVersion: v1\nkind: Pod\nmetadata: {{name: chat-{0}, namespace: a, uid: p{0}, creationTimestamp: '2026-05-31T00:00:00Z', ownerReferences: "
                       "[{{apiVersion: apps/v1, kind: {1}, name: chat, uid: d, controller: true}}]}}\nspec: {{nodeName: n1, {2}containers: [{{name: main, image: x, resources: "
                       "{{limits: {{nvidia.com/mig-3g.40gb: 1}}}}}}]}}\nstatus: {{phase: Running, conditions: [{{type: Ready, status: 'True'}}]}}\n",
                       i, declared.kind, declared.spec);
  return out;
}

Snapshot snapshot(const std::string& yaml, bool replicaSets = true) {
  auto out = snapshotOf(yaml);
  for (const char* each : {"pods", "deployments.apps", "statefulsets.apps"}) out.coverage.add({each, "", Seen::State::Read, "", 0});
  if (replicaSets) out.coverage.add({"replicasets.apps", "", Seen::State::Read, "", 0});
  return out;
}

constexpr std::string_view kQuota =
    "{type: ReplicaFailure, status: 'True', reason: FailedCreate, message: 'exceeded quota: gpus', lastTransitionTime: '2026-05-31T22:00:00Z'}";

std::vector<Finding> replicaDrift(const Look& look) {
  auto all = look.findings(Code::Drift);
  std::erase_if(all, [](const Finding& each) { return each.aspect != "replicas"; });
  return all;
}

}  // namespace

TEST_CASE("declared and existing are told apart, and after a while the difference is Drift with its reason") {
  const Look look(snapshot(node("nvidia.com/mig-3g.40gb: 2") + text({3, 1, std::string(kQuota)})));
  REQUIRE(look.seen.workloads.size() == 1);
  CHECK(look.seen.workloads[0].replicas == 3);
  CHECK(look.seen.workloads[0].missing == 2);
  const auto drift = replicaDrift(look);
  REQUIRE(drift.size() == 1);
  CHECK(drift[0].message == "replicas: Deployment chat declares 3 pods, and 1 exists, for 2 h now: exceeded quota: gpus");
  CHECK(drift[0].confidence == model::Confidence::High);
}

TEST_CASE("what may still come is no drift, and what cannot be told is nothing") {
  const std::string soon = "{type: Progressing, status: 'True', lastUpdateTime: '2026-05-31T23:58:00Z'}", old = "{type: Progressing, status: 'True', lastUpdateTime: '2026-05-31T23:00:00Z'}";
  CHECK(replicaDrift(Look(snapshot(text({3, 1, soon})))).empty());
  CHECK(replicaDrift(Look(snapshot(text({3, 1, old})))).size() == 1);
  CHECK(replicaDrift(Look(snapshot(text({1, 1, old})))).empty());
  CHECK(replicaDrift(Look(snapshot(text({3, 0})))).empty());                         // since when is not told
  CHECK(replicaDrift(Look(snapshot(text({3, 1, "", "StatefulSet"})))).size() == 1);  // its pod is ready since yesterday
  const Look blind(snapshot(text({3, 1, old}), false));                              // pods of ReplicaSets that were not read may be anywhere
  CHECK(blind.seen.workloads[0].missing == 0);
  CHECK(replicaDrift(blind).empty());
  const Look stateful(snapshot(text({3, 1, "", "StatefulSet"}), false));
  CHECK(stateful.seen.workloads[0].missing == 2);
}

TEST_CASE("what is declared and not made needs slices as what waits does") {
  const Look roomy(snapshot(node("nvidia.com/mig-3g.40gb: 2") + text({2, 1, std::string(kQuota)})));
  CHECK(roomy.findings(Code::Pending).empty());   // there is a slice for it: something else is in the way
  const Look full(snapshot(node("nvidia.com/mig-3g.40gb: 2") + text({4, 1, std::string(kQuota)})));
  const auto pending = full.findings(Code::Pending);
  REQUIRE(pending.size() == 1);
  CHECK(pending[0].message == "3 pods declared and not made wait for nvidia.com/mig-3g.40gb, and 1 of the 2 that are offered is free");
  const Look cut(snapshot(node("nvidia.com/mig-1g.10gb: 7") + text({2, 0, std::string(kQuota)})));
  const auto plan = plan::planOf(cut.snapshot, cut.seen, true);
  REQUIRE(plan.fleet.needs.size() == 2);
  CHECK_FALSE(plan.fleet.needs[0].pod.has_value());
  CHECK(plan::needTitle(cut.snapshot, cut.seen, plan.fleet.needs[0]) == "a pod of Deployment a/chat");
  CHECK(plan::migPartedYaml(plan).find("\"3g.40gb\": 2") != std::string::npos);
  const Look elsewhere(snapshot(node("nvidia.com/mig-1g.10gb: 7", ", zone: x") + text({1, 0, std::string(kQuota), "Deployment", "nodeSelector: {zone: y}, "})));
  CHECK(plan::planOf(elsewhere.snapshot, elsewhere.seen, true).fleet.outside.size() == 1);
}
