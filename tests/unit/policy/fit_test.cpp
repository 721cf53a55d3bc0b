#include "policy/fit.hpp"

#include "judged.hpp"

using namespace rightslice;
using namespace rightslice::policy;
using namespace rightslice::policy::judged;

namespace {

/// The largest need that `usable` holds with a headroom in tenths of a percent.
Bytes mostThatFits(Bytes usable, std::int64_t headroomTenths = 100) { return usable * 1000 / (1000 + headroomTenths); }

struct Asked {
  std::string profile = "3g.40gb";        // empty: whole GPUs
  Bytes footprint = 0;
  std::string policy = h100Policy();
  std::string annotations = {};           // further ones
  int count = 1;

  Judgement judge() const {
    Manifest manifest;
    const std::string resource = profile.empty() ? "nvidia.com/gpu" : "nvidia.com/mig-" + profile;
    manifest.limits = fmt::format(R"("{}":{})", resource, count);
    manifest.annotations = judged::footprint(footprint) + (annotations.empty() ? "" : "," + annotations);
    return World{policy, "", {}}.judge(manifest);
  }
};

std::string onProducts(std::string_view gpusList, std::string_view more = "") {
  return written::slicePolicy(fmt::format("  gpuResource: whole\n  gpus: [{}]\n  load: {{concurrency: 8}}\n{}", gpusList, more));
}

Manifest vllm(std::string args, std::string limits = R"("nvidia.com/mig-3g.40gb":1)") {
  Manifest manifest;
  manifest.image = "vllm/vllm-openai:v0.9.2";
  manifest.limits = std::move(limits);
  manifest.args = std::move(args);
  return manifest;
}

}  // namespace

TEST_CASE("headroom is exact to a byte, at any setting") {
  for (const int tenths : {0, 100, 125, 1000, 2000}) {
    const auto policy = h100Policy(fmt::format("  headroom: {}.{}%\n  slices: {{offered: [3g.40gb]}}", tenths / 10, tenths % 10));
    const Bytes most = mostThatFits(kHolds3g, tenths);
    CAPTURE(tenths);
    CHECK(said(Asked{"3g.40gb", most, policy}.judge()) == "");
    CHECK(said(Asked{"3g.40gb", most + 1, policy}.judge()) == (tenths == 0 ? "Undersized=deny" : "TightFit=warn"));
  }
}

TEST_CASE("undersized begins one byte above what the slice holds, and tight fit ends there") {
  CHECK(said(Asked{"3g.40gb", kHolds3g}.judge()) == "TightFit=warn");
  CHECK(said(Asked{"3g.40gb", kHolds3g + 1}.judge()) == "Undersized=deny");
  CHECK(said(Asked{"", kHoldsWhole}.judge()) == "TightFit=warn");
  CHECK(said(Asked{"", kHoldsWhole + 1}.judge()) == "Undersized=deny");
}

TEST_CASE("oversized begins where a smaller class holds the need with headroom, exact to a byte") {
  struct Row {
    Bytes footprint;
    std::string_view said, recommended;
  };
  const Row rows[] = {
      {mostThatFits(kHolds1g), "Oversized=warn", "1g.10gb"},
      {mostThatFits(kHolds1g) + 1, "Oversized=warn", "2g.20gb"},
      {mostThatFits(kHolds2g), "Oversized=warn", "2g.20gb"},
      {mostThatFits(kHolds2g) + 1, "", ""},
      {1, "Oversized=warn", "1g.10gb"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.footprint);
    const auto judgement = Asked{"3g.40gb", row.footprint}.judge();
    CHECK(said(judgement) == row.said);
    CHECK(recommended(judgement) == row.recommended);
  }
}

