// Devices that claims hand out (DRA): who holds what on which node, what is dark and stranded, and what it costs.
#include <doctest/doctest.h>

#include <fmt/format.h>

#include "fixture.hpp"
#include "observe/claimed.hpp"
#include "observe/money.hpp"
#include "observe/plan/fleet.hpp"

using namespace rightslice;
using namespace rightslice::observe;

namespace {

constexpr std::string_view kNode = "---\napiVersion: v1\nkind: Node\nmetadata: {name: n1}\nstatus: {conditions: [{type: Ready, status: 'True'}]}\n";

std::string attributes(std::string_view type, std::string_view gpu, std::string_view profile = "") {
  return fmt::format("type: {{string: {}}}, productName: {{string: NVIDIA H100 80GB HBM3}}, {}: {{string: {}}}{}", type, type == "mig" ? "parentUUID" : "uuid", gpu,
                     profile.empty() ? "" : fmt::format(", profile: {{string: {}}}", profile));
}

std::string device(std::string_view name, std::string_view type, std::string_view gpu, std::string_view profile = "", std::string_view more = "") {
  return fmt::format("    - {{name: {}, attributes: {{{}}}, capacity: {{memory: {{value: {}}}}}{}}}\n", name, attributes(type, gpu, profile),
                     type == "gpu" ? "81559Mi" : profile == "3g.40gb" ? "40448Mi" : "9984Mi", more);
}

std::string slice(std::string_view devices, std::string_view more = "", std::string_view version = "v1", int generation = 1, int count = 1, std::string_view name = "s1") {
  return fmt::format("---\napiVersion: resource.k8s.io/{}\nkind: ResourceSlice\nmetadata: {{name: {}}}\nspec:\n  driver: gpu.nvidia.com\n  nodeName: n1\n"
                     "  pool: {{name: n1, generation: {}, resourceSliceCount: {}}}\n{}{}{}",
                     version, name, generation, count, more, devices.empty() ? "" : "  devices:\n", devices);
}

/// A GPU by itself, and one that is cut into two halves.
std::string fixedDevices(std::string_view more = "") {
  return device("gpu-0", "gpu", "GPU-0", "", more) + device("gpu-1-mig-0", "mig", "GPU-1", "3g.40gb", more) + device("gpu-1-mig-1", "mig", "GPU-1", "3g.40gb", more);
}

std::string claim(std::string_view name, std::string_view results, std::string_view version = "v1") {
  return fmt::format("---\napiVersion: resource.k8s.io/{}\nkind: ResourceClaim\nmetadata: {{name: {}, namespace: a, ownerReferences: [{{apiVersion: v1, kind: Pod, "
                     "name: x, uid: x, controller: true}}]}}\nspec: {{devices: {{requests: [{{name: gpu}}]}}}}\nstatus: {{allocation: {{devices: {{results: [{}]}}}}}}\n",
                     version, name, results);
}

std::string result(std::string_view device, std::string_view more = "", std::string_view request = "gpu") {
  return fmt::format("{{driver: gpu.nvidia.com, pool: n1, device: {}, request: {}{}}}", device, request, more);
}

std::string pod(std::string_view name, std::string_view claim, std::string_view node = "n1") {
  return fmt::format("---\napiVersion: v1\nkind: Pod\nmetadata: {{name: {0}, namespace: a, uid: {0}}}\n"
                     "spec: {{nodeName: '{1}', resourceClaims: [{{name: gpu, resourceClaimName: {2}}}], containers: [{{name: side, image: y}}, {{name: main, image: x, "
                     "resources: {{claims: [{{name: gpu}}]}}}}]}}\nstatus: {{phase: Running, containerStatuses: [{{name: main, state: {{running: {{}}}}}}]}}\n",
                     name, node, claim);
}

/// "gpu.nvidia.com 1/1 mig.nvidia.com/3g.40gb 1/2": held of offered.
std::string rows(const Look& look) {
  std::string out;
  for (const auto& each : look.seen.placement.boards.at(0).slices)
    out += fmt::format("{}{} {}/{}", out.empty() ? "" : " ", each.resource, each.asked ? std::to_string(*each.asked) : "?", each.offered);
  return out;
}

std::string holds(const Look& look) {
  std::string out;
  for (const auto& each : look.seen.placement.boards.at(0).holds)
    out += fmt::format("{}{}/{} {} {}{}", out.empty() ? "" : " ", look.snapshot.pods[each.pod].name, each.container, each.count, each.resource, each.running ? "" : " off");
  return out;
}

/// "right 4 dark 12", in memory slices of the two GPUs of the node.
std::string split(const Look& look) {
  const auto made = splitOf(look.snapshot, look.seen, 0, gpu::Catalogue::builtIn(), {});
  std::array<std::int64_t, kBuckets> sums{};
  for (const auto& each : made.parts) sums[static_cast<std::size_t>(each.bucket)] += each.units;
  std::string out;
  for (std::size_t i = 0; i < kBuckets; ++i)
    if (sums[i] > 0) out += fmt::format("{}{} {}", out.empty() ? "" : " ", name(static_cast<Bucket>(i)), sums[i] * 8 / made.unitsPerGpu);
  return out + (made.unknown.empty() ? "" : "; " + made.unknown);
}

// One GPU of which slices are made on demand: 8 memory slices, 7 compute (as 132 processors), of every place a device.
std::string counters(int from, int size, int processors) {
  std::string out = fmt::format("multiprocessors: {{value: '{}'}}", processors);
  for (int i = from; i < from + size; ++i) out += fmt::format(", memory-slice-{}: {{value: '1'}}", i);
  return out;
}

std::string consumes(int from, int size, int processors) {
  return fmt::format(", consumesCounters: [{{counterSet: gpu-0-counter-set, counters: {{{}}}}}]", counters(from, size, processors));
}

std::string madeOnDemand() {
  std::string out = device("gpu-0", "gpu", "GPU-0", "", consumes(0, 8, 132));
  for (int i = 0; i < 7; ++i) out += device(fmt::format("gpu-0-mig-1g10gb-19-{}", i), "mig", "GPU-0", "1g.10gb", consumes(i, 1, 16));
  for (int i = 0; i < 8; i += 4) out += device(fmt::format("gpu-0-mig-3g40gb-9-{}", i), "mig", "GPU-0", "3g.40gb", consumes(i, 4, 60));
  return out;
}

std::string sharedCounters() { return fmt::format("  sharedCounters: [{{name: gpu-0-counter-set, counters: {{{}}}}}]\n", counters(0, 8, 132)); }

}  // namespace

