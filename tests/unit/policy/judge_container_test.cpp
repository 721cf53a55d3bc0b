#include "policy/judge_container.hpp"

#include "judged.hpp"

using namespace rightslice;
using namespace rightslice::policy;
using namespace rightslice::policy::judged;

namespace {

/// A container that fits what it asks for, so that nothing else is said of it.
Manifest fitting() {
  Manifest manifest;
  manifest.annotations = footprint(30 * kGiB);
  return manifest;
}
Manifest with(const std::string& limits, const std::string& requests = "", const std::string& container = "") {
  Manifest manifest = fitting();
  manifest.limits = limits;
  manifest.requests = requests;
  manifest.container = container;
  return manifest;
}
Manifest vllm(const std::string& args, const std::string& limits) {
  Manifest manifest = with(limits);
  manifest.image = "vllm/vllm-openai:v0.9.2";
  manifest.args = R"("--model","acme/x")" + (args.empty() ? "" : "," + args);
  return manifest;
}

const std::string k3g = R"("nvidia.com/mig-3g.40gb":1)";

struct Row {
  std::string_view rule;
  Manifest manifest;
  std::string_view said;
};
void check(const std::vector<Row>& rows, const std::string& policies = h100Policy()) {
  for (const auto& row : rows) {
    CAPTURE(row.rule);
    CHECK(said(row.manifest, policies) == row.said);
  }
}

}  // namespace

TEST_CASE("a sharing system makes its container NotJudged, and nothing else is said of it") {
  auto both = with(R"("nvidia.com/mig-3g.40gb":1,"nvidia.com/gpumem":3000)");
  both.annotations = footprint(6 * kGiB) + R"(,"main.rightslice.io/context":"x")";
  auto claim = with("", "", R"("resources":{"claims":[{"name":"gpu"}]})");
  check({
      {"the slice alone", fitting(), ""},
      {"HAMi", with(R"("nvidia.com/gpu":1,"nvidia.com/gpumem":3000)"), "NotJudged=warn"},
      {"Volcano", with(R"("volcano.sh/vgpu-memory":3000)"), "NotJudged=warn"},
      {"zero of it asks for nothing", with(R"("nvidia.com/mig-3g.40gb":1,"nvidia.com/gpumem":0)"), ""},
      {"beside an oversized slice and a bad annotation of that container", both, "NotJudged=warn"},
  });
  auto bothUnprefixed = both;
  bothUnprefixed.annotations = footprint(6 * kGiB) + R"(,"rightslice.io/context":"x")";
  CHECK(said(bothUnprefixed) == "NotJudged=warn InvalidAnnotation=warn");
}

TEST_CASE("an annotation of a sharing system does not hide a slice that is asked for by its name") {
  auto slice = fitting();
  slice.annotations = footprint(6 * kGiB) + R"(,"gpu-fraction":"0.5")";
  CHECK(said(slice) == "Oversized=warn");
  slice.limits = R"("nvidia.com/gpu":1)";
  CHECK(said(slice) == "NotJudged=warn");  // this is what such a system hands out
  slice.limits = R"("mig.das.com/3g.40gb":1)";
  CHECK(said(slice) == "Oversized=warn");
}

TEST_CASE("a resource claim of DRA is NotJudged") {
  const auto judged = World{}.judge(std::string(
      R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","namespace":"team-a"},"spec":{"resourceClaims":[{"name":"gpu","resourceClaimName":"x"}],"containers":[{"name":"main","resources":{"claims":[{"name":"gpu"}]}}]}})"));
  CHECK(said(judged) == "NotJudged=warn");
}

TEST_CASE("an unknown meaning of nvidia.com/gpu is NotJudged and names the setting") {
  const auto policy = written::slicePolicy("  headroom: 10%");
  const auto judgement = World{policy, "", {}}.judge(with(R"("nvidia.com/gpu":1)"));
  CHECK(said(judgement) == "NotJudged=warn");
  CHECK(contains(judgement.findings.at(0).message, "spec.gpuResource"));
  CHECK(judgement.findings.at(0).path == "/spec/template/spec/containers/0/resources/limits/nvidia.com~1gpu");
  CHECK(said(with(R"("nvidia.com/gpu":1)"), written::slicePolicy("  gpuResource: whole")) == "");
}

