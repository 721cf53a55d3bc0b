#include "policy/requested.hpp"

#include <fmt/ranges.h>

#include "judged.hpp"

using namespace rightslice;
using namespace rightslice::policy;
using namespace rightslice::policy::judged;

namespace {

const gpu::Catalogue& gpus() { return gpu::Catalogue::builtIn(); }

workload::Workload asking(const std::string& limits, const std::string& requests = "", const std::string& podSpec = "") {
  Manifest manifest;
  manifest.limits = limits;
  manifest.requests = requests;
  manifest.podSpec = podSpec;
  return workloadOf(manifest);
}
Ask ask(const std::string& limits, const std::string& requests = "") { return readAsk(asking(limits, requests).templates.at(0).containers.at(0)); }

struct Asked {
  std::string resource = "nvidia.com/gpu", podSpec = {}, surroundings = {};
  std::string policySpec = "  headroom: 10%";
};
Meaning meaning(const Asked& asked) {
  const auto object = asking(fmt::format(R"("{}":"1")", asked.resource), "", asked.podSpec);
  const auto& pod = object.templates.at(0);
  const auto policy = written::onePolicy(written::slicePolicy(asked.policySpec));
  World world;
  world.surroundings = asked.surroundings;
  const auto entries = readAsk(pod.containers.at(0)).entries;
  REQUIRE(entries.size() == 1);
  return meaningOf(entries.front(), pod, policy, gpus(), world.around());
}

/// "whole", "slice 3g.40gb", ... and the products by title.
std::string shown(const Meaning& meaning) {
  std::string text;
  switch (meaning.kind) {
    case Meaning::Kind::Whole: text = "whole"; break;
    case Meaning::Kind::Slice: text = "slice " + meaning.profile; break;
    case Meaning::Kind::UnknownMeaning: return "unknown meaning";
    case Meaning::Kind::UnknownProfile: return "unknown profile";
    case Meaning::Kind::NotOnGpu: text = "not on"; break;
  }
  std::string products;
  if (meaning.productsNamed)
    for (const auto* product : meaning.products) products += (products.empty() ? "" : "|") + product->title;
  return products.empty() ? text : text + " of " + products;
}

std::string selector(std::string_view product) { return fmt::format(R"("nodeSelector":{{"nvidia.com/gpu.product":"{}"}})", product); }
std::string gke(std::string_view accelerator) { return fmt::format(R"("nodeSelector":{{"cloud.google.com/gke-accelerator":"{}"}})", accelerator); }
/// Each term: the inside of a matchExpressions array.
std::string affinity(const std::vector<std::string>& terms) {
  std::string text;
  for (const auto& term : terms) text += fmt::format(R"({}{{"matchExpressions":[{}]}})", text.empty() ? "" : ",", term);
  return fmt::format(R"("affinity":{{"nodeAffinity":{{"requiredDuringSchedulingIgnoredDuringExecution":{{"nodeSelectorTerms":[{}]}}}}}})", text);
}
std::string in(const std::string& values, std::string_view key = "nvidia.com/gpu.product", std::string_view op = "In") {
  return fmt::format(R"({{"key":"{}","operator":"{}","values":[{}]}})", key, op, values);
}

const std::string kSxm = R"("NVIDIA-H100-80GB-HBM3")", kPcie = R"("NVIDIA-H100-PCIe")", kA100 = R"("NVIDIA-A100-SXM4-80GB")", kL4 = R"("NVIDIA-L4")";
constexpr std::string_view kNodeOf3g =
    "nodes: [{name: gpu-1, labels: {nvidia.com/gpu.product: NVIDIA-H100-80GB-HBM3-MIG-3g.40gb}, allocatable: {nvidia.com/gpu: 2}}]";
constexpr std::string_view kWholeNode = "nodes: [{name: gpu-1, labels: {nvidia.com/gpu.product: NVIDIA-A100-SXM4-80GB}, allocatable: {nvidia.com/gpu: 8}}]";

}  // namespace