TEST_CASE("the recommendation follows preference, compute, offer, permission and tolerance") {
  const auto slices = [](std::string_view members) { return h100Policy(fmt::format("  slices: {{{}}}", members)); };
  const std::string all = "offered: [1g.10gb, 1g.20gb, 2g.20gb, 3g.40gb, 4g.40gb, 7g.80gb], ";
  struct Row {
    std::string_view rule;
    Asked asked;
    std::string_view said, recommended;
  };
  const std::string_view over = "Oversized=warn";
  const Row rows[] = {
      {"compute by default", {"3g.40gb", 15 * kGiB}, over, "2g.20gb"},
      {"density", {"3g.40gb", 15 * kGiB, slices(all + "prefer: density")}, over, "1g.20gb"},
      {"compute of the request bounds the choice", {"7g.80gb", 30 * kGiB}, over, "4g.40gb"},
      {"density of 40gb", {"7g.80gb", 30 * kGiB, slices(all + "prefer: density")}, over, "3g.40gb"},
      {"4g against 3g is no finding", {"4g.40gb", 30 * kGiB}, "", ""},
      {"1g.20gb against 2g.20gb neither", {"2g.20gb", 15 * kGiB}, "", ""},
      {"only what is offered", {"3g.40gb", 6 * kGiB, slices("offered: [1g.20gb, 3g.40gb]")}, over, "1g.20gb"},
      {"nothing smaller on offer", {"3g.40gb", 6 * kGiB, slices("offered: [3g.40gb, 7g.80gb]")}, "", ""},
      {"asking for something outside the offer is no finding", {"3g.40gb", 30 * kGiB, slices("offered: [1g.10gb]")}, "", ""},
      {"denied here", {"3g.40gb", 6 * kGiB, slices(all + "denied: ['1g.*']")}, over, "2g.20gb"},
      {"spec.slices.minCompute", {"3g.40gb", 6 * kGiB, slices(all + "minCompute: 2")}, over, "2g.20gb"},
      {"the annotation", {"3g.40gb", 6 * kGiB, h100Policy(), R"("rightslice.io/min-compute-slices":"2")"}, over, "2g.20gb"},
      {"the larger of both", {"3g.40gb", 6 * kGiB, slices(all + "minCompute: 3"), R"("rightslice.io/min-compute-slices":"2")"}, "", ""},
      {"two classes below, one tolerated", {"3g.40gb", 6 * kGiB, slices(all + "tolerance: 1")}, over, "1g.10gb"},
      {"two classes below, both tolerated", {"3g.40gb", 6 * kGiB, slices(all + "tolerance: 2")}, "", ""},
      {"one class from the recommended upwards, tolerated", {"3g.40gb", 15 * kGiB, slices(all + "tolerance: 1")}, "", ""},
      {"tolerance counts candidate classes only", {"3g.40gb", 6 * kGiB, slices("offered: [1g.10gb, 3g.40gb], tolerance: 1")}, "", ""},
  };
  for (const auto& row : rows) {
    CAPTURE(row.rule);
    const auto judgement = row.asked.judge();
    CHECK(said(judgement) == row.said);
    CHECK(recommended(judgement) == row.recommended);
  }
}

TEST_CASE("undersized and tight fit recommend the smallest class that fits, or nothing, and never a whole GPU") {
  struct Row {
    Asked asked;
    std::string_view said, recommended;
  };
  const Row rows[] = {
      {{"1g.10gb", 12 * kGiB}, "Undersized=deny", "1g.20gb"},  // the most compute that is not above the request's
      {{"2g.20gb", 30 * kGiB}, "Undersized=deny", "3g.40gb"},  // the fewest if all are above
      {{"3g.40gb", mostThatFits(kHolds7g)}, "Undersized=deny", "7g.80gb"},
      {{"3g.40gb", mostThatFits(kHolds7g) + 1}, "Undersized=deny", ""},
      {{"7g.80gb", 75 * kGiB}, "TightFit=warn", ""},  // a whole GPU would hold no more with headroom, and is none
      {{"3g.40gb", 38 * kGiB}, "TightFit=warn", "7g.80gb"},
      {{"", 90 * kGiB}, "Undersized=deny", ""},
  };
  for (const auto& row : rows) {
    CAPTURE(row.asked.profile);
    CAPTURE(row.asked.footprint);
    const auto judgement = row.asked.judge();
    CHECK(said(judgement) == row.said);
    CHECK(recommended(judgement) == row.recommended);
  }
}

TEST_CASE("media attributes stay: a request with them is answered with them") {
  const auto a30 = [](std::string_view offered) { return onProducts("NVIDIA-A30", fmt::format("  slices: {{offered: [{}]}}", offered)); };
  const auto me = Asked{"2g.12gb.me", 3 * kGiB, a30("1g.6gb, 1g.6gb+me, 2g.12gb+me")}.judge();
  CHECK(said(me) == "Oversized=warn");
  CHECK(me.containers[0].recommended->resource == "nvidia.com/mig-1g.6gb.me");
  CHECK(said(Asked{"2g.12gb.me", 3 * kGiB, a30("1g.6gb, 2g.12gb+me")}.judge()) == "");
  CHECK(recommended(Asked{"2g.12gb", 3 * kGiB, a30("1g.6gb, 1g.6gb+me")}.judge()) == "1g.6gb");
}