TEST_CASE("a GPU taken without asking is unaccounted for") {
  const auto envOf = [](std::string_view says) { return with("", "", fmt::format(R"("env":[{{"name":"NVIDIA_VISIBLE_DEVICES",{}}}])", says)); };
  const auto env = [&](std::string_view value) { return envOf(fmt::format(R"("value":"{}")", value)); };
  const auto mounting = [](std::string_view path) {
    auto manifest = with("", "", R"("volumeMounts":[{"name":"d","mountPath":"/x"}])");
    manifest.podSpec = fmt::format(R"("volumes":[{{"name":"d","hostPath":{{"path":"{}"}}}}])", path);
    return manifest;
  };
  auto privileged = with("", "", R"("securityContext":{"privileged":true})");
  auto runtime = with("");
  runtime.podSpec = R"("runtimeClassName":"nvidia")";
  auto privilegedRuntime = privileged;
  privilegedRuntime.podSpec = runtime.podSpec;
  auto asking = env("all");
  asking.limits = k3g;
  check({
      {"env all", env("all"), "UnaccountedGpu=warn"},
      {"env with a device", env("0"), "UnaccountedGpu=warn"},
      {"env void", env("void"), ""},
      {"env none", env("none"), ""},
      {"env empty", env(""), ""},
      {"device path", mounting("/dev/nvidia0"), "UnaccountedGpu=warn"},
      {"device path in another spelling", mounting("//dev/./nvidia0"), "UnaccountedGpu=warn"},
      {"env from a ConfigMap", envOf(R"("valueFrom":{"configMapKeyRef":{"name":"a","key":"b"}})"), "UnaccountedGpu=warn"},
      {"the last of the name wins", envOf(R"("value":"all"},{"name":"NVIDIA_VISIBLE_DEVICES","value":"void")"), ""},
      {"another path", mounting("/dev/shm"), ""},
      {"privileged with the nvidia runtime", privilegedRuntime, "UnaccountedGpu=warn"},
      {"privileged", privileged, ""},
      {"the runtime", runtime, ""},
      {"one that asks is accounted for", asking, ""},
  });
}

TEST_CASE("a GPU that a value may give, which is not known here, is never denied for it") {
  const auto hidden = with("", "", R"("env":[{"name":"NVIDIA_VISIBLE_DEVICES","valueFrom":{"secretKeyRef":{"name":"a","key":"b"}}}])");
  CHECK(said(hidden, h100Policy("  actions: {UnaccountedGpu: deny}")) == "UnaccountedGpu=warn");
  const auto seen = with("", "", R"("env":[{"name":"NVIDIA_VISIBLE_DEVICES","value":"all"}])");
  CHECK(said(seen, h100Policy("  actions: {UnaccountedGpu: deny}")) == "UnaccountedGpu=deny");
}

TEST_CASE("quantities must be whole, not negative, and alike in limits and requests") {
  check({
      {"one", with(R"("nvidia.com/mig-3g.40gb":1)", R"("nvidia.com/mig-3g.40gb":"1")"), ""},
      {"a fraction", with(R"("nvidia.com/mig-3g.40gb":"0.5")"), "InvalidQuantity=deny"},
      {"negative", with(R"("nvidia.com/mig-3g.40gb":-1)"), "InvalidQuantity=deny"},
      {"no quantity", with(R"("nvidia.com/mig-3g.40gb":"one")"), "InvalidQuantity=deny"},
      {"requests differ", with(R"("nvidia.com/mig-3g.40gb":1)", R"("nvidia.com/mig-3g.40gb":2)"), "InvalidQuantity=deny"},
      {"requests without limits", with("", R"("nvidia.com/mig-3g.40gb":1)"), "InvalidQuantity=deny"},
      {"zero asks for nothing", with(R"("nvidia.com/mig-3g.40gb":0)"), ""},
  });
  auto small = with(R"("nvidia.com/mig-3g.40gb":"0.5")");
  small.annotations = footprint(6 * kGiB);
  CHECK(said(small) == "InvalidQuantity=deny");  // nothing to compare with: no Oversized beside it
}