TEST_CASE("a device that a claim holds is held on its node, by the container that names the claim") {
  const Look look(std::string(kNode) + slice(fixedDevices()) + claim("c1", result("gpu-1-mig-1")) + pod("p", "c1"));
  CHECK(rows(look) == "gpu.nvidia.com 0/1 mig.nvidia.com/3g.40gb 1/2");
  CHECK(holds(look) == "p/main 1 mig.nvidia.com/3g.40gb");
  CHECK(look.seen.placement.boards[0].geometry.gpus == 2);
  REQUIRE(look.seen.placement.boards[0].geometry.product != nullptr);
  CHECK(split(look) == "right 4 dark 12");
  CHECK(look.findings(Code::Dark).size() == 2);
  REQUIRE(look.findings(Code::Stranded).size() == 1);   // of two 3g one compute slice is in neither
  CHECK(look.findings(Code::Stranded)[0].message == "1 compute slice of 2 GPUs lies in no slice, and no slice that is allowed can be made of it");
}

TEST_CASE("every version of the objects says the same") {
  for (const std::string version : {"v1", "v1beta2"}) {
    CAPTURE(version);
    const Look look(std::string(kNode) + slice(fixedDevices(), "", version) + claim("c1", result("gpu-0"), version) + pod("p", "c1"));
    CHECK(rows(look) == "gpu.nvidia.com 1/1 mig.nvidia.com/3g.40gb 0/2");
  }
  // v1beta1 has the device's members under `basic`.
  const std::string old = fmt::format("    - {{name: gpu-0, basic: {{attributes: {{{}}}, capacity: {{memory: {{value: 81559Mi}}}}}}}}\n", attributes("gpu", "GPU-0"));
  const Look look(std::string(kNode) + slice(old, "", "v1beta1") + claim("c1", result("gpu-0"), "v1beta1") + pod("p", "c1"));
  CHECK(rows(look) == "gpu.nvidia.com 1/1");
  CHECK(holds(look) == "p/main 1 gpu.nvidia.com");
}