TEST_CASE("a whole GPU is never told to become a slice with all its compute") {
  CHECK(said(Asked{"", 40 * kGiB}.judge()) == "");
  const auto smaller = Asked{"", 30 * kGiB}.judge();
  CHECK(said(smaller) == "Oversized=warn");
  CHECK(recommended(smaller) == "4g.40gb");
  CHECK(smaller.containers[0].recommended->resource == "nvidia.com/mig-4g.40gb");
}

TEST_CASE("several whole GPUs: oversized if a divisor of the count would do, with the smallest that does") {
  struct Row {
    int count;
    Bytes footprint;
    std::string_view said;
    std::optional<std::int64_t> recommended = {};
  };
  const Row rows[] = {
      {4, 100 * kGiB, "Oversized=warn", 2},  // 50 GiB on each of 2
      {4, 150 * kGiB, ""},                   // 75 GiB and headroom pass 79.6 GiB; 3 would do, but divides nothing
      {3, 100 * kGiB, ""},                   // only 1 divides 3
      {8, 60 * kGiB, "Oversized=warn", 1},
      {2, 2 * mostThatFits(kHoldsWhole), ""},
      {2, 2 * (mostThatFits(kHoldsWhole) + 1), "TightFit=warn"},
      {2, 2 * kHoldsWhole + 1, "Undersized=deny"},
      {2, mostThatFits(kHoldsWhole), "Oversized=warn", 1},
      {2, mostThatFits(kHoldsWhole) + 1, ""},
  };
  for (const auto& row : rows) {
    CAPTURE(row.count);
    CAPTURE(row.footprint);
    const auto judgement = Asked{"", row.footprint, h100Policy(), "", row.count}.judge();
    CHECK(said(judgement) == row.said);
    const auto& recommended = judgement.containers[0].recommended;
    REQUIRE(recommended.has_value() == row.recommended.has_value());
    if (!recommended) continue;
    CHECK(recommended->count == row.recommended);
    CHECK(recommended->resource == "nvidia.com/gpu");
  }
}

TEST_CASE("a set of products: undersized by the largest, tight and oversized by the smallest, which is named") {
  const auto both = onProducts("NVIDIA-A100-SXM4-80GB, NVIDIA-H100-80GB-HBM3");  // 1g.10gb: 9728 and 9984 MiB
  CHECK(said(Asked{"1g.10gb", 9984 * kMiB + 1, both}.judge()) == "Undersized=deny");
  const auto between = Asked{"1g.10gb", 9728 * kMiB + 1, both}.judge();
  CHECK(said(between) == "TightFit=warn");
  CHECK(contains(finding(between, Code::TightFit).message, "on NVIDIA-A100-SXM4-80GB"));
  CHECK(between.containers[0].requested->usable == 9728 * kMiB);
  CHECK(said(Asked{"1g.10gb", mostThatFits(9728 * kMiB), both}.judge()) == "");
  CHECK(said(Asked{"1g.10gb", mostThatFits(9728 * kMiB) + 1, both}.judge()) == "TightFit=warn");
}

TEST_CASE("a stand-in alone never denies") {
  const auto h800 = onProducts("H800 80GB");  // 1g.10gb: floor(10 x 1024 x 0.83) MiB
  const auto judgement = Asked{"1g.10gb", 8499 * kMiB + 1, h800}.judge();
  CHECK(said(judgement) == "Undersized=warn");
  CHECK(contains(finding(judgement, Code::Undersized).message, "estimate"));
  CHECK(said(Asked{"1g.10gb", 8499 * kMiB, h800}.judge()) == "TightFit=warn");
}

TEST_CASE("on a shared slice only undersized is judged") {
  struct Row {
    Bytes footprint;
    std::string_view said;
  };
  for (const auto& row : {Row{6 * kGiB, "SharedSlice=warn"}, Row{38 * kGiB, "SharedSlice=warn"}, Row{kHolds3g + 1, "SharedSlice=warn Undersized=deny"}}) {
    CAPTURE(row.footprint);
    CHECK(said(Asked{"3g.40gb.shared", row.footprint}.judge()) == row.said);
  }
}