TEST_CASE("a whole GPU and a slice do not mix; two slices do not add up") {
  check({
      {"mixed", with(R"("nvidia.com/gpu":1,"nvidia.com/mig-1g.10gb":1)"), "MixedGpuAndMig=deny"},
      {"zero of one", with(R"("nvidia.com/gpu":0,"nvidia.com/mig-3g.40gb":1)"), ""},
      {"two slices", with(R"("nvidia.com/mig-3g.40gb":1,"nvidia.com/mig-1g.10gb":1)"), "MultipleSlices=warn"},
      {"two of one slice", with(R"("nvidia.com/mig-3g.40gb":2)"), "MultipleSlices=warn"},
      {"two whole GPUs", with(R"("nvidia.com/gpu":2)"), "Oversized=warn"},
      {"an unknown slice beside another", with(R"("nvidia.com/mig-3g.41gb":1,"nvidia.com/mig-1g.10gb":1)"), "UnknownProfile=warn MultipleSlices=warn"},
  });
  const std::string slices = written::slicePolicy("  gpuResource: 3g.40gb\n  gpus: [NVIDIA-H100-80GB-HBM3]");
  CHECK(said(with(R"("nvidia.com/gpu":1,"nvidia.com/mig-1g.10gb":1)"), slices) == "MultipleSlices=warn");
  CHECK(!World{}.judge(with(R"("nvidia.com/gpu":1,"nvidia.com/mig-1g.10gb":1)")).containers[0].requested);
}

TEST_CASE("unknown profiles and profiles of other products leave nothing to compare with") {
  auto undersizedOtherwise = with(R"("nvidia.com/mig-3g.20gb":1)");
  check({
      {"unknown", with(R"("nvidia.com/mig-3g.41gb":1)"), "UnknownProfile=warn"},
      {"misspelt", with(R"("nvidia.com/mig-3g40gb":1)"), "UnknownProfile=warn"},
      {"its neighbour", with(k3g), ""},
      {"of another product", undersizedOtherwise, "ProfileNotOnGpu=warn"},
  });
  const auto unknown = World{}.judge(with(R"("nvidia.com/mig-3g.41gb":2)"));
  REQUIRE(unknown.containers[0].requested);
  CHECK(unknown.containers[0].requested->resource == "nvidia.com/mig-3g.41gb");
  CHECK(unknown.containers[0].requested->profile.empty());
  CHECK(unknown.containers[0].requested->gpus.empty());
  CHECK(!unknown.containers[0].requested->usable);
  CHECK(unknown.containers[0].requested->count == 2);
}

TEST_CASE("a profile that no node of the product offers is denied, unless the policy says otherwise") {
  World world;
  world.surroundings = "nodes: [{name: gpu-1, labels: {nvidia.com/gpu.product: NVIDIA-H100-80GB-HBM3}, allocatable: {nvidia.com/mig-3g.40gb: 2}}]";
  CHECK(said(world.judge(with(R"("nvidia.com/mig-3g.20gb":1)"))) == "ProfileNotOnGpu=deny");
  CHECK(said(world.judge(with(k3g))) == "");
  world.policies = h100Policy("  actions: {ProfileNotOnGpu: warn}");
  CHECK(said(world.judge(with(R"("nvidia.com/mig-3g.20gb":1)"))) == "ProfileNotOnGpu=warn");
}

TEST_CASE("allowed and denied judge the name of a slice; denied wins, .me is +me") {
  const auto slices = [](std::string_view members) { return h100Policy(fmt::format("  slices: {{offered: [3g.40gb], {}}}", members)); };
  struct Case {
    std::string_view rule, members, limits, said;
  };
  const Case cases[] = {
      {"allowed", "allowed: ['3g.*']", R"("nvidia.com/mig-3g.40gb":1)", ""},
      {"not allowed", "allowed: ['1g.*']", R"("nvidia.com/mig-3g.40gb":1)", "ProfileNotAllowed=deny"},
      {"denied", "denied: ['?g.40gb']", R"("nvidia.com/mig-3g.40gb":1)", "ProfileNotAllowed=deny"},
      {"denied wins", "allowed: ['3g.40gb'], denied: ['3g.*']", R"("nvidia.com/mig-3g.40gb":1)", "ProfileNotAllowed=deny"},
      {"a whole GPU is no slice", "allowed: ['1g.*']", R"("nvidia.com/gpu":1)", ""},
      {"in the plugin's spelling", "denied: ['1g.10gb.me']", R"("nvidia.com/mig-1g.10gb.me":1)", "ProfileNotAllowed=deny Undersized=deny"},
      {"the same without media", "denied: ['1g.10gb.me']", R"("nvidia.com/mig-1g.10gb":1)", "Undersized=deny"},
  };
  for (const auto& each : cases) {
    CAPTURE(each.rule);
    CHECK(said(with(std::string(each.limits)), slices(each.members)) == each.said);
  }
}