TEST_CASE("counts use the grammar of Kubernetes quantities, and must be whole, positive and alike in limits and requests") {
  struct Row {
    std::string limit, request;  // JSON values; empty: not written
    std::optional<std::int64_t> count;
    bool asked = true;
  };
  const Row rows[] = {
      {R"("1")", "", 1},          {"1", "", 1},           {R"("1000m")", "", 1},    {R"("1.0")", "", 1},
      {R"("1e0")", "", 1},        {R"("1k")", "", 1000},  {"2", R"("2")", 2},       {R"("1")", R"("1000m")", 1},
      {R"("0")", "", {}, false},  {"0", "0", {}, false},  {"", "0", {}, false},     {R"("0")", R"("0.0")", {}, false},
      {R"("500m")", "", {}},      {"0.5", "", {}},        {R"("-1")", "", {}},      {R"("one")", "", {}},
      {R"("")", "", {}},          {"", "1", {}},          {"1", "2", {}},           {"1", "0", {}},
      {"0", "1", {}},             {"null", "", {}},       {"true", "", {}},         {"1", R"("half")", {}},
  };
  for (const auto& row : rows) {
    CAPTURE(row.limit);
    CAPTURE(row.request);
    const auto member = [](const std::string& value) { return value.empty() ? "" : fmt::format(R"("nvidia.com/gpu":{})", value); };
    const auto got = ask(member(row.limit), member(row.request));
    REQUIRE(got.entries.size() == (row.asked ? 1 : 0));
    if (!row.asked) continue;
    CHECK(got.entries[0].count == row.count);
    CHECK(got.entries[0].problem.empty() == row.count.has_value());
    CHECK(got.entries[0].path == fmt::format("/spec/template/spec/containers/0/resources/{}/nvidia.com~1gpu", row.limit.empty() ? "requests" : "limits"));
  }
}

TEST_CASE("only names of GPU resources are read, each once") {
  CHECK(ask(R"("cpu":"1","memory":"1Gi","amd.com/gpu.fake.example":"1")").empty());
  CHECK(ask(R"("nvidia.com/gpu":"1","nvidia.com/mig-1g.10gb":"1")", R"("nvidia.com/gpu":"1")").entries.size() == 2);
}

