// What is found of what runs, rule by rule.
#include <doctest/doctest.h>

#include <fmt/format.h>

#include "fixture.hpp"

using namespace rightslice;
using namespace rightslice::observe;

namespace {

std::string nodeOf(std::string_view name, std::string_view product, int gpus, std::string_view slices, std::string_view more = "") {
  return fmt::format("---\napiVersion: v1\nkind: Node\nmetadata: {{name: {}, labels: {{nvidia.com/gpu.product: {}, nvidia.com/gpu.count: '{}', nvidia.com/mig.strategy: mixed}}}}\n"
                     "spec: {{{}}}\nstatus: {{capacity: {{{}}}, allocatable: {{{}}}, conditions: [{{type: Ready, status: 'True'}}]}}\n",
                     name, product, gpus, more, slices, slices);
}

std::string podOf(std::string_view name, std::string_view resource, std::string_view node, std::string_view status = "phase: Running") {
  return fmt::format("---\napiVersion: v1\nkind: Pod\nmetadata: {{name: {}, namespace: a, uid: {}}}\n"
                     "spec: {{nodeName: '{}', containers: [{{name: main, image: x, resources: {{limits: {{{}: 1}}}}}}]}}\nstatus: {{{}}}\n",
                     name, name, node, resource, status);
}

constexpr std::string_view kH100 = "NVIDIA-H100-80GB-HBM3";
constexpr std::string_view kWaits = "phase: Pending, conditions: [{type: PodScheduled, status: 'False', reason: Unschedulable, message: none}]";

std::string restarted(int restarts, std::string_view state, std::string_view last) {
  return fmt::format("phase: Running, containerStatuses: [{{name: main, restartCount: {}, state: {{{}}}, lastState: {{terminated: {{{}}}}}}}]", restarts, state, last);
}

}  // namespace

TEST_CASE("slices that nobody asks for are dark, and those left to waiting pods are not") {
  const std::string node = nodeOf("gpu-1", kH100, 1, "nvidia.com/mig-1g.10gb: 7");
  const auto dark = Look(node + podOf("p", "nvidia.com/mig-1g.10gb", "gpu-1")).findings(Code::Dark);
  REQUIRE(dark.size() == 1);
  CHECK(dark[0].message == "6 of 7 slices 1g.10gb are asked for by nobody, 58.5 GiB of memory together");
  CHECK(Look(node + podOf("p", "nvidia.com/mig-1g.10gb", "gpu-1") + podOf("w", "nvidia.com/mig-1g.10gb", "", kWaits)).findings(Code::Dark)[0].message.starts_with("5 of 7"));
  SUBCASE("what is held is not known: nothing is said") {
    auto snapshot = snapshotOf(node);
    snapshot.heldKnown = false;
    for (Node& each : *snapshot.nodes) each.facts.requestedKnown = false;
    CHECK(Look(std::move(snapshot)).findings(Code::Dark).empty());
  }
  SUBCASE("why nobody can is said") {
    CHECK(Look(nodeOf("gpu-1", kH100, 1, "nvidia.com/mig-1g.10gb: 7", "unschedulable: true")).findings(Code::Dark)[0].message.ends_with("the node is cordoned"));
    CHECK(Look(nodeOf("gpu-1", kH100, 1, "nvidia.com/mig-1g.10gb: 7", "taints: [{key: gpu, value: batch, effect: NoSchedule}]")).findings(Code::Dark)[0].message.ends_with(
        "a taint keeps pods away (gpu=batch:NoSchedule)"));
  }
}

TEST_CASE("memory and compute that no slice can be made of are told apart") {
  const auto memory = Look(nodeOf("gpu-1", kH100, 2, "nvidia.com/mig-1g.10gb: 14")).findings(Code::Stranded);
  REQUIRE(memory.size() == 1);
  CHECK(memory[0].message == "2 memory slices (about 19.9 GiB) of 2 GPUs lie in no slice, and no slice that is allowed can be made of it");
  CHECK(memory[0].remedy == "cut one 1g.10gb of each GPU as 1g.20gb instead");
  CHECK(memory[0].confidence == model::Confidence::High);
  const auto compute = Look(nodeOf("gpu-1", kH100, 1, "nvidia.com/mig-3g.40gb: 2")).findings(Code::Stranded);
  REQUIRE(compute.size() == 1);
  CHECK(compute[0].message.starts_with("1 compute slice of 1 GPU lies in no slice"));
  CHECK(compute[0].remedy == "cut one 3g.40gb of each GPU as 4g.40gb instead");
  SUBCASE("what can still be cut is not stranded, nor is what is not known") {
    CHECK(Look(nodeOf("gpu-1", kH100, 1, "nvidia.com/mig-2g.20gb: 3")).findings(Code::Stranded).empty());
    CHECK(Look(nodeOf("gpu-1", kH100, 1, "nvidia.com/mig-3g.40gb: 1, nvidia.com/mig-4g.40gb: 1")).findings(Code::Stranded).empty());
    CHECK(Look(nodeOf("gpu-1", "Unheard-Of", 1, "nvidia.com/mig-1g.10gb: 7")).findings(Code::Stranded).empty());
    CHECK(Look(nodeOf("gpu-1", kH100, 1, "nvidia.com/mig-1g.10gb: 14")).findings(Code::Stranded).empty());
  }
}