TEST_CASE("parallelism needs as many devices, and slices give it none") {
  const std::string tp2 = R"("--tensor-parallel-size","2")";
  const std::string two = R"("nvidia.com/gpu":2)";
  auto large = vllm(tp2, two);
  large.annotations = footprint(130 * kGiB);
  auto three = vllm(R"("--tensor-parallel-size","2","--pipeline-parallel-size","2")", two);
  three.annotations = large.annotations;
  check({
      {"enough GPUs", large, ""},
      {"one is too few", vllm(tp2, R"("nvidia.com/gpu":1)"), "ParallelismExceedsDevices=deny"},
      {"tensor x pipeline", three, "ParallelismExceedsDevices=deny"},
      {"over slices", vllm(tp2, R"("nvidia.com/mig-3g.40gb":2)"), "MultipleSlices=warn TensorParallelOverSlices=warn"},
      {"more than the slices", vllm(tp2, k3g), "ParallelismExceedsDevices=deny"},
      {"no parallelism", vllm(R"("--tensor-parallel-size","1")", k3g), ""},
  });
}

TEST_CASE("replicas of data parallelism take devices of their own, where they are all in this container") {
  const std::string one = R"("nvidia.com/gpu":1)", two = R"("nvidia.com/gpu":2)", four = R"("nvidia.com/gpu":4)";
  const auto sglang = [](const std::string& flags, const std::string& limits) {
    Manifest manifest;
    manifest.image = "lmsysorg/sglang:v0.5.3";
    manifest.args = R"("python3","-m","sglang.launch_server","--model-path","acme/x",)" + flags;
    manifest.limits = limits;
    manifest.annotations = footprint(30 * kGiB);
    return manifest;
  };
  check({
      {"as many as devices", vllm(R"("--data-parallel-size","2")", two), ""},
      {"more than devices", vllm(R"("--data-parallel-size","2")", one), "ParallelismExceedsDevices=deny"},
      {"times tensor parallelism", vllm(R"("--data-parallel-size","2","--tensor-parallel-size","2")", two), "ParallelismExceedsDevices=deny"},
      {"fewer here than in all", vllm(R"("--data-parallel-size","4","--data-parallel-size-local","2")", two), ""},
      {"others in other pods", vllm(R"("--data-parallel-size","2","--data-parallel-address","10.0.0.1")", one), "Oversized=warn"},
      {"each pod one of them", vllm(R"("--data-parallel-size","2","--data-parallel-rank","0")", one), "Oversized=warn"},
      {"wherever Ray has room", vllm(R"("--data-parallel-size","2","--data-parallel-backend","ray")", one), "Oversized=warn"},
      {"fewer devices than replicas are not advised", vllm(R"("--data-parallel-size","4")", four), ""},
      {"SGLang", sglang(R"("--dp","2")", one), "ParallelismExceedsDevices=deny"},
      {"SGLang, attention alone", sglang(R"("--dp","2","--tp","2","--enable-dp-attention")", two), ""},
  });
}

TEST_CASE("a written tensor parallel size may be there for its speed: fewer GPUs are advised with a lower one, and never demanded") {
  auto manifest = vllm(R"("--tensor-parallel-size","4")", R"("nvidia.com/gpu":4)");
  const auto judgement = World{h100Policy(oversizedIs("deny")), "", {}}.judge(manifest);
  CHECK(said(judgement) == "Oversized=warn");
  CHECK(contains(finding(judgement, Code::Oversized).message, "ask for nvidia.com/gpu: 1, with a tensor parallel size of 1"));
  manifest.args = R"("--model","acme/x")";
  CHECK(said(World{h100Policy(oversizedIs("deny")), "", {}}.judge(manifest)) == "Oversized=deny");
}

TEST_CASE("a NIM that chooses precision and split itself is not refused over the ones that are expected") {
  Manifest manifest;
  manifest.image = "nvcr.io/nim/meta/llama-3.1-70b-instruct:1.8.4";
  manifest.limits = R"("nvidia.com/gpu":2)";
  const std::string policies = h100Policy("  actions: {TightFit: deny}");
  CHECK(said(manifest, policies) == "TightFit=warn");
  manifest.container = R"("env":[{"name":"NIM_TENSOR_PARALLEL_SIZE","value":"2"}])";
  CHECK(said(manifest, policies) == "TightFit=deny");
  manifest.container = "";
  manifest.limits = R"("nvidia.com/gpu":4)";
  CHECK(said(manifest, policies) == "");
}