TEST_CASE("what nvidia.com/gpu means: node selection, then the policy, then nodes that agree, else unknown") {
  const std::string partition = R"("nodeSelector":{"cloud.google.com/gke-gpu-partition-size":"3g.40gb","cloud.google.com/gke-accelerator":"nvidia-h100-80gb"})";
  const std::string policyWhole = "  gpuResource: whole", policySlice = "  gpuResource: 1g.10gb";
  struct Row {
    std::string_view rule;
    Asked asked;
    std::string_view means;
  };
  const Row rows[] = {
      {"nothing says it", {}, "unknown meaning"},
      {"a product with -MIG-", {.podSpec = selector("NVIDIA-H100-80GB-HBM3-MIG-3g.40gb")}, "slice 3g.40gb of H100 80GB SXM5"},
      {"a plain product", {.podSpec = selector("NVIDIA-H100-80GB-HBM3")}, "whole of H100 80GB SXM5"},
      {"a GKE accelerator", {.podSpec = gke("nvidia-h100-80gb")}, "whole of H100 80GB SXM5"},
      {"a GKE partition", {.podSpec = partition}, "slice 3g.40gb of H100 80GB SXM5"},
      {"selection before policy", {.podSpec = selector("NVIDIA-H100-80GB-HBM3-MIG-3g.40gb"), .policySpec = policyWhole}, "slice 3g.40gb of H100 80GB SXM5"},
      {"policy: whole", {.policySpec = policyWhole}, "whole"},
      {"policy: a profile", {.policySpec = policySlice}, "slice 1g.10gb"},
      {"policy before inventory, which still names the product", {.surroundings = std::string(kNodeOf3g), .policySpec = policySlice}, "slice 1g.10gb of H100 80GB SXM5"},
      {"nodes that agree on a slice", {.surroundings = std::string(kNodeOf3g)}, "slice 3g.40gb of H100 80GB SXM5"},
      {"nodes that agree on whole GPUs", {.surroundings = std::string(kWholeNode)}, "whole of A100 80GB"},
      {"a node without any", {.surroundings = "nodes: [{name: gpu-1, labels: {nvidia.com/gpu.product: NVIDIA-A100-SXM4-80GB}, allocatable: {nvidia.com/gpu: 0}}]"}, "unknown meaning"},
      {"an empty inventory", {.surroundings = "nodes: []"}, "unknown meaning"},
      {"a selection that no node meets, though each of its labels is somewhere",
       {.podSpec = R"("nodeSelector":{"pool":"a","zone":"2"})",
        .surroundings = "nodes: [{name: a, labels: {pool: a, zone: '1', nvidia.com/gpu.product: NVIDIA-H100-80GB-HBM3}, allocatable: {nvidia.com/gpu: 2}},"
                        "{name: b, labels: {pool: b, zone: '2', nvidia.com/gpu.product: NVIDIA-H100-80GB-HBM3}, allocatable: {nvidia.com/gpu: 2}}]"},
       "unknown meaning"},
      {"nodes that disagree",
       {.surroundings = "nodes: [{name: a, labels: {nvidia.com/gpu.product: NVIDIA-H100-80GB-HBM3-MIG-3g.40gb}, allocatable: {nvidia.com/gpu: 2}},"
                        " {name: b, labels: {nvidia.com/gpu.product: NVIDIA-H100-80GB-HBM3}, allocatable: {nvidia.com/gpu: 8}}]"},
       "unknown meaning"},
      {"of those that disagree only one matches the selector",
       {.podSpec = R"("nodeSelector":{"pool":"a"})",
        .surroundings = "nodes: [{name: a, labels: {pool: a, nvidia.com/gpu.product: NVIDIA-H100-80GB-HBM3-MIG-3g.40gb}, allocatable: {nvidia.com/gpu: 2}},"
                        " {name: b, labels: {pool: b, nvidia.com/gpu.product: NVIDIA-H100-80GB-HBM3}, allocatable: {nvidia.com/gpu: 8}}]"},
       "slice 3g.40gb of H100 80GB SXM5"},
      {"a product that the catalogue lacks is a whole GPU too", {.podSpec = selector("NVIDIA-L4")}, "whole"},
      {"whatever the policy says of others", {.podSpec = selector("NVIDIA-L4"), .policySpec = policySlice}, "whole"},
      {"a GKE accelerator that the catalogue lacks", {.podSpec = gke("nvidia-l4"), .policySpec = policySlice}, "whole"},
      {"a profile's own resource needs none of this", {.resource = "nvidia.com/mig-1g.10gb", .policySpec = policyWhole}, "slice 1g.10gb"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.rule);
    const auto got = meaning(row.asked);
    CHECK(shown(got) == row.means);
    if (got.kind == Meaning::Kind::UnknownMeaning) CHECK(contains(got.note, "spec.gpuResource"));
  }
  CHECK(meaning({.policySpec = policySlice}).viaGpuResource);
  CHECK(!meaning({.resource = "nvidia.com/mig-1g.10gb", .policySpec = policySlice}).viaGpuResource);
}