TEST_CASE("a claim of several pods is held once; an administrator's holds nothing; an alternative is the request that it belongs to") {
  const std::string base = std::string(kNode) + slice(fixedDevices());
  const Look shared(base + claim("c1", result("gpu-0")) + pod("p", "c1") + pod("q", "c1"));
  CHECK(rows(shared) == "gpu.nvidia.com 1/1 mig.nvidia.com/3g.40gb 0/2");
  CHECK(holds(shared) == "p/main 1 gpu.nvidia.com");
  const Look admin(base + claim("c1", result("gpu-0", ", adminAccess: true")) + pod("p", "c1"));
  CHECK(rows(admin) == "gpu.nvidia.com 0/1 mig.nvidia.com/3g.40gb 0/2");
  CHECK(holds(admin).empty());
  auto text = pod("p", "c1");
  text.replace(text.find("claims: [{name: gpu}]"), 21, "claims: [{name: gpu, request: gpu}]");
  const Look alternative(base + claim("c1", result("gpu-1-mig-0", "", "gpu/small")) + text);
  CHECK(holds(alternative) == "p/main 1 mig.nvidia.com/3g.40gb");
}

TEST_CASE("several devices of one claim are counted, and what nobody's pod uses is held all the same") {
  const std::string base = std::string(kNode) + slice(fixedDevices());
  const Look two(base + claim("c1", result("gpu-1-mig-0") + ", " + result("gpu-1-mig-1")) + pod("p", "c1"));
  CHECK(holds(two) == "p/main 2 mig.nvidia.com/3g.40gb");
  const Look unread(base + claim("c1", result("gpu-0")));
  CHECK(rows(unread) == "gpu.nvidia.com 1/1 mig.nvidia.com/3g.40gb 0/2");
  CHECK(split(unread) == "dark 8 unknown 8; held by pods that were not looked at");
}

TEST_CASE("what cannot be seen is unknown, never free") {
  const std::string base = std::string(kNode) + slice(fixedDevices()) + pod("p", "c1");
  auto snapshot = snapshotOf(base);
  snapshot.allocationsKnown = false;
  const Look claims(std::move(snapshot));
  CHECK(rows(claims) == "gpu.nvidia.com ?/1 mig.nvidia.com/3g.40gb ?/2");
  CHECK(split(claims) == "unknown 16; what pods hold may not be read");
  CHECK(claims.findings(Code::Dark).empty());
  const Look gone(base + claim("c1", result("gpu-7")));
  CHECK(split(gone) == "unknown 16; a claim holds device gpu-7, which no ResourceSlice shows");
  CHECK(gone.findings(Code::Dark).empty());
  const Look half(std::string(kNode) + slice(fixedDevices(), "", "v1", 1, 2));
  CHECK(split(half) == "unknown 16; not all ResourceSlices of pool n1 were seen");
  const Look divided(std::string(kNode) + slice(fixedDevices(", allowMultipleAllocations: true")) + claim("c1", result("gpu-0", ", shareID: s")) + pod("p", "c1"));
  CHECK(split(divided) == "unknown 16; claims share the capacity of device gpu-0");
  CHECK(plan::fleetOf(claims.snapshot, claims.seen, true).nodes.at(0).left == "its GPUs are handed out by claims (DRA), and its driver is not told of other cuts by a label");
}

TEST_CASE("only the newest generation of a pool counts, and a device that is kept back is not offered") {
  const std::string old = slice(device("gpu-0", "gpu", "GPU-0"), "", "v1", 1, 1, "old"), now = slice(fixedDevices(), "", "v1", 2, 1, "new");
  for (const auto& text : {old + now, now + old}) {
    const Look look(std::string(kNode) + text);
    CHECK(rows(look) == "gpu.nvidia.com 0/1 mig.nvidia.com/3g.40gb 0/2");
  }
  const Look tainted(std::string(kNode) + slice(device("gpu-0", "gpu", "GPU-0", "", ", taints: [{key: sick, effect: NoSchedule}]") + device("gpu-1", "gpu", "GPU-1")));
  CHECK(rows(tainted) == "gpu.nvidia.com 0/1");
  CHECK(split(tainted) == "dark 8 overhead 8");
  const Look all(std::string(kNode) + slice(device("gpu-0", "gpu", "GPU-0", "", ", taints: [{key: sick, effect: NoExecute}]")));
  CHECK(split(all) == "overhead 8");
}