TEST_CASE("a rank of tensor parallelism is never told to take a slice, whatever else is in its group") {
  auto manifest = vllm(R"("--tensor-parallel-size","2","--nnodes","2")", R"("nvidia.com/gpu":1)");
  const World world{h100Policy(oversizedIs("rewrite")), "", {}};
  CHECK(said(world.judge(manifest)) == "");
  manifest.limits = k3g;
  CHECK(said(world.judge(manifest)) == "TensorParallelOverSlices=warn");
}

TEST_CASE("a workload on a GPU that the catalogue lacks is neither judged as another nor rewritten") {
  Manifest manifest = fitting();
  manifest.limits = R"("nvidia.com/gpu":1)";
  for (const char* label : {R"("nvidia.com/gpu.product":"NVIDIA-L4")", R"("cloud.google.com/gke-accelerator":"nvidia-l4")",
                            R"("node.kubernetes.io/instance-type":"g5.2xlarge")", R"("karpenter.k8s.aws/instance-gpu-name":"l4")"}) {
    CAPTURE(label);
    manifest.podSpec = fmt::format(R"("nodeSelector":{{{}}})", label);
    const auto judgement = World{h100Policy(oversizedIs("rewrite")), "", {}}.judge(manifest);
    CHECK(said(judgement) == "");
    CHECK(judgement.patch.empty());
    REQUIRE(judgement.unknown.size() == 1);
    CHECK(contains(judgement.unknown[0], "GPU product of container main: the catalogue lacks"));
  }
}

TEST_CASE("who selects a partition on GKE is told of its label") {
  Manifest manifest = fitting();
  manifest.limits = R"("nvidia.com/gpu":1)";
  manifest.annotations = footprint(12 * kGiB);
  manifest.podSpec = R"("nodeSelector":{"cloud.google.com/gke-accelerator":"nvidia-h100-80gb","cloud.google.com/gke-gpu-partition-size":"1g.10gb"})";
  const auto judgement = World{}.judge(manifest);
  CHECK(contains(finding(judgement, Code::Undersized).message, "instead, by cloud.google.com/gke-gpu-partition-size"));
}

TEST_CASE("a worker that joins a leader whose model is known is no reason to refuse the group") {
  const auto group = [](std::string_view leader) {
    return fmt::format(R"({{"apiVersion":"leaderworkerset.x-k8s.io/v1","kind":"LeaderWorkerSet","metadata":{{"name":"l","namespace":"team-a"}},
        "spec":{{"leaderWorkerTemplate":{{"size":2,
        "leaderTemplate":{{"spec":{{"containers":[{{"name":"main","image":"vllm/vllm-openai:v0.10.2","args":[{}],"resources":{{"limits":{{"nvidia.com/gpu":1}}}}}}]}}}},
        "workerTemplate":{{"spec":{{"containers":[{{"name":"main","image":"vllm/vllm-openai:v0.10.2",
        "command":["bash","multi-node-serving.sh","worker"],"resources":{{"limits":{{"nvidia.com/gpu":1}}}}}}]}}}}}}}}}})", leader);
  };
  const World world{h100Policy("  actions: {UnknownFootprint: deny}"), "", {}};
  const auto told = world.judge(group(R"("--model","Qwen/Qwen2.5-7B-Instruct","--pipeline-parallel-size","2","--max-model-len","8192")"));
  CHECK(finding(told, Code::UnknownFootprint).action == Action::Warn);
  CHECK(finding(world.judge(group("")), Code::UnknownFootprint).action == Action::Deny);
}

TEST_CASE("what is not known of a need is said once, with every other rule still judged") {
  Manifest manifest;
  check({{"unknown", manifest, "UnknownFootprint=warn"}, {"declared", fitting(), ""}});
  manifest.limits = R"("nvidia.com/mig-3g.40gb.shared":2)";
  CHECK(said(manifest) == "SharedSlice=warn MultipleSlices=warn UnknownFootprint=warn");
  manifest.limits = R"("nvidia.com/mig-3g.41gb":1)";
  CHECK(said(manifest) == "UnknownProfile=warn");
}

