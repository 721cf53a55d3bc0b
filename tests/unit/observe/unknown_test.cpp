// What was not seen is unknown, never absent; and what is counted adds up.
#include <doctest/doctest.h>

#include "fixture.hpp"
#include "observe/facts_bundle.hpp"
#include "observe/observation_json.hpp"

using namespace rightslice;
using namespace rightslice::observe;

namespace {

constexpr std::string_view kPod = R"(
apiVersion: v1
kind: Pod
metadata: {name: p, namespace: a, uid: p}
spec: {nodeName: gpu-1, containers: [{name: main, image: x, resources: {limits: {nvidia.com/mig-1g.10gb: 1}}}]}
status: {phase: Running}
)";

json::Document jsonOf(const Look& look) {
  std::string text;
  writeJson(look.snapshot, look.seen, [&](std::string_view piece) { text += piece; });
  auto document = json::Document::parse(text);
  REQUIRE_MESSAGE(document, document.error().message);
  return std::move(*document);
}

Seen seen(std::string resource, Seen::State state, std::string ns = "") { return {std::move(resource), std::move(ns), state, "", 0}; }

}  // namespace

TEST_CASE("a resource is known where it was read, and where there is none of it") {
  Coverage coverage;
  coverage.add(seen("nodes", Seen::State::Forbidden));
  coverage.add(seen("pods", Seen::State::Read, "a"));
  coverage.add(seen("pods", Seen::State::Failed, "b"));
  coverage.add(seen("scaledobjects.keda.sh", Seen::State::Absent));
  CHECK_FALSE(coverage.known("nodes"));
  CHECK(coverage.known("pods", "a"));
  CHECK_FALSE(coverage.known("pods", "b"));
  CHECK_FALSE(coverage.known("pods", "c"));
  CHECK_FALSE(coverage.known("pods"));
  CHECK(coverage.known("scaledobjects.keda.sh", "a"));
  CHECK_FALSE(coverage.known("deployments.apps", "a"));
  CHECK(coverage.unread().size() == 2);
  coverage.add(seen("pods", Seen::State::Forbidden));
  CHECK(coverage.known("pods", "a"));
  CHECK_FALSE(coverage.known("pods", "c"));
  CHECK(unknownWithout("nodes") == "products, geometry, and what is free, dark or stranded");
}

TEST_CASE("without the right to see autoscalers autoscaling is unknown; with it, and none, there is none") {
  auto snapshot = snapshotOf(kPod);
  CHECK(Look(snapshot).seen.workloads[0].scaling.state == Scaling::State::Unknown);
  snapshot.coverage.add(seen("horizontalpodautoscalers.autoscaling", Seen::State::Read));
  CHECK(Look(snapshot).seen.workloads[0].scaling.state == Scaling::State::Unknown);
  snapshot.coverage.add(seen("scaledobjects.keda.sh", Seen::State::Absent));
  CHECK(Look(snapshot).seen.workloads[0].scaling.state == Scaling::State::None);
  snapshot.autoscalers.push_back({.kind = "HorizontalPodAutoscaler", .ns = "a", .name = "h", .targetGroup = "", .targetKind = "Pod", .targetName = "p", .most = 4});
  CHECK(Look(snapshot).seen.workloads[0].scaling.state == Scaling::State::Scaled);
}

TEST_CASE("JSON has no nodes where they are not known, and empty ones where there are none") {
  auto snapshot = snapshotOf(kPod);
  CHECK(jsonOf(Look(snapshot)).root()["nodes"].isArray());
  snapshot.nodes.reset();
  snapshot.coverage.add(seen("nodes", Seen::State::Forbidden));
  const auto document = jsonOf(Look(snapshot));
  CHECK_FALSE(document.root()["nodes"].exists());
  CHECK(document.root()["coverage"].at(0)["unknown"].string() == "products, geometry, and what is free, dark or stranded");
}