TEST_CASE("without a known product and memory there is nothing to fit") {
  CHECK(said(Asked{"", 500 * kGiB, written::slicePolicy("  gpuResource: whole")}.judge()) == "");
  CHECK(said(Asked{"", 500 * kGiB, onProducts("H800 80GB")}.judge()) == "");  // its total is not known
  CHECK(said(Asked{"", 500 * kGiB, onProducts("NVIDIA-H100-PCIe")}.judge()) == "Undersized=deny");
}

TEST_CASE("a declaration that leaves the estimate's interval by more than 15 percent disagrees, exact to a byte") {
  const auto plain = World{}.judge(vllm(R"("--model","Qwen/Qwen2.5-7B-Instruct","--max-model-len","4096")"));
  const auto& need = plain.containers.at(0).need;
  REQUIRE(need);
  REQUIRE(need->high);
  const Bytes low = (need->minimum * 85 + 99) / 100, high = *need->high * 115 / 100;
  const auto disagrees = [](Bytes bytes) {
    auto manifest = vllm(R"("--model","Qwen/Qwen2.5-7B-Instruct","--max-model-len","4096")");
    manifest.annotations = footprint(bytes);
    const auto judgement = World{}.judge(manifest);
    return contains(said(judgement), "FootprintDisagrees");
  };
  CHECK(!disagrees(low));
  CHECK(disagrees(low - 1));
  CHECK(!disagrees(high));
  CHECK(disagrees(high + 1));
}

TEST_CASE("an estimate of high confidence that surely exceeds the slice stands whatever was declared; a doubtful one does not") {
  struct Row {
    std::string_view rule;
    std::string image, container;
    model::Confidence confidence;
    std::string_view said;
  };
  const std::string command = R"("command":["vllm","serve","meta-llama/Llama-2-13b-hf","--dtype","float16"])";
  const Row rows[] = {
      {"the engine is known from its command", "registry.example/app:1", command, model::Confidence::High, "FootprintDisagrees=warn Undersized=deny"},
      {"the engine's release is known from the image only", "vllm/vllm-openai:v0.9.2", command, model::Confidence::Medium, "FootprintDisagrees=warn"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.rule);
    Manifest manifest;
    manifest.image = row.image;
    manifest.container = row.container;
    manifest.limits = R"("nvidia.com/mig-1g.20gb":1)";
    const auto estimated = World{}.judge(manifest);
    REQUIRE(estimated.containers[0].need);
    CHECK(estimated.containers[0].need->confidence == row.confidence);
    CHECK(estimated.containers[0].need->minimum > kHolds2g);
    manifest.annotations = footprint(17 * kGiB);
    const auto declared = said(World{}.judge(manifest));
    CHECK(declared.starts_with(row.said));
    CHECK(contains(declared, "Undersized") == contains(row.said, "Undersized"));
  }
}

TEST_CASE("a candidate must hold the high end of the need with headroom, not only what is expected") {
  const std::string args = R"("--model","Qwen/Qwen2.5-1.5B-Instruct","--dtype","bfloat16","--max-model-len","4096","--max-num-seqs","64","--max-num-batched-tokens","2048","--gpu-memory-utilization","0.8")";
  const auto need = World{}.judge(vllm(args, R"("nvidia.com/mig-1g.10gb":1)")).containers.at(0).need;  // on the candidate
  REQUIRE(need);
  REQUIRE(need->high);
  const auto at = [&](Bytes bytes) {  // the headroom, in tenths of a percent, at which the smallest slice just holds so much
    const Bytes tenths = kHolds1g / (bytes / 1000) - 1000;
    REQUIRE(tenths > 0);
    REQUIRE(tenths <= 2000);
    return recommended(World{h100Policy(fmt::format("  headroom: {}.{}%", tenths / 10, tenths % 10)), "", {}}.judge(vllm(args)));
  };
  REQUIRE(*need->high > need->bytes * 101 / 100);
  CHECK(at(*need->high * 1001 / 1000) == "1g.10gb");
  CHECK(at(need->bytes) == "2g.20gb");
}