TEST_CASE("of slices that are made on demand those that are held are there, and the largest that can still be made are offered") {
  const std::string base = std::string(kNode) + slice(madeOnDemand(), sharedCounters());
  const Look empty(base);
  CHECK(rows(empty) == "gpu.nvidia.com 0/1");
  CHECK(split(empty) == "dark 8");
  CHECK(empty.seen.placement.boards[0].onDemand);
  CHECK(claimable(empty.snapshot, (*empty.snapshot.nodes)[0], "1g.10gb") == 7);
  CHECK(claimable(empty.snapshot, (*empty.snapshot.nodes)[0], "3g.40gb") == 2);
  CHECK(claimable(empty.snapshot, (*empty.snapshot.nodes)[0], "") == 1);
  // One small slice: half of the GPU is left whole, three more small ones fit beside it.
  const Look small(base + claim("c1", result("gpu-0-mig-1g10gb-19-0")) + pod("p", "c1"));
  CHECK(rows(small) == "mig.nvidia.com/1g.10gb 1/4 mig.nvidia.com/3g.40gb 0/1");
  CHECK(split(small) == "right 1 dark 7");
  CHECK(claimable(small.snapshot, (*small.snapshot.nodes)[0], "1g.10gb") == 6);
  CHECK(claimable(small.snapshot, (*small.snapshot.nodes)[0], "3g.40gb") == 1);
  CHECK(claimable(small.snapshot, (*small.snapshot.nodes)[0], "") == 0);
  CHECK(plan::fleetOf(small.snapshot, small.seen, true).nodes.at(0).left == "its slices are made when claims ask for them: no cut of it lasts");
  // Seven small ones: the eighth memory slice is in none, and no slice can be made of it.
  std::string full;
  for (int i = 0; i < 7; ++i) full += claim(fmt::format("c{}", i), result(fmt::format("gpu-0-mig-1g10gb-19-{}", i))) + pod(fmt::format("p{}", i), fmt::format("c{}", i));
  const Look seven(base + full);
  CHECK(rows(seven) == "mig.nvidia.com/1g.10gb 7/7");
  CHECK(split(seven) == "right 7 stranded 1");
  const auto stranded = seven.findings(Code::Stranded);
  REQUIRE(stranded.size() == 1);
  CHECK(stranded[0].remedy == "free a slice that is in the way, or ask for slices that fill a GPU together");
  const Look over(base + claim("c1", result("gpu-0") + ", " + result("gpu-0-mig-1g10gb-19-0")) + pod("p", "c1"));
  CHECK(split(over) == "unknown 8; claims hold more of pool n1 than there is");
}

TEST_CASE("counters may stand in another slice of the pool than the devices that take of them") {
  const Look look(std::string(kNode) + slice("", sharedCounters(), "v1", 1, 2, "counters") + slice(madeOnDemand(), "", "v1", 1, 2, "devices") +
                  claim("c1", result("gpu-0-mig-3g40gb-9-4")) + pod("p", "c1"));
  CHECK(rows(look) == "mig.nvidia.com/3g.40gb 1/2");
  CHECK(split(look) == "right 4 dark 4");
}

TEST_CASE("a resource by name that the scheduler gives by a claim is held once, as the claim's") {
  const std::string text = "---\napiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: a, uid: p}\n"
                           "spec: {nodeName: n1, containers: [{name: main, image: x, resources: {limits: {nvidia.com/gpu: 1}}}]}\n"
                           "status: {phase: Running, extendedResourceClaimStatus: {resourceClaimName: c1, requestMappings: [{containerName: main, resourceName: "
                           "nvidia.com/gpu, requestName: container-0-request-0}]}}\n";
  const Look look(std::string(kNode) + slice(fixedDevices()) + claim("c1", result("gpu-0", "", "container-0-request-0")) + text);
  CHECK(rows(look) == "gpu.nvidia.com 1/1 mig.nvidia.com/3g.40gb 0/2");
  CHECK(holds(look) == "p/main 1 gpu.nvidia.com off");
}

