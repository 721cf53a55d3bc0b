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
  CHECK(larger[0].remedy == "node gpu-1 has 1 free 4g.40gb, which holds as much");
  SUBCASE("one that is free is not what it waits for") { CHECK(Look(waiting + nodeOf("gpu-1", kH100, 1, "nvidia.com/mig-3g.40gb: 2")).findings(Code::Pending).empty()); }
  SUBCASE("without nodes nothing is known") {
    auto snapshot = snapshotOf(waiting);
    snapshot.nodes.reset();
    CHECK(Look(std::move(snapshot)).findings(Code::Pending).empty());
  }
}

TEST_CASE("what is free on a node that takes no pods is nobody's") {
  const auto dead = [](std::string node) {
    const std::string ready = "type: Ready, status: 'True'";
    return node.replace(node.find(ready), ready.size(), "type: Ready, status: 'False'");
  };
  const std::string waiting = podOf("w", "nvidia.com/mig-3g.40gb", "", kWaits), halves = "nvidia.com/mig-3g.40gb: 2";
  const auto lost = Look(waiting + dead(nodeOf("h1", kH100, 1, halves)));
  REQUIRE(lost.findings(Code::Pending).size() == 1);
  CHECK(lost.findings(Code::Pending)[0].message == "1 pod waits for nvidia.com/mig-3g.40gb, and 0 of the 2 that are offered are free; 2 are free on h1, which is not ready");
  CHECK(lost.findings(Code::Pending)[0].remedy == "find out why node h1 is not ready, add a node, or ask for another slice");
  REQUIRE(lost.findings(Code::Dark).size() == 1);   // they wait for others
  CHECK(lost.findings(Code::Dark)[0].message.ends_with("2 of 2 slices 3g.40gb are asked for by nobody, 79 GiB of memory together; the node is not ready"));
  CHECK(lost.findings(Code::Dark)[0].remedy == "find out why the node is not ready, or give it back");
  const auto cordoned = Look(waiting + nodeOf("h1", kH100, 1, halves, "unschedulable: true")).findings(Code::Pending);
  REQUIRE(cordoned.size() == 1);
  CHECK(cordoned[0].message.ends_with("2 are free on h1, which is cordoned"));
  CHECK(cordoned[0].remedy == "uncordon node h1, add a node, or ask for another slice");
  SUBCASE("nor is it where another slice could be had") {
    for (const char* slices : {"nvidia.com/mig-4g.40gb: 1", "nvidia.com/mig-1g.10gb: 7"}) {
      CAPTURE(slices);
      const auto other = Look(waiting + dead(nodeOf("h1", kH100, 1, slices))).findings(Code::Pending);
      REQUIRE(other.size() == 1);
      CHECK(other[0].remedy == "no node that was seen can hold it: add one, or ask for another slice");
    }
  }
  SUBCASE("what has room elsewhere does not wait for it") {
    CHECK(Look(waiting + dead(nodeOf("h1", kH100, 1, halves)) + nodeOf("h2", kH100, 1, halves)).findings(Code::Pending).empty());
  }
  SUBCASE("of many nodes a few are named") {
    std::string all = waiting;
    for (int i = 0; i < 9; ++i) all += dead(nodeOf(fmt::format("h{}", i), kH100, 1, halves));
    CHECK(Look(all).findings(Code::Pending)[0].message.ends_with("2 are free on h2, which is not ready; 12 more on 6 nodes that are not ready or cordoned"));
  }
}

TEST_CASE("a pod that waits for several slices is told what is free, and no way to fewer") {
  auto two = podOf("w", "nvidia.com/mig-3g.40gb", "", kWaits);
  two.replace(two.find("3g.40gb: 1"), 10, "3g.40gb: 2");
  const auto of = [&](const std::string& nodes) {
    const auto all = Look(two + nodes).findings(Code::Pending);
    REQUIRE(all.size() == 1);
    return all[0].message.substr(all[0].message.find(", ") + 2) + "|" + all[0].remedy;
  };
  const std::string half = nodeOf("h1", kH100, 1, "nvidia.com/mig-3g.40gb: 2") + podOf("p", "nvidia.com/mig-3g.40gb", "h1");
  CHECK(of(half) == "and 1 of the 2 that are offered is free|no node that was seen can hold it: add one, or ask for another slice");
  CHECK(of(half + nodeOf("h2", kH100, 1, "nvidia.com/mig-3g.40gb: 1")) ==
        "and 2 of the 3 that are offered are free, not 2 of them on one node|no node that was seen can hold it: add one, or ask for another slice");
  CHECK(of(half + nodeOf("h2", kH100, 1, "nvidia.com/mig-4g.40gb: 1")) ==
        "and 1 of the 2 that are offered is free|no node that was seen can hold it: add one, or ask for another slice");
  CHECK(of(half + nodeOf("h2", kH100, 2, "nvidia.com/mig-4g.40gb: 2")).ends_with("|node h2 has 2 free 4g.40gb, which hold as much"));
  CHECK(of(half + nodeOf("h2", kH100, 1, "nvidia.com/mig-1g.10gb: 6")).ends_with("|no node that was seen can hold it: add one, or ask for another slice"));
}

TEST_CASE("of several containers it is said which is oversized, and of which template") {
  const auto oversized = [](const std::string& yaml) {
    std::string out;
    for (const auto& each : Look(yaml + nodeOf("h1", kH100, 2, "nvidia.com/mig-3g.40gb: 2, nvidia.com/mig-1g.10gb: 7")).findings(Code::Oversized))
      out += each.message.substr(0, each.message.find("asks for")) + "|";
    return out;
  };
  const auto container = [](std::string_view name, std::string_view slice) {
    return fmt::format("{{name: {}, image: x, resources: {{limits: {{nvidia.com/mig-{}: 1}}}}}}", name, slice);
  };
  const std::string pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: a, uid: p, annotations: {rightslice.io/footprint: 6Gi}}\nspec: {containers: [";
  CHECK(oversized(pod + container("main", "3g.40gb") + "]}\n") == "|");
  CHECK(oversized(pod + container("main", "1g.10gb") + ", " + container("side", "3g.40gb") + "]}\n") == "container side: |");
  const std::string one = "{spec: {containers: [" + container("main", "3g.40gb") + "]}}";
  CHECK(oversized("apiVersion: leaderworkerset.x-k8s.io/v1\nkind: LeaderWorkerSet\nmetadata: {name: l, namespace: a, annotations: {rightslice.io/footprint: 6Gi}}\n"
                  "spec: {replicas: 1, leaderWorkerTemplate: {size: 2, leaderTemplate: " + one + ", workerTemplate: " + one + "}}\n") ==
        "container main of leaderTemplate: |container main of workerTemplate: |");
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