TEST_CASE("init containers are judged like others, and each container by itself") {
  Manifest manifest = fitting();
  manifest.podSpec = R"("initContainers":[{"name":"warmup","image":"x","resources":{"limits":{"nvidia.com/mig-1g.10gb":"1"}}}])";
  const auto judgement = World{}.judge(manifest);
  CHECK(said(judgement) == "Undersized=deny");
  CHECK(judgement.findings[0].container == "warmup");
  CHECK(judgement.findings[0].path == "/spec/template/spec/initContainers/0/resources/limits/nvidia.com~1mig-1g.10gb");
  manifest.annotations += R"(,"warmup.rightslice.io/footprint":"6Gi")";
  CHECK(said(manifest) == "");
}

TEST_CASE("a container without a GPU is listed with what is known of it") {
  auto manifest = vllm("", "");
  const auto judgement = World{}.judge(manifest);
  REQUIRE(judgement.containers.size() == 1);
  CHECK(judgement.containers[0].engine == "vllm");
  CHECK(judgement.containers[0].model == "acme/x");
  CHECK(judgement.containers[0].need->bytes == 30 * kGiB);
  CHECK(!judgement.containers[0].requested);
  CHECK(said(judgement) == "");
}

namespace {

std::string claimingPod(std::string_view claim) {
  return fmt::format(
      R"({{"apiVersion":"v1","kind":"Pod","metadata":{{"name":"p","namespace":"team-a","annotations":{{"rightslice.io/footprint":"12Gi"}}}},
        "spec":{{"resourceClaims":[{{"name":"gpu",{}}}],"containers":[{{"name":"main","resources":{{"claims":[{{"name":"gpu"}}]}}}}]}}}})",
      claim);
}

std::string templateOf(std::string_view ns, std::string_view name, std::string_view profile) {
  return fmt::format(
      "  - {{namespace: {}, name: {}, spec: {{devices: {{requests: [{{name: r, exactly: {{deviceClassName: mig.nvidia.com, "
      "selectors: [{{cel: {{expression: \"device.attributes['gpu.nvidia.com'].profile == '{}'\"}}}}]}}}}]}}}}}}\n",
      ns, name, profile);
}

}  // namespace

TEST_CASE("a claim whose template is known is judged, in its own namespace alone") {
  World world;
  world.surroundings = "claimTemplates:\n" + templateOf("team-a", "small", "1g.10gb") + templateOf("team-b", "large", "3g.40gb");
  CHECK(said(world.judge(claimingPod(R"("resourceClaimTemplateName":"small")"))) == "Undersized=deny");
  CHECK(said(world.judge(claimingPod(R"("resourceClaimTemplateName":"large")"))) == "NotJudged=warn");
  CHECK(said(world.judge(claimingPod(R"("resourceClaimName":"small")"))) == "NotJudged=warn");
  CHECK(world.judge(claimingPod(R"("resourceClaimTemplateName":"large")")).unknown.front() == "ResourceClaimTemplate team-a/large");
}

TEST_CASE("an annotation of a sharing system does not hide what a claim asks for, and counts where claims ask for no GPU") {
  World world;
  world.surroundings = "deviceClasses: [{name: nic, selectors: [\"device.driver == 'dra.net'\"]}]\nclaimTemplates:\n" + templateOf("team-a", "small", "1g.10gb") +
                       "  - {namespace: team-a, name: card, spec: {devices: {requests: [{name: r, exactly: {deviceClassName: nic}}]}}}\n";
  const auto annotated = [](std::string pod) { return pod.replace(pod.find("\"rightslice.io"), 0, R"("gpu-fraction":"0.5",)"); };
  CHECK(said(world.judge(annotated(claimingPod(R"("resourceClaimTemplateName":"small")")))) == "Undersized=deny");
  CHECK(said(world.judge(annotated(claimingPod(R"("resourceClaimTemplateName":"card")")))) == "NotJudged=warn");
  const std::string first = R"("containers":[{"name":"web"},{"name":"main")";
  auto second = annotated(claimingPod(R"("resourceClaimTemplateName":"small")"));
  second.replace(second.find(R"("containers":[{"name":"main")"), std::string_view(R"("containers":[{"name":"main")").size(), first);
  CHECK(said(world.judge(second)) == "Undersized=deny");
}