TEST_CASE("the product set: selection and affinity, then the policy, then the inventory, then every product with the profile") {
  const std::string slice = "nvidia.com/mig-1g.10gb";
  const std::string policy = "  gpus: [NVIDIA-A100-SXM4-80GB]";
  const std::string nodes = "nodes: [{name: gpu-1, labels: {nvidia.com/gpu.product: NVIDIA-H100-PCIe}, allocatable: {nvidia.com/mig-1g.10gb: 7}}]";
  const std::string otherNodes = "nodes: [{name: gpu-1, labels: {nvidia.com/gpu.product: NVIDIA-H100-PCIe}, allocatable: {nvidia.com/mig-2g.20gb: 3}}]";
  struct Row {
    std::string_view rule;
    Asked asked;
    std::string_view means;
  };
  const Row rows[] = {
      {"no source", {slice}, "slice 1g.10gb"},
      {"policy", {slice, "", "", policy}, "slice 1g.10gb of A100 80GB"},
      {"inventory", {slice, "", nodes}, "slice 1g.10gb of H100 80GB PCIe"},
      {"policy before inventory", {slice, "", nodes, policy}, "slice 1g.10gb of A100 80GB"},
      {"nodes that do not offer the resource name nothing", {slice, "", otherNodes}, "slice 1g.10gb"},
      {"selector before policy", {slice, selector("NVIDIA-H100-80GB-HBM3"), "", policy}, "slice 1g.10gb of H100 80GB SXM5"},
      {"title, case, blanks and missing vendor", {slice, selector("h100 80GB hbm3")}, "slice 1g.10gb of H100 80GB SXM5"},
      {"endings are cut off", {slice, selector("NVIDIA-H100-80GB-HBM3-MIG-1g.10gb-SHARED")}, "slice 1g.10gb of H100 80GB SXM5"},
      {"GKE, mega", {slice, gke("nvidia-h100-mega-80gb")}, "slice 1g.10gb of H100 80GB SXM5"},
      {"GKE, A100 80GB", {slice, gke("nvidia-a100-80gb")}, "slice 1g.10gb of A100 80GB"},
      {"a name that the catalogue lacks: nothing stands in for it", {slice, selector("NVIDIA-L4"), nodes, policy}, "slice 1g.10gb"},
      {"affinity: the union of alternatives", {slice, affinity({in(kSxm), in(kPcie)})}, "slice 1g.10gb of H100 80GB SXM5|H100 80GB PCIe"},
      {"affinity: a list", {slice, affinity({in(kSxm + "," + kPcie)})}, "slice 1g.10gb of H100 80GB SXM5|H100 80GB PCIe"},
      {"affinity: an unknown name in a list leaves it unknown", {slice, affinity({in(kSxm + "," + kL4)}), "", policy}, "slice 1g.10gb"},
      {"affinity: an unknown alternative leaves it unknown", {slice, affinity({in(kSxm), in(kL4)}), "", policy}, "slice 1g.10gb"},
      {"affinity: an unknown alternative that the selector rules out",
       {slice, selector("NVIDIA-H100-80GB-HBM3") + "," + affinity({in(kSxm + "," + kL4)})}, "slice 1g.10gb of H100 80GB SXM5"},
      {"affinity: a term without a product leaves it open", {slice, affinity({in(kSxm), in(R"("x")", "zone")}), "", policy}, "slice 1g.10gb of A100 80GB"},
      {"affinity: other operators are not read", {slice, affinity({in(kSxm, "nvidia.com/gpu.product", "NotIn")}), "", policy}, "slice 1g.10gb of A100 80GB"},
      {"selector and affinity: the intersection", {slice, selector("NVIDIA-H100-80GB-HBM3") + "," + affinity({in(kSxm + "," + kPcie)})}, "slice 1g.10gb of H100 80GB SXM5"},
      {"selector and affinity: nothing left", {slice, selector("NVIDIA-H100-80GB-HBM3") + "," + affinity({in(kPcie)})}, "not on"},
      {"a product without the profile drops out", {"nvidia.com/mig-3g.20gb", affinity({in(kSxm + R"(,"NVIDIA-A100-SXM4-40GB")")})}, "slice 3g.20gb of A100 40GB"},
      {"no product of the set has it", {"nvidia.com/mig-3g.20gb", selector("NVIDIA-H100-80GB-HBM3")}, "not on of H100 80GB SXM5"},
      {"its neighbour", {"nvidia.com/mig-3g.40gb", selector("NVIDIA-H100-80GB-HBM3")}, "slice 3g.40gb of H100 80GB SXM5"},
      {"no product at all has it", {"nvidia.com/mig-3g.41gb", selector("NVIDIA-H100-80GB-HBM3")}, "unknown profile"},
      {"a driver's variant, product named", {"nvidia.com/mig-1g.24gb", selector("NVIDIA-GB200")}, "slice 1g.23gb of GB200 186GB"},
      {"media attributes in the plugin's spelling", {"nvidia.com/mig-1g.10gb.me", selector("NVIDIA-H100-80GB-HBM3")}, "slice 1g.10gb+me of H100 80GB SXM5"},
      {"DAS", {"mig.das.com/mig-1g.10gb", selector("NVIDIA-H100-80GB-HBM3")}, "slice 1g.10gb of H100 80GB SXM5"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.rule);
    CHECK(shown(meaning(row.asked)) == row.means);
  }
}

