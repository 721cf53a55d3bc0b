#include "policy/ladder.hpp"

#include "judged.hpp"

using namespace rightslice;
using namespace rightslice::policy;
using namespace rightslice::policy::judged;

namespace {

struct Asked {
  std::string resource = "nvidia.com/mig-7g.80gb";
  std::string gpusList = "NVIDIA-H100-80GB-HBM3";  ///< empty: the policy says nothing
  std::string spec = {}, surroundings = {};
  std::vector<std::string> othersInForce = {};   ///< specs
  int minCompute = 1;
  std::string podSpec = {};
};

Ladder ladder(const Asked& asked) {
  Manifest manifest;
  manifest.limits = fmt::format(R"("{}":1)", asked.resource);
  manifest.podSpec = asked.podSpec;
  const auto object = workloadOf(manifest);
  const std::string_view meansWhole = contains(asked.spec, "gpuResource") ? "" : "  gpuResource: whole\n";
  const auto gpusText = asked.gpusList.empty() ? std::string() : fmt::format("  gpus: [{}]\n", asked.gpusList);
  const auto policy = written::onePolicy(written::slicePolicy(fmt::format("{}{}{}", meansWhole, gpusText, asked.spec)));
  std::vector<Policy> others;
  for (const auto& spec : asked.othersInForce) others.push_back(written::onePolicy(written::slicePolicy(spec)));
  std::vector<const Policy*> inForce{&policy};
  for (const auto& other : others) inForce.push_back(&other);
  World world;
  world.surroundings = asked.surroundings;
  const auto around = world.around();
  const auto& pod = object.templates.at(0);
  const auto meaning = meaningOf(readAsk(pod.containers.at(0)).entries.at(0), pod, policy, gpu::Catalogue::builtIn(), around);
  return ladderOf({&meaning, &policy, &inForce, asked.minCompute}, gpu::Catalogue::builtIn(), around);
}

std::string names(const Ladder& ladder) {
  std::string text;
  for (const auto& candidate : ladder.candidates) text += (text.empty() ? "" : " ") + candidate.profile;
  return text;
}

const std::string kAll = "1g.10gb 1g.20gb 2g.20gb 3g.40gb 4g.40gb 7g.80gb";

}  // namespace

TEST_CASE("candidates are the profiles of the products that are offered, allowed, of the same media and of enough compute") {
  const auto node = [](std::string_view labels, std::string_view allocatable) {
    return fmt::format("nodes: [{{name: gpu-1, labels: {{{}}}, allocatable: {{{}}}}}]", labels, allocatable);
  };
  const std::string h100 = "nvidia.com/gpu.product: NVIDIA-H100-80GB-HBM3";
  struct Row {
    std::string_view rule;
    Asked asked;
    std::string profiles;
    bool offerKnown = false;
  };
  const std::string slice = "nvidia.com/mig-7g.80gb", h = "NVIDIA-H100-80GB-HBM3";
  const Row rows[] = {
      {"all of the product while no offer is known", {slice, h}, kAll},
      {"only what is offered", {slice, h, "  slices: {offered: [2g.20gb, 1g.10gb]}"}, "1g.10gb 2g.20gb", true},
      {"the inventory", {slice, h, "", node(h100, "nvidia.com/mig-1g.20gb: 1, nvidia.com/mig-3g.40gb: 0")}, "1g.20gb", true},
      {"offered adds to the inventory", {slice, h, "  slices: {offered: [1g.10gb]}", node(h100, "nvidia.com/mig-1g.20gb: 1")}, "1g.10gb 1g.20gb", true},
      {"an inventory that offers none", {slice, h, "", "nodes: []"}, "", true},
      {"nodes of other products offer nothing", {slice, h, "", node("nvidia.com/gpu.product: NVIDIA-H100-PCIe", "nvidia.com/mig-1g.20gb: 1")}, "", true},
      {"nodes whose nvidia.com/gpu is a slice", {"nvidia.com/gpu", h, "  gpuResource: 7g.80gb", node(h100 + "-MIG-1g.20gb", "nvidia.com/gpu: 4")}, "1g.20gb", true},
      {"but no request by a slice's own name is served there", {slice, h, "", node(h100 + "-MIG-1g.20gb", "nvidia.com/gpu: 4")}, "", true},
      {"allowed", {slice, h, "  slices: {allowed: ['1g.*', '3g.40gb']}"}, "1g.10gb 1g.20gb 3g.40gb"},
      {"denied wins", {slice, h, "  slices: {allowed: ['1g.*'], denied: ['1g.20gb']}"}, "1g.10gb"},
      {"denied by another policy in force", {slice, h, "", "", {"  slices: {denied: ['?g.20gb']}"}}, "1g.10gb 3g.40gb 4g.40gb 7g.80gb"},
      {"minimum compute", {slice, h, "", "", {}, 3}, "3g.40gb 4g.40gb 7g.80gb"},
      {"minimum compute, just below", {slice, h, "", "", {}, 2}, "2g.20gb 3g.40gb 4g.40gb 7g.80gb"},
      {"exactly the media attributes of the request", {"nvidia.com/mig-1g.10gb.me", h}, "1g.10gb+me"},
      {"a whole GPU: no profile with all its compute", {"nvidia.com/gpu", h}, "1g.10gb 1g.20gb 2g.20gb 3g.40gb 4g.40gb"},
      {"only profiles that all products offer", {"nvidia.com/mig-1g.10gb", h + ", NVIDIA-A100-SXM4-40GB"}, "1g.10gb"},
      {"ascending by memory, then compute", {slice, "NVIDIA-A100-SXM4-80GB"}, kAll},
  };
  for (const auto& row : rows) {
    CAPTURE(row.rule);
    const auto got = ladder(row.asked);
    CHECK(names(got) == row.profiles);
    CHECK(got.offerKnown == row.offerKnown);
  }
}