TEST_CASE("a pod that waits for a slice by a claim is Pending where none can be given, and only there") {
  const auto waiting = [](std::string_view name, std::string_view request) {
    return fmt::format("---\napiVersion: resource.k8s.io/v1\nkind: ResourceClaimTemplate\nmetadata: {{name: t, namespace: a}}\nspec: {{spec: {{devices: {{requests: [{1}]}}}}}}\n"
                       "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: {0}, namespace: a, uid: {0}}}\nspec: {{resourceClaims: [{{name: gpu, resourceClaimTemplateName: t}}], "
                       "containers: [{{name: main, image: x, resources: {{claims: [{{name: gpu}}]}}}}]}}\nstatus: {{phase: Pending, conditions: [{{type: PodScheduled, status: "
                       "'False', reason: Unschedulable, message: cannot allocate all claims}}]}}\n",
                       name, request);
  };
  const auto one = [](std::string_view profile) {
    return fmt::format("{{name: gpu, exactly: {{deviceClassName: mig.nvidia.com, selectors: [{{cel: {{expression: 'device.attributes[\"gpu.nvidia.com\"].profile == \"{}\"'}}}}]}}}}",
                       profile);
  };
  const std::string base = std::string(kNode) + slice(madeOnDemand(), sharedCounters());
  CHECK(Look(base).findings(Code::Dark).size() == 1);
  const Look may(base + waiting("w", one("3g.40gb")));   // one can be made
  CHECK(may.findings(Code::Pending).empty());
  CHECK(may.findings(Code::Dark).empty());
  const std::string full = claim("c1", result("gpu-0-mig-3g40gb-9-0")) + pod("p", "c1") + claim("c2", result("gpu-0-mig-3g40gb-9-4")) + pod("q", "c2");
  const auto pending = Look(base + full + waiting("w", one("3g.40gb"))).findings(Code::Pending);
  REQUIRE(pending.size() == 1);
  CHECK(pending[0].message == "1 pod waits for 3g.40gb by a claim, and none can be given");
  const std::string either = "{name: gpu, firstAvailable: [{name: a, deviceClassName: mig.nvidia.com}, {name: b, deviceClassName: gpu.nvidia.com}]}";
  CHECK(Look(base + full + waiting("w", either)).findings(Code::Pending).empty());
  auto snapshot = snapshotOf(base + full + waiting("w", one("3g.40gb")));
  snapshot.allocationsKnown = false;
  CHECK(Look(std::move(snapshot)).findings(Code::Pending).empty());
}

TEST_CASE("pods that share one ResourceClaim are told of each other, and none of them to shrink it") {
  const auto named = [](std::string_view name, std::string_view status) {
    return fmt::format("---\napiVersion: resource.k8s.io/v1\nkind: ResourceClaim\nmetadata: {{name: {}, namespace: a}}\n"
                       "spec: {{devices: {{requests: [{{name: gpu, exactly: {{deviceClassName: gpu.nvidia.com}}}}]}}}}\nstatus: {{{}}}\n",
                       name, status);
  };
  const auto small = [](std::string text) { return text.replace(text.find("namespace: a"), 12, "namespace: a, annotations: {rightslice.io/footprint: 6Gi}"); };
  const auto codes = [](const std::string& yaml) {
    auto snapshot = snapshotOf(yaml);
    snapshot.devices.classes.emplace();
    const Look look(std::move(snapshot));
    std::string out;
    for (const auto& state : look.seen.workloads) {
      for (const auto& each : state.judgement.findings)
        if (each.code == policy::Code::Oversized || each.code == policy::Code::SharedSlice) out += fmt::format("{} {} ", state.judgement.name, policy::name(each.code));
    }
    return out;
  };
  const std::string base = std::string(kNode) + slice(fixedDevices()), held = "allocation: {devices: {results: [" + result("gpu-0") + "]}}";
  CHECK(codes(base + named("c", held) + small(pod("p", "c"))) == "p Oversized ");
  CHECK(codes(base + named("c", held) + small(pod("p", "c")) + small(pod("q", "c"))) == "p SharedSlice q SharedSlice ");
  CHECK(codes(base + named("c", held) + named("d", "") + small(pod("p", "c")) + small(pod("q", "d"))) == "p Oversized q Oversized ");
  // Others that were not looked at.
  CHECK(codes(base + named("c", held + ", reservedFor: [{resource: pods, name: p, uid: p}, {resource: pods, name: x, uid: x}]") + small(pod("p", "c"))) == "p SharedSlice ");
  // One that goes away makes room for the other.
  auto leaving = pod("q", "c");
  leaving.replace(leaving.find("namespace: a"), 12, "namespace: a, deletionTimestamp: '2026-06-01T00:00:00Z'");
  CHECK(codes(base + named("c", held) + small(pod("p", "c")) + leaving).starts_with("p Oversized "));
  const auto snapshot = snapshotOf(base + named("c", held) + small(pod("p", "c")) + small(pod("q", "c")));
  REQUIRE(snapshot.claims.size() == 1);
  CHECK(snapshot.claims[0].ends_with(R"(,"shared":true})"));   // a file of surroundings says it too
}