TEST_CASE("what JSON says is a file of surroundings, with claims of DRA too") {
  const Look look(snapshotOf(R"(
apiVersion: v1
kind: Node
metadata: {name: gpu-1, labels: {nvidia.com/gpu.product: NVIDIA-H100-80GB-HBM3, pool: a}}
spec: {taints: [{key: t, effect: NoSchedule}]}
status: {allocatable: {nvidia.com/mig-1g.10gb: 7}}
---
apiVersion: v1
kind: Namespace
metadata: {name: a, labels: {tier: gold}}
---
apiVersion: resource.k8s.io/v1
kind: DeviceClass
metadata: {name: small}
spec:
  selectors: [{cel: {expression: "device.driver == 'gpu.nvidia.com'"}}]
  config: [{opaque: {driver: gpu.nvidia.com, parameters: {kind: MigDeviceConfig, sharing: {strategy: MPS}}}}]
  extendedResourceName: example.com/small
---
apiVersion: resource.k8s.io/v1
kind: ResourceClaimTemplate
metadata: {name: one, namespace: a}
spec: {spec: {devices: {requests: [{name: gpu, exactly: {deviceClassName: mig.nvidia.com}}]}}}
---
)" + std::string(kPod)));
  std::string text;
  writeJson(look.snapshot, look.seen, [&](std::string_view piece) { text += piece; });
  const auto read = workload::readSurroundings(text, "cluster.json");
  REQUIRE_MESSAGE(read, read.error().where << read.error().message);
  REQUIRE(read->nodes);
  CHECK(*read->nodes == std::vector<workload::Node>{(*look.snapshot.nodes)[0].facts});
  CHECK(read->nodes->at(0).requested.at("nvidia.com/mig-1g.10gb") == 1);
  CHECK(read->namespaces == look.snapshot.namespaces);
  REQUIRE(read->devices.classes);
  CHECK(read->devices.classes->at("small").extendedResource == "example.com/small");
  CHECK(read->devices.classes->at("small").sharing.mig == "MPS");
  REQUIRE(read->devices.templates);
  CHECK(read->devices.templates->contains("a/one"));
  workload::Surroundings ours;
  surround(look.snapshot, ours);
  CHECK(read->digest == ours.digest);
}

TEST_CASE("totals are the sums of their rows") {
  const Look look(snapshotOf(std::string(kPod) + R"(
---
apiVersion: v1
kind: Node
metadata: {name: gpu-1, labels: {nvidia.com/gpu.product: NVIDIA-H100-80GB-HBM3, nvidia.com/gpu.count: '1'}}
status: {allocatable: {nvidia.com/mig-1g.10gb: 7}}
)"));
  const auto totals = totalsOf(look.snapshot, look.seen);
  CHECK(totals.workloads == 1);
  CHECK(totals.pods == 1);
  CHECK(totals.gpus == 1);
  CHECK(totals.allowed + totals.warned + totals.denied + totals.rewritten == totals.workloads);
  CHECK(totals.findings == std::map<Code, std::int64_t>{{Code::Dark, 1}, {Code::Stranded, 1}});
}

TEST_CASE("the bundle of facts says nothing that was not seen, and says so") {
  const Look look(snapshotOf(kPod));
  std::string text;
  writeFactsBundle(look.snapshot, look.seen, "0", [&](std::string_view piece) { text += piece; });
  const auto document = json::Document::parse(text);
  REQUIRE_MESSAGE(document, text);
  const auto root = document->root();
  CHECK(root["schemaVersion"].string() == "piqc-scan.v0.1");
  const auto facts = root["objects"].at(0)["facts"];
  CHECK_FALSE(facts["autoscaling.enabled"].exists());
  CHECK_FALSE(facts["obs.gpu.utilAvgPct"].exists());
  CHECK(facts["hardware.gpuCount"]["value"].integer() == 1);
  CHECK(facts["hardware.gpuCount"]["observedAt"].string() == "2026-06-01T00:00:00Z");
  std::vector<std::string> missing;
  for (const auto each : root["factErrors"].elements()) missing.emplace_back(each["fact"].stringOr(""));
  CHECK(std::find(missing.begin(), missing.end(), "autoscaling.enabled") != missing.end());
  CHECK(std::find(missing.begin(), missing.end(), "obs.gpu.utilAvgPct") != missing.end());
}

TEST_CASE("GPUs that another system shares are not counted as free") {
  const Look look(snapshotOf(R"(
apiVersion: v1
kind: Node
metadata: {name: gpu-1, labels: {nvidia.com/gpu.product: NVIDIA-H100-80GB-HBM3, nvidia.com/gpu.count: '1'}}
status: {allocatable: {nvidia.com/gpu: 10, nvidia.com/gpumem: 81559}}
)"));
  CHECK(look.seen.placement.boards[0].slices.size() == 1);
  CHECK_FALSE(look.seen.placement.boards[0].geometry.sharing.empty());
  CHECK(look.findings(Code::Dark).empty());
  CHECK(look.findings(Code::Stranded).empty());
}