TEST_CASE("a GPU that the catalogue lacks is named, and has no value: neither policy nor inventory stands in for it") {
  const std::string spec = "  gpuResource: whole\n  gpus: [NVIDIA-H100-80GB-HBM3]";
  const auto label = [](std::string_view key, std::string_view value) { return fmt::format(R"("nodeSelector":{{"{}":"{}"}})", key, value); };
  struct Row {
    std::string podSpec;
    std::string unknown;   ///< empty: the product is known, and pinned
    std::string_view title = {};
  };
  const Row rows[] = {
      {selector("NVIDIA-L4"), "NVIDIA-L4"},
      {selector("Tesla-T4-SHARED"), "Tesla-T4-SHARED"},
      {gke("nvidia-l4"), "nvidia-l4"},
      {affinity({in(kL4 + "," + kSxm)}), "NVIDIA-L4"},
      {affinity({in(R"("x")", "zone"), in(kL4)}), "NVIDIA-L4"},
      {label("node.kubernetes.io/instance-type", "g5.2xlarge"), "g5.2xlarge (A10G)"},
      {label("node.kubernetes.io/instance-type", "Standard_NC4as_T4_v3"), "Standard_NC4as_T4_v3 (T4)"},
      {label("karpenter.k8s.aws/instance-gpu-name", "l4"), "l4 (L4)"},
      {label("karpenter.k8s.aws/instance-family", "g6e"), "g6e (L40S)"},
      {label("k8s.amazonaws.com/accelerator", "nvidia-tesla-v100"), "nvidia-tesla-v100 (V100)"},
      {affinity({in(R"("g5.xlarge","p5.48xlarge")", "node.kubernetes.io/instance-type")}), "g5.xlarge (A10G)"},
      {label("node.kubernetes.io/instance-type", "p5.48xlarge"), "", "H100 80GB SXM5"},
      {label("node.kubernetes.io/instance-type", "a2-ultragpu-1g"), "", "A100 80GB"},
      {label("karpenter.k8s.aws/instance-gpu-name", "h200"), "", "H200 141GB SXM5"},
      // The GPU's own label before that of its machine.
      {R"("nodeSelector":{"node.kubernetes.io/instance-type":"g5.2xlarge","nvidia.com/gpu.product":"NVIDIA-A100-SXM4-80GB"})", "", "A100 80GB"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.podSpec);
    const auto got = meaning({.podSpec = row.podSpec, .policySpec = spec});
    CHECK(got.kind == Meaning::Kind::Whole);
    CHECK(got.productsPinned == row.unknown.empty());
    CHECK(fmt::format("{}", fmt::join(got.unknownProducts, ", ")) == row.unknown);
    CHECK(got.usable.has_value() == row.unknown.empty());
    if (row.unknown.empty()) CHECK(shown(got) == fmt::format("whole of {}", row.title));
  }
  const auto elsewhere = meaning({.podSpec = label("node.kubernetes.io/instance-type", "m7i.large"), .policySpec = spec});
  CHECK(shown(elsewhere) == "whole of H100 80GB SXM5");
  CHECK(!elsewhere.productsPinned);
}

TEST_CASE("with no product named a variant counts only if no product has the name as its own") {
  for (const auto* product : meaning({"nvidia.com/mig-1g.24gb"}).products) CHECK(product->profile("1g.24gb") != nullptr);
  const auto variant = meaning({"nvidia.com/mig-7g.79gb"});  // a name of A100 80GB's whole board only
  CHECK(variant.profile == "7g.80gb");
  const auto smaller = meaning({"nvidia.com/mig-1g.24gb", selector("NVIDIA-GB200")});
  REQUIRE(smaller.usable);
  CHECK(smaller.usable->smallest == 20480 * kMiB);  // the variant's memory, smaller than the 22528 of the proper name
}