TEST_CASE("fewer GPUs must divide the attention heads, where they are known") {
  auto manifest = vllm(R"("--model","Qwen/Qwen2.5-7B-Instruct")", R"("nvidia.com/gpu":6)");  // 28 heads: 3 does not divide them
  manifest.annotations = footprint(145 * kGiB);                                             // 1 and 2 are too few
  CHECK(!contains(said(manifest), "Oversized"));
  manifest.args = R"("--model","acme/x")";
  const auto judgement = World{}.judge(manifest);
  REQUIRE(contains(said(judgement), "Oversized"));
  CHECK(judgement.containers[0].recommended->count == 3);
}

TEST_CASE("an engine whose memory fraction leaves too little cannot start; beside it a larger fraction can") {
  const auto at = [](std::string_view fraction) {
    return said(vllm(fmt::format(R"("--model","Qwen/Qwen2.5-7B-Instruct","--max-model-len","8192","--gpu-memory-utilization","{}")", fraction)));
  };
  CHECK(at("0.3") == "EngineCannotStart=deny");
  CHECK(!contains(at("0.9"), "EngineCannotStart"));
}

TEST_CASE("a start is never judged on a declaration alone") {
  auto manifest = vllm(R"("--model","acme/unknown","--gpu-memory-utilization","0.1")");
  manifest.annotations = footprint(30 * kGiB);
  CHECK(said(manifest) == "");
}

TEST_CASE("spec.declarations: policy judges without and with the workload's annotations and joins the findings") {
  const auto policy = [](std::string_view memory, std::string_view by = "policy") {
    return h100Policy(fmt::format("  declarations: {}\n{}", by, memory.empty() ? "" : fmt::format("  models: [{{model: acme/x, memory: {}}}]", memory)));
  };
  const auto judged = [&](std::string_view memory, Bytes declared, std::string_view by = "policy") {
    auto manifest = vllm(R"("--model","acme/x")");
    if (declared > 0) manifest.annotations = footprint(declared);
    return World{policy(memory, by), "", {}}.judge(manifest);
  };
  SUBCASE("only the judgement with annotations has a finding: its need and recommendation count") {
    const auto got = judged("30Gi", 6 * kGiB);
    CHECK(said(got) == "Oversized=warn");
    CHECK(got.containers[0].need->bytes == 6 * kGiB);
    CHECK(recommended(got) == "1g.10gb");
  }
  SUBCASE("both have one: the union, with the need and recommendation of the judgement without") {
    const auto got = judged("50Gi", 6 * kGiB);
    CHECK(said(got) == "Undersized=deny Oversized=warn");
    CHECK(got.containers[0].need->bytes == 50 * kGiB);
    CHECK(recommended(got) == "7g.80gb");
  }
  SUBCASE("an annotation cannot hide what the policy declares") {
    CHECK(said(judged("50Gi", 30 * kGiB)) == "Undersized=deny");
    CHECK(said(judged("50Gi", 30 * kGiB, "workload")) == "");
  }
  SUBCASE("UnknownFootprint stands only if neither knows the need") {
    CHECK(said(judged("", 30 * kGiB)) == "");
    CHECK(said(judged("", 0)) == "UnknownFootprint=warn");
    CHECK(judged("", 30 * kGiB).containers[0].need->bytes == 30 * kGiB);
  }
  SUBCASE("it is the default of a ClusterSlicePolicy") {
    auto manifest = vllm(R"("--model","acme/x")");
    manifest.annotations = footprint(30 * kGiB);
    const std::string_view spec = "  gpus: [NVIDIA-H100-80GB-HBM3]\n  models: [{model: acme/x, memory: 50Gi}]";
    CHECK(said(manifest, written::clusterPolicy(spec)) == "Undersized=deny");
    CHECK(said(manifest, written::slicePolicy(spec)) == "");
  }
}

TEST_CASE("an open need is never oversized") {
  const auto judgement = World{}.judge(vllm(R"("--model","Qwen/Qwen2.5-0.5B-Instruct","--max-model-len","2048","--enable-eplb")", R"("nvidia.com/mig-7g.80gb":1)"));
  REQUIRE(judgement.containers[0].need);
  CHECK(!judgement.containers[0].need->high);
  CHECK(!contains(said(judgement), "Oversized"));
  const auto closed = World{}.judge(vllm(R"("--model","Qwen/Qwen2.5-0.5B-Instruct","--max-model-len","2048")", R"("nvidia.com/mig-7g.80gb":1)"));
  CHECK(contains(said(closed), "Oversized"));
}
