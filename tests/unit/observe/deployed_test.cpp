// Who owns which pod: every pod and every object is in exactly one workload.
#include <doctest/doctest.h>

#include <fmt/format.h>

#include <set>

#include "fixture.hpp"

using namespace rightslice;
using namespace rightslice::observe;

namespace {

constexpr std::string_view kChain = R"(
apiVersion: apps/v1
kind: Deployment
metadata: {name: chat, namespace: a, uid: d}
spec: {replicas: 2, template: {spec: {containers: [{name: m, resources: {limits: {nvidia.com/mig-1g.10gb: 1}}}]}}}
---
apiVersion: v1
kind: Pod
metadata: {name: chat-6f9-x, namespace: a, uid: p1, labels: {pod-template-hash: 6f9}, ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: chat-6f9, uid: r, controller: true}]}
spec: {containers: [{name: m, resources: {limits: {nvidia.com/mig-1g.10gb: 1}}}]}
)";

constexpr std::string_view kSet = R"(
---
apiVersion: apps/v1
kind: ReplicaSet
metadata: {name: chat-6f9, namespace: a, uid: r, ownerReferences: [{apiVersion: apps/v1, kind: Deployment, name: chat, uid: d, controller: true}]}
spec: {template: {spec: {containers: [{name: m, resources: {limits: {nvidia.com/mig-1g.10gb: 1}}}]}}}
)";

std::vector<Deployed> of(const std::string& yaml, Snapshot& snapshot) {
  snapshot = snapshotOf(yaml);
  auto out = deployedOf(snapshot);
  std::multiset<Index> pods;
  for (const Deployed& each : out) pods.insert(each.pods.begin(), each.pods.end());
  CHECK(pods.size() == snapshot.pods.size());
  CHECK(std::set<Index>(pods.begin(), pods.end()).size() == snapshot.pods.size());
  return out;
}

}  // namespace

TEST_CASE("a pod belongs to the outermost object of its owners") {
  Snapshot snapshot;
  const auto deployed = of(std::string(kChain) + std::string(kSet), snapshot);
  REQUIRE(deployed.size() == 1);
  REQUIRE(deployed[0].object);
  CHECK(snapshot.objects[*deployed[0].object].kind == "Deployment");
  CHECK(deployed[0].pods.size() == 1);
  CHECK_FALSE(deployed[0].byName);
  CHECK_FALSE(deployed[0].owner);
}

TEST_CASE("a ReplicaSet that was not read is bridged by its name, and that is said") {
  Snapshot snapshot;
  const auto deployed = of(std::string(kChain), snapshot);
  REQUIRE(deployed.size() == 1);
  CHECK(deployed[0].object);
  CHECK(deployed[0].byName);
  SUBCASE("but not where the name is not the Deployment's and the hash") {
    std::string other(kChain);
    other.replace(other.find("pod-template-hash: 6f9"), 22, "pod-template-hash: 7a0");
    CHECK(of(other, snapshot).size() == 2);
  }
}

TEST_CASE("pods of an owner that nobody reads are one workload where they are alike") {
  std::string yaml;
  for (const std::string_view each : {"0", "1", "2"}) {
    const std::string profile = each == "2" ? "2g.20gb" : "1g.10gb";
    yaml += "---\napiVersion: v1\nkind: Pod\nmetadata: {name: s-" + std::string(each) + ", namespace: a, uid: p" + std::string(each) +
            ", ownerReferences: [{apiVersion: example.com/v1, kind: ModelServer, name: s, uid: x, controller: true}]}\n"
            "spec: {containers: [{name: m, resources: {limits: {nvidia.com/mig-" + profile + ": 1}}}]}\n";
  }
  Snapshot snapshot;
  const auto deployed = of(yaml, snapshot);
  REQUIRE(deployed.size() == 2);
  CHECK(deployed[0].pods.size() == 2);
  CHECK(deployed[1].pods.size() == 1);
  REQUIRE(deployed[0].owner);
  CHECK(deployed[0].owner->kind == "ModelServer");
}

TEST_CASE("what is recorded twice is there once, as it was read last") {
  const auto pod = [](std::string_view node) {
    return fmt::format("---\napiVersion: v1\nkind: Pod\nmetadata: {{name: p, namespace: t, uid: u}}\nspec: {{nodeName: {}, containers: [{{name: m, image: i, resources: "
                       "{{limits: {{nvidia.com/gpu: 1}}}}}}]}}\n", node);
  };
  const std::string node = "---\napiVersion: v1\nkind: Node\nmetadata: {name: n1, labels: {nvidia.com/gpu.product: NVIDIA-A30, nvidia.com/gpu.count: '1'}}\n"
                           "status: {allocatable: {nvidia.com/gpu: 1}}\n";
  const Snapshot snapshot = snapshotOf(node + pod("n0") + pod("n1") + node);
  REQUIRE(snapshot.pods.size() == 1);
  CHECK(snapshot.pods[0].node == "n1");
  REQUIRE(snapshot.nodes->size() == 1);
  CHECK(snapshot.nodes->front().facts.requested.at("nvidia.com/gpu") == 1);
}

TEST_CASE("a bare pod is one workload, and pods of static manifests are bare") {
  Snapshot snapshot;
  const auto deployed = of(R"(
apiVersion: v1
kind: Pod
metadata: {name: bare, namespace: a, uid: p1}
spec: {containers: [{name: m, resources: {limits: {nvidia.com/gpu: 1}}}]}
---
apiVersion: v1
kind: Pod
metadata: {name: static-a, namespace: a, uid: p2, ownerReferences: [{apiVersion: v1, kind: Node, name: n, uid: n, controller: true}]}
spec: {containers: [{name: m, resources: {limits: {nvidia.com/gpu: 1}}}]}
---
apiVersion: v1
kind: Pod
metadata: {name: static-b, namespace: a, uid: p3, ownerReferences: [{apiVersion: v1, kind: Node, name: n, uid: n, controller: true}]}
spec: {containers: [{name: m, resources: {limits: {nvidia.com/gpu: 1}}}]}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: a, uid: p4}
spec: {containers: [{name: m}]}
)",
                           snapshot);
  CHECK(deployed.size() == 3);
}