TEST_CASE("a misspelt name and an unknown profile are told apart, and the nearest is said") {
  const auto profile = meaning({"nvidia.com/mig-3g.41gb"});
  CHECK(contains(profile.note, "no product of the catalogue has the profile 3g.41gb"));
  CHECK(contains(profile.note, "nvidia.com/mig-3g.40gb"));
  const auto spelling = meaning({"nvidia.com/mig-1g10gb"});
  CHECK(spelling.kind == Meaning::Kind::UnknownProfile);
  CHECK(contains(spelling.note, "no slice name"));
}

TEST_CASE("a profile that no node of the product offers is known from the inventory") {
  const auto nodes = [](std::string_view resource) {
    return fmt::format("nodes: [{{name: gpu-1, labels: {{nvidia.com/gpu.product: NVIDIA-H100-80GB-HBM3}}, allocatable: {{{}: 1}}}}]", resource);
  };
  const auto spec = selector("NVIDIA-H100-80GB-HBM3");
  CHECK(meaning({"nvidia.com/mig-3g.20gb", spec, nodes("nvidia.com/mig-3g.40gb")}).inventoryLacksIt);
  CHECK(!meaning({"nvidia.com/mig-3g.20gb", spec, nodes("nvidia.com/mig-3g.20gb")}).inventoryLacksIt);
  CHECK(!meaning({"nvidia.com/mig-3g.20gb", spec, "nodes: []"}).inventoryLacksIt);
  CHECK(!meaning({"nvidia.com/mig-3g.20gb", spec}).inventoryLacksIt);
}

TEST_CASE("sharing is said by the name, the node's product label or GKE") {
  const std::string h100 = "  gpuResource: whole\n  gpus: [NVIDIA-H100-80GB-HBM3]";
  CHECK(meaning({.resource = "nvidia.com/gpu.shared", .policySpec = h100}).shared);
  CHECK(meaning({.resource = "nvidia.com/mig-1g.10gb.shared"}).shared);
  CHECK(meaning({.podSpec = selector("NVIDIA-H100-80GB-HBM3-SHARED")}).shared);
  CHECK(meaning({.podSpec = R"("nodeSelector":{"cloud.google.com/gke-gpu-sharing-strategy":"time-sharing"})", .policySpec = h100}).shared);
  CHECK(!meaning({.podSpec = selector("NVIDIA-H100-80GB-HBM3")}).shared);
  CHECK(!meaning({.resource = "nvidia.com/mig-1g.10gb"}).shared);
}

TEST_CASE("a set holds its smallest and its largest; a stand-in counts only if none is measured") {
  const auto range = [](const std::string& resource, const std::string& gpusList) {
    return meaning({.resource = resource, .policySpec = "  gpuResource: whole\n  gpus: [" + gpusList + "]"}).usable;
  };
  const auto two = range("nvidia.com/mig-1g.10gb", "NVIDIA-A100-SXM4-80GB, NVIDIA-H100-80GB-HBM3");
  REQUIRE(two);
  CHECK(two->smallest == 9728 * kMiB);
  CHECK(two->largest == 9984 * kMiB);
  CHECK(two->smallestProduct->title == "A100 80GB");
  CHECK(!two->standIn);
  const auto mixed = range("nvidia.com/mig-1g.10gb", "H800 80GB, NVIDIA-H100-80GB-HBM3");  // H800: nothing measured
  REQUIRE(mixed);
  CHECK(mixed->smallest == 9984 * kMiB);
  CHECK(!mixed->standIn);
  const auto standIn = range("nvidia.com/mig-1g.10gb", "H800 80GB");
  REQUIRE(standIn);
  CHECK(standIn->standIn);
  CHECK(standIn->smallest == 8499 * kMiB);  // floor(10 x 1024 x 0.83)
  CHECK(!range("nvidia.com/mig-1g.0gb", "Thor iGPU"));  // a nominal size of 0
  const auto ratio = range("nvidia.com/mig-3g.90gb", "NVIDIA-B200");  // 2g.45gb is measured: 45312 MiB of 2 slices
  REQUIRE(ratio);
  CHECK(ratio->smallest == 90624 * kMiB);
  CHECK(ratio->standIn);
  CHECK(range("nvidia.com/gpu", "NVIDIA-H100-80GB-HBM3")->smallest == kHoldsWhole);
  CHECK(!range("nvidia.com/gpu", "H800 80GB"));
}