TEST_CASE("a pod that waits for a slice: which node could have it") {
  const std::string waiting = podOf("w", "nvidia.com/mig-3g.40gb", "", kWaits);
  const auto none = Look(waiting + nodeOf("gpu-1", kH100, 1, "nvidia.com/mig-1g.10gb: 3") + podOf("p", "nvidia.com/mig-1g.10gb", "gpu-1")).findings(Code::Pending);
  REQUIRE(none.size() == 1);
  CHECK(none[0].message == "1 pod waits for nvidia.com/mig-3g.40gb, which no node offers");
  CHECK(none[0].remedy == "no node that was seen can hold it: add one, or ask for another slice");
  const auto cut = Look(waiting + nodeOf("gpu-1", kH100, 1, "nvidia.com/mig-1g.10gb: 7")).findings(Code::Pending);
  REQUIRE(cut.size() == 1);
  CHECK(cut[0].remedy == "node gpu-1 could be cut for it: it has 7 free 1g.10gb");
  CHECK(cut[0].confidence == model::Confidence::Medium);
  const auto larger = Look(waiting + nodeOf("gpu-1", kH100, 1, "nvidia.com/mig-4g.40gb: 1")).findings(Code::Pending);
  REQUIRE(larger.size() == 1);
  CHECK(larger[0].remedy == "node gpu-1 has 1 free 4g.40gb, which hold as much");
  SUBCASE("one that is free is not what it waits for") { CHECK(Look(waiting + nodeOf("gpu-1", kH100, 1, "nvidia.com/mig-3g.40gb: 2")).findings(Code::Pending).empty()); }
  SUBCASE("without nodes nothing is known") {
    auto snapshot = snapshotOf(waiting);
    snapshot.nodes.reset();
    CHECK(Look(std::move(snapshot)).findings(Code::Pending).empty());
  }
}

TEST_CASE("restarts: host memory and GPU memory are not the same") {
  const auto of = [](const std::string& status) { return Look(podOf("p", "nvidia.com/mig-1g.10gb", "gpu-1", status)).findings(Code::Restarting); };
  const auto host = of(restarted(1, "running: {}", "exitCode: 137, reason: OOMKilled, finishedAt: '2026-05-31T20:00:00Z'"));
  REQUIRE(host.size() == 1);
  CHECK(host[0].message == "main of pod p restarted 1 time, last killed for want of host memory (OOMKilled), not of GPU memory");
  CHECK(host[0].confidence == model::Confidence::High);
  const auto device = of(restarted(1, "running: {}", "exitCode: 1, reason: Error, finishedAt: '2026-05-31T20:00:00Z', message: 'torch.OutOfMemoryError: CUDA out of memory.'"));
  REQUIRE(device.size() == 1);
  CHECK(device[0].message == "main of pod p restarted 1 time, last CUDA was out of memory");
  CHECK(device[0].remedy.starts_with("a larger slice"));
  const auto loop = of(restarted(9, "waiting: {reason: CrashLoopBackOff}", "exitCode: 139, reason: Error, finishedAt: '2026-05-31T20:00:00Z'"));
  REQUIRE(loop.size() == 1);
  CHECK(loop[0].message == "main of pod p restarted 9 times, last ended by signal 11; it waits (CrashLoopBackOff)");
  CHECK(loop[0].confidence == model::Confidence::Medium);
  SUBCASE("one restart, or many a month ago, are none") {
    CHECK(of(restarted(2, "running: {}", "exitCode: 1, reason: Error, finishedAt: '2026-05-31T20:00:00Z'")).empty());
    CHECK(of(restarted(50, "running: {}", "exitCode: 1, reason: Error, finishedAt: '2026-05-01T20:00:00Z'")).empty());
  }
}