TEST_CASE("one ResourceClaim by two names in a pod is one device; of a template there are two") {
  World world;
  const std::string spec = templateOf("team-a", "small", "1g.10gb");
  world.surroundings = "claims:\n" + spec + "claimTemplates:\n" + spec;
  const auto pod = [](std::string_view ask, std::string_view own, std::string_view helper) {
    return fmt::format(R"({{"apiVersion":"v1","kind":"Pod","metadata":{{"name":"p","namespace":"team-a","annotations":{{"rightslice.io/footprint":"6Gi"}}}},
        "spec":{{"resourceClaims":[{{"name":"a","{0}":"small"}},{{"name":"b","{0}":"small"}}],
                 "containers":[{{"name":"main","resources":{{"claims":[{1}]}}}},{{"name":"helper","resources":{{"claims":[{2}]}}}}]}}}})", ask, own, helper);
  };
  const std::string a = R"({"name":"a"})", b = R"({"name":"b"})";
  CHECK(said(world.judge(pod("resourceClaimName", a + "," + b, ""))) == "");
  CHECK(said(world.judge(pod("resourceClaimTemplateName", a + "," + b, ""))) == "MultipleSlices=warn");
  CHECK(said(world.judge(pod("resourceClaimName", a, b))) == "SharedSlice=warn SharedSlice=warn");
  CHECK(said(world.judge(pod("resourceClaimTemplateName", a, b))) == "");
}

TEST_CASE("a ResourceClaim that several pods use is shared: nobody is told to shrink it for one of them") {
  const auto judged = [](std::string_view shared) {
    World world;
    auto spec = templateOf("team-a", "large", "7g.80gb");
    spec.insert(spec.rfind('}'), shared);
    world.surroundings = "claims:\n" + spec;
    return world.judge(claimingPod(R"("resourceClaimName":"large")"));
  };
  CHECK(said(judged("")) == "Oversized=warn");
  CHECK(said(judged(", shared: false")) == "Oversized=warn");
  const auto all = judged(", shared: true");
  CHECK(said(all) == "SharedSlice=warn");
  CHECK(all.findings.front().message == "shares a device with other containers or pods (other pods use ResourceClaim large too): there is no guarantee of memory");
}

TEST_CASE("a slice is shared by the configuration for slices, of the claim before its class's") {
  const auto judged = [](std::string_view ofClaim, std::string_view ofClass) {
    const auto config = [](std::string_view parameters) {
      return parameters.empty() ? "" : fmt::format(", config: [{{opaque: {{driver: gpu.nvidia.com, parameters: {{{}}}}}}}]", parameters);
    };
    World world;
    world.surroundings = fmt::format("deviceClasses: [{{name: ours, selectors: [\"device.attributes['gpu.nvidia.com'].profile == '2g.20gb'\"]{}}}]\n"
                                     "claimTemplates: [{{namespace: team-a, name: t, spec: {{devices: {{requests: [{{name: r, exactly: {{deviceClassName: ours}}}}]{}}}}}}}]\n",
                                     config(ofClass), config(ofClaim));
    return said(world.judge(claimingPod(R"("resourceClaimTemplateName":"t")")));
  };
  const std::string mps = ", sharing: {strategy: MPS}", gpu = "kind: GpuConfig", mig = "kind: MigDeviceConfig";
  CHECK(judged("", "") == "");
  CHECK(judged(mig + mps, "") == "SharedSlice=warn");
  CHECK(judged("", mig + mps) == "SharedSlice=warn");
  CHECK(judged(mig, mig + mps) == "");
  CHECK(judged(gpu, mig + mps) == "SharedSlice=warn");
  CHECK(judged(gpu + mps, gpu + mps) == "");
}

TEST_CASE("an update to another template is no unrelated change: a profile that is not allowed stays denied") {
  World world{h100Policy("  slices: {offered: [1g.20gb], denied: [\"3g.*\", \"4g.*\"]}"), "", {}};
  world.surroundings = "claimTemplates:\n" + templateOf("team-a", "three", "3g.40gb") + templateOf("team-a", "four", "4g.40gb");
  const auto three = claimingPod(R"("resourceClaimTemplateName":"three")"), four = claimingPod(R"("resourceClaimTemplateName":"four")");
  const auto old = workloadOf(three);
  world.request.operation = Operation::Update;
  world.request.old = &old;
  CHECK(said(world.judge(three)).find("ProfileNotAllowed=warn") == 0);
  CHECK(said(world.judge(four)).find("ProfileNotAllowed=deny") == 0);
}