TEST_CASE("a candidate holds the smallest of the product set") {
  const auto got = ladder({"nvidia.com/mig-1g.10gb", "NVIDIA-A100-SXM4-80GB, NVIDIA-H100-80GB-HBM3"});
  REQUIRE(got.candidates.size() == 6);
  CHECK(got.candidates[0].usable == 9728 * kMiB);
  CHECK(got.candidates[5].usable == 80896 * kMiB);
}

TEST_CASE("where node selection does not pin the product, a candidate holds the smallest of all where the pod may land then") {
  const std::string nodes =
      "nodes: [{name: h20, labels: {nvidia.com/gpu.product: NVIDIA-H20}, allocatable: {nvidia.com/mig-1g.24gb: 2, nvidia.com/mig-3g.48gb: 1}},"
      "{name: nvl, labels: {nvidia.com/gpu.product: NVIDIA-H100-NVL}, allocatable: {nvidia.com/mig-1g.24gb: 4}}]";
  const auto holds = [](std::string_view title) {
    const auto* product = gpu::Catalogue::builtIn().find(title);
    return gpu::usable(*product, *product->profile("1g.24gb"))->bytes;
  };
  const Bytes h20 = holds("NVIDIA-H20"), nvl = holds("NVIDIA-H100-NVL");
  REQUIRE(nvl < h20);
  const auto first = [](const Asked& asked) {
    const auto got = ladder(asked);
    REQUIRE(!got.candidates.empty());
    CHECK(got.candidates[0].profile == "1g.24gb");
    return got.candidates[0].usable;
  };
  const std::string asked = "nvidia.com/mig-3g.48gb";
  CHECK(first({asked, "", "", nodes}) == nvl);
  CHECK(first({asked, "", "", nodes, {}, 1, R"("nodeSelector":{"nvidia.com/gpu.product":"NVIDIA-H20"})"}) == h20);
  CHECK(first({asked, "NVIDIA-H20", "", nodes}) == h20);
  CHECK(first({asked, "NVIDIA-H20, NVIDIA-H100-NVL", "", nodes}) == nvl);
}

TEST_CASE("there is no candidate for a pod that may get a GPU that the catalogue lacks") {
  for (const std::string product : {R"("NVIDIA-L4")", R"("NVIDIA-L4","NVIDIA-H100-80GB-HBM3")"}) {
    const auto spec = fmt::format(R"("affinity":{{"nodeAffinity":{{"requiredDuringSchedulingIgnoredDuringExecution":{{"nodeSelectorTerms":[{{
        "matchExpressions":[{{"key":"nvidia.com/gpu.product","operator":"In","values":[{}]}}]}}]}}}}}})", product);
    CHECK(names(ladder({"nvidia.com/mig-3g.40gb", "NVIDIA-H100-80GB-HBM3", "", "", {}, 1, spec})) == "");
    CHECK(names(ladder({"nvidia.com/gpu", "NVIDIA-H100-80GB-HBM3", "", "", {}, 1, spec})) == "");
  }
}

TEST_CASE("the recommended class is the smallest that fits; in it compute or density is preferred") {
  const Ladder ladder{{{"1g.10gb", 1, 10}, {"1g.20gb", 1, 20}, {"2g.20gb", 2, 20}, {"3g.40gb", 3, 40}, {"4g.40gb", 4, 40}, {"7g.80gb", 7, 80}}, true};
  struct Row {
    std::string_view rule;
    std::optional<Bytes> below;
    int compute;
    bool density;
    Bytes need;
    std::string_view profile;
    int classes = 0;
  };
  const Row rows[] = {
      {"the smallest class", 80, 7, false, 5, "1g.10gb", 3},
      {"compute: the most not above the request's", 80, 7, false, 15, "2g.20gb", 2},
      {"density: the fewest", 80, 7, true, 15, "1g.20gb", 2},
      {"compute: not above the request's", 80, 3, false, 30, "3g.40gb", 1},
      {"compute: as much as the request's", 80, 4, false, 30, "4g.40gb", 1},
      {"compute: one slice only", 40, 1, false, 15, "1g.20gb", 1},
      {"the fewest if all are above", std::nullopt, 2, false, 30, "3g.40gb", 2},
      {"the class of the request is not below it", 40, 4, false, 30, ""},
      {"nothing fits below", 80, 7, false, 41, ""},
      {"nothing fits at all", std::nullopt, 7, false, 81, ""},
      {"anywhere", std::nullopt, 1, false, 41, "7g.80gb", 1},
  };
  for (const auto& row : rows) {
    CAPTURE(row.rule);
    const auto choice = choose(ladder, row.below, row.compute, row.density, [&](const Candidate& c) { return c.usable >= row.need; });
    REQUIRE(choice.has_value() == !row.profile.empty());
    if (!choice) continue;
    CHECK(choice->candidate.profile == row.profile);
    CHECK(choice->classesBelowRequest == row.classes);
  }
}
