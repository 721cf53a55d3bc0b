// What is found by metrics: ceilings, idleness, and settings that are not those declared.
#include <doctest/doctest.h>

#include <fmt/format.h>

#include <functional>

#include "base/date.hpp"
#include "fixture.hpp"
#include "observe/measured_use.hpp"
#include "observe/metrics/recorded.hpp"

using namespace rightslice;
using namespace rightslice::observe;

namespace {

const std::int64_t kNow = *secondsOfTimestamp("2026-06-01T00:00:00Z") * 1000;

std::string podOf(std::string_view image, std::string_view args, std::string_view created = "2026-05-30T00:00:00Z") {
  return fmt::format("apiVersion: v1\nkind: Pod\nmetadata: {{name: p, namespace: t, uid: u, creationTimestamp: '{}'}}\n"
                     "spec: {{nodeName: gpu-1, containers: [{{name: main, image: '{}', args: [{}], resources: {{limits: {{nvidia.com/mig-3g.40gb: 1}}}}}}]}}\n"
                     "status: {{phase: Running, conditions: [{{type: Ready, status: 'True'}}]}}\n",
                     created, image, args);
}
const std::string kVllm = podOf("vllm/vllm-openai:v0.10.0", "--model, Qwen/Qwen2.5-7B-Instruct, --gpu-memory-utilization, '0.9'");
const std::string kTei = podOf("ghcr.io/huggingface/text-embeddings-inference:1.7", "--model-id, BAAI/bge-m3");

/// A sample each two minutes of the last hour: step 0 is the oldest of 30.
std::string hour(std::string_view series, const std::function<double(int)>& value) {
  std::string out;
  for (int i = 0; i < 30; ++i) out += fmt::format("{} {} {}\n", series, value(i), kNow - (29 - i) * 120'000);
  return out;
}

Look lookAt(const std::string& pod, const std::string& text) {
  auto snapshot = snapshotOf(pod);
  metrics::Joiner joiner(snapshot, gpu::Catalogue::builtIn(), metrics::windowOf(kNow, 3600));
  auto recorded = metrics::readRecorded(text, "file", "t/p", kNow);
  REQUIRE_MESSAGE(recorded.has_value(), recorded.error().message);
  std::vector<metrics::Recorded> all;
  all.push_back(std::move(*recorded));
  metrics::addTo(joiner, std::move(all));
  snapshot.measured = std::make_shared<const metrics::Measurements>(joiner.finish());
  return Look(std::move(snapshot));
}

std::vector<Finding> found(const std::string& pod, const std::string& text, Code code) { return lookAt(pod, text).findings(code); }

MeasuredUse useIn(const Look& look) {
  const auto use = measuredUseOf(look.snapshot, look.seen);
  REQUIRE(use);
  REQUIRE(look.seen.workloads.size() == 1);
  return use(0);
}

constexpr std::string_view kKv = "vllm:kv_cache_usage_perc", kPreemptions = "vllm:num_preemptions_total", kUsed = "DCGM_FI_DEV_FB_USED{gpu=\"0\",GPU_I_ID=\"1\"}",
                           kFree = "DCGM_FI_DEV_FB_FREE{gpu=\"0\",GPU_I_ID=\"1\"}";

}  // namespace

TEST_CASE("a KV cache that stays full is near its ceiling, and one that is full at times is not") {
  const auto full = found(kVllm, hour(kKv, [](int) { return 0.93; }) + hour(kPreemptions, [](int i) { return i * 2.0; }), Code::NearCeiling);
  REQUIRE(full.size() == 1);
  CHECK(full[0].aspect == "KV cache");
  CHECK(full[0].message == "main of pod p: 93.0 % of the KV cache is in use, and it stays above 80 %; 58 sequences lost their KV cache to others in 1 h and were computed again");
  CHECK(full[0].confidence == model::Confidence::High);
  REQUIRE(full[0].evidence.size() == 2);
  CHECK(full[0].evidence[0].value == "93.0 %, at most 93.0 % in 1 h");
  CHECK(full[0].evidence[0].source == "vllm:kv_cache_usage_perc of pod t/p, file (30 of 30 steps seen)");
  CHECK(full[0].evidence[0].at == "2026-06-01T00:00:00Z");
  CHECK(found(kVllm, hour(kKv, [](int i) { return i % 3 == 0 ? 0.95 : 0.4; }), Code::NearCeiling).empty());
  CHECK(found(kVllm, hour(kKv, [](int i) { return i < 20 ? 0.95 : 0.3; }), Code::NearCeiling).empty());     // it was, and is no more
  CHECK(found(kVllm, hour(kKv, [](int i) { return i == 15 ? 0.95 : 0.85; }), Code::NearCeiling).empty());   // never reached for long
  CHECK(found(kVllm, hour(kKv, [](int i) { return i < 5 ? 0.95 : 0.85; }), Code::NearCeiling).size() == 1);  // reached, and never left
}

TEST_CASE("a full KV cache is seen under every name that an engine gives it, and that of Ray and of trtllm-serve too") {
  std::size_t names = 0;
  for (const auto& row : metrics::metricRows()) {
    if (row.measure != metrics::Measure::KvUsage) continue;
    CAPTURE(row.name);
    const std::string series = row.label.empty() ? std::string(row.name) : fmt::format("{}{{{}=\"{}\"}}", row.name, row.label, row.value);
    const auto full = found(kVllm, hour(series, [](int) { return 0.452; }) + hour(kPreemptions, [](int i) { return i * 1.0; }), Code::NearCeiling);
    CHECK(full.empty());
    const auto fuller = found(kVllm, hour(series, [](int) { return 0.93; }), Code::NearCeiling);
    REQUIRE(fuller.size() == 1);
    CHECK(fuller[0].evidence[0].value == "93.0 %, at most 93.0 % in 1 h");
    ++names;
  }
  CHECK(names == 10);
}

TEST_CASE("preemptions count where they go on, and where the cache was full") {
  const auto pressed = [](int i) { return i * 1.0; };
  CHECK(found(kVllm, hour(kKv, [](int i) { return i % 2 == 0 ? 0.85 : 0.6; }) + hour(kPreemptions, pressed), Code::NearCeiling).size() == 1);
  CHECK(found(kVllm, hour(kKv, [](int) { return 0.3; }) + hour(kPreemptions, pressed), Code::NearCeiling).empty());
  CHECK(found(kVllm, hour(kPreemptions, [](int i) { return i < 10 ? 0.0 : 40.0; }), Code::NearCeiling).empty());   // one burst
}

TEST_CASE("a level that rises is followed to its ceiling, no further than it was seen") {
  const auto rising = found(kVllm, hour(kKv, [](int i) { return 0.5 + i * 0.01; }), Code::NearCeiling);
  REQUIRE(rising.size() == 1);
  CHECK(rising[0].message == "main of pod p: 78.0 % of the KV cache is in use; at its pace it is full in about 44 min");
  CHECK(rising[0].confidence == model::Confidence::Low);
  CHECK(found(kVllm, hour(kKv, [](int i) { return 0.5 + i * 0.001; }), Code::NearCeiling).empty());
  CHECK(found(kVllm, hour(kKv, [](int i) { return i < 7 ? -1 : 0.93; }), Code::NearCeiling).size() == 1);   // values that can be none are left out
}

TEST_CASE("too little was seen: nothing is said") {
  std::string few;
  for (int i = 0; i < 7; ++i) few += fmt::format("{} 0.97 {}\n", kKv, kNow - i * 120'000);
  CHECK(found(kVllm, few, Code::NearCeiling).empty());
}

TEST_CASE("memory that an engine takes at the start says nothing, that which its work takes does") {
  const std::string full = hour(kUsed, [](int) { return 39000; }) + hour(kFree, [](int) { return 1000; });
  CHECK(found(kVllm, full, Code::NearCeiling).empty());
  CHECK(found(podOf("acme/unknown:1", ""), full, Code::NearCeiling).empty());
  const auto embedder = found(kTei, full, Code::NearCeiling);
  REQUIRE(embedder.size() == 1);
  CHECK(embedder[0].aspect == "memory");
  CHECK(embedder[0].message == "main of pod p: 97.5 % of the memory of its device is in use, and it stays above 88 %");
}

TEST_CASE("idle is what was asked for nothing in all of the window, as far as it is known") {
  const auto none = [](int) { return 0.0; };
  const std::string quiet = hour("vllm:request_success_total", [](int) { return 7.0; }) + hour("vllm:generation_tokens_total", [](int) { return 900.0; }) +
                            hour("vllm:num_requests_running", none);
  const auto idle = found(kVllm, quiet, Code::Idle);
  REQUIRE(idle.size() == 1);
  CHECK(idle[0].message == "no request came in 1 h, and 1 pod holds what it asked for");
  CHECK(idle[0].confidence == model::Confidence::High);
  CHECK(found(kVllm, hour("vllm:num_requests_running", none), Code::Idle)[0].confidence == model::Confidence::Medium);   // between samples it may have worked
  CHECK(found(kVllm, hour("vllm:num_requests_waiting", none), Code::Idle).empty());
  CHECK(found(kVllm, hour("vllm:generation_tokens_total", [](int i) { return i == 29 ? 901.0 : 900.0; }) + hour("vllm:num_requests_running", none), Code::Idle).empty());
  CHECK(found(kVllm, quiet + hour("DCGM_FI_PROF_GR_ENGINE_ACTIVE{gpu=\"0\",GPU_I_ID=\"1\"}", [](int) { return 0.6; }), Code::Idle).empty());
  CHECK(found(kVllm, "vllm:num_requests_running 0\n", Code::Idle).empty());
  // Half an hour old: of the time before nobody knows.
  CHECK(found(podOf("vllm/vllm-openai:v0.10.0", "--model, Qwen/Qwen2.5-7B-Instruct", "2026-05-31T23:30:00Z"), quiet, Code::Idle).empty());
  CHECK(found(kVllm, "", Code::Idle).empty());
}

TEST_CASE("what an engine says of itself is held against what is declared") {
  const auto config = [](std::string_view fraction) { return fmt::format("vllm:cache_config_info{{gpu_memory_utilization=\"{}\",cache_dtype=\"auto\"}} 1\n", fraction); };
  CHECK(found(kVllm, config("0.9"), Code::Drift).empty());
  const auto other = found(kVllm, config("0.95"), Code::Drift);
  REQUIRE(other.size() == 1);
  CHECK(other[0].aspect == "memory fraction");
  CHECK(other[0].message == "memory fraction: main of pod p says that it runs 0.95, and 0.9 is declared");
  const auto named = [](std::string_view name) { return fmt::format("vllm:num_requests_running{{model_name=\"{}\"}} 0\n", name); };
  CHECK(found(kVllm, named("Qwen/Qwen2.5-7B-Instruct"), Code::Drift).empty());
  CHECK(found(kVllm, named("qwen2.5-7b-instruct"), Code::Drift).empty());
  CHECK(found(podOf("vllm/vllm-openai:v0.10.0", "--model, Qwen/Qwen2.5-7B-Instruct, --served-model-name, chat"), named("chat"), Code::Drift).empty());
  const auto model = found(kVllm, named("mistralai/Mistral-7B-v0.3"), Code::Drift);
  REQUIRE(model.size() == 1);
  CHECK(model[0].aspect == "model");
}

TEST_CASE("money is told what does nothing, and what it costs to serve: as far as it was measured") {
  const auto grows = [](int i) { return std::min(i, 15) * 1200.0; };   // in 15 of 29 steps
  const auto busy = useIn(lookAt(kVllm, hour("vllm:generation_tokens_total", grows) + hour("vllm:prompt_tokens_total", grows)));
  CHECK(busy.idlePerMille == (29 - 15) * 1000 / 29);
  REQUIRE(busy.tokensPerHour);
  CHECK(*busy.tokensPerHour > 36'000);    // 2 x 18,000 in 58 minutes
  CHECK(*busy.tokensPerHour < 38'000);

  const auto none = [](int) { return 900.0; };
  const auto idle = useIn(lookAt(kVllm, hour("vllm:generation_tokens_total", none) + hour("vllm:num_requests_running", [](int) { return 0.0; })));
  CHECK(idle.idlePerMille == 1000);
  CHECK(idle.tokensPerHour == 0);

  const auto gauges = useIn(lookAt(kVllm, hour("vllm:num_requests_running", [](int) { return 1.0; })));   // works, and nobody counts
  CHECK_FALSE(gauges.idlePerMille);
  CHECK_FALSE(gauges.tokensPerHour);
  CHECK_FALSE(useIn(lookAt(kVllm, "vllm:generation_tokens_total 5\n")).idlePerMille);
  CHECK_FALSE(measuredUseOf(Look(kVllm).snapshot, Look(kVllm).seen));
}

TEST_CASE("more requests at once than the slice is judged for is a drift of traffic") {
  const auto traffic = [](const std::string& pod, const std::string& text) {
    auto all = found(pod, text, Code::Drift);
    std::erase_if(all, [](const Finding& each) { return each.aspect != "traffic"; });
    return all;
  };
  const auto running = [](double usual, double once) { return hour("vllm:num_requests_running", [=](int i) { return i == 12 ? once : usual; }); };
  const auto waiting = [](double usual) { return hour("vllm:num_requests_waiting", [=](int) { return usual; }); };
  const auto peak = traffic(kVllm, running(4, 20));
  REQUIRE(peak.size() == 1);
  CHECK(peak[0].message == "traffic: pod p has up to 20 requests at once in 1 h, and its slice is judged for 8");
  CHECK(peak[0].confidence == model::Confidence::Medium);
  CHECK(peak[0].evidence.back().source == "spec.load of policy all");
  const auto queue = traffic(kVllm, running(8, 8) + waiting(5));
  REQUIRE(queue.size() == 1);
  CHECK(queue[0].confidence == model::Confidence::High);
  CHECK(traffic(kVllm, running(8, 10)).empty());          // a little more is noise
  CHECK(traffic(kVllm, running(4, 8) + waiting(3)).empty());
  CHECK(traffic(kVllm, "vllm:num_requests_running 90\n").empty());   // one look is no peak of a window
  auto annotated = kVllm;
  annotated.replace(annotated.find("uid: u"), 6, "uid: u, annotations: {rightslice.io/concurrency: '32'}");
  CHECK(traffic(annotated, running(4, 20)).empty());
  // What is assumed was declared by nobody.
  auto snapshot = lookAt(kVllm, running(4, 20)).snapshot;
  const Look assumed(std::move(snapshot), "apiVersion: rightslice.io/v1alpha1\nkind: ClusterSlicePolicy\nmetadata: {name: all}\nspec: {mode: enforce}\n");
  for (const Finding& each : assumed.findings(Code::Drift)) CHECK(each.aspect != "traffic");
}

TEST_CASE("what was measured speaks against a smaller slice, and none is advised") {
  const auto memory = [](double used) { return hour(kUsed, [=](int) { return used; }) + hour(kFree, [=](int) { return 40448 - used; }); };
  const std::string node = "---\napiVersion: v1\nkind: Node\nmetadata: {name: gpu-1, labels: {nvidia.com/gpu.product: NVIDIA-H100-80GB-HBM3, nvidia.com/gpu.count: '2'}}\n"
                           "status: {capacity: {nvidia.com/mig-3g.40gb: 2}, allocatable: {nvidia.com/mig-3g.40gb: 2, nvidia.com/mig-1g.10gb: 7}, conditions: [{type: Ready, status: 'True'}]}\n";
  const auto small = [&](std::string pod) { return pod.replace(pod.find("uid: u"), 6, "uid: u, annotations: {rightslice.io/footprint: 6Gi}") + node; };
  const std::string tei = small(podOf("ghcr.io/huggingface/text-embeddings-inference:1.7", "--model-id, acme/emb")), other = small(podOf("acme/unknown:1", "")),
                    vllm = podOf("vllm/vllm-openai:v0.10.2", "--model, Qwen/Qwen2.5-1.5B-Instruct, --max-model-len, '4096', --gpu-memory-utilization, '0.85'") + node;
  for (const auto& each : {tei, other, vllm}) REQUIRE(found(each, "", Code::Oversized).size() == 1);

  SUBCASE("memory that its work takes") {
    const auto look = lookAt(tei, memory(30000));
    CHECK(look.findings(Code::Oversized).empty());
    CHECK(contradicted(look.seen.workloads[0], "main"));
    const auto drift = look.findings(Code::Drift);
    REQUIRE(drift.size() == 1);
    CHECK(drift[0].aspect == "memory");
    CHECK(drift[0].message == "memory: main of pod p takes 29.3 GiB of its device, and 6 GiB are declared; nvidia.com/mig-1g.10gb (9.8 GiB) would not hold it");
    CHECK(found(kTei + node, memory(30000), Code::Drift).at(0).message.find("are estimated") != std::string::npos);
    CHECK(found(tei, memory(8000), Code::Oversized).size() == 1);
    CHECK(found(tei, memory(8000), Code::Drift).empty());
  }
  SUBCASE("a pool that was taken at the start says nothing") {
    CHECK(found(vllm, memory(30000), Code::Oversized).at(0).confidence == found(vllm, "", Code::Oversized).at(0).confidence);
    CHECK(found(vllm, memory(30000), Code::Drift).empty());
  }
  SUBCASE("of an engine that nobody knows it is a doubt") {
    const auto doubt = found(other, memory(30000), Code::Oversized);
    REQUIRE(doubt.size() == 1);
    CHECK(doubt[0].confidence == model::Confidence::Low);
    CHECK(doubt[0].evidence.back().value.starts_with("29.3 GiB"));
    CHECK(found(other, memory(8000), Code::Oversized)[0].confidence == model::Confidence::High);
  }
  SUBCASE("work near its ceiling, or more of it than the slice is judged for") {
    const auto full = lookAt(vllm, hour(kKv, [](int) { return 0.97; }));
    CHECK(full.findings(Code::NearCeiling).size() == 1);
    CHECK(full.findings(Code::Oversized).empty());
    const auto busy = lookAt(vllm, hour("vllm:num_requests_running", [](int) { return 40.0; }));
    CHECK(busy.findings(Code::Drift).size() == 1);
    CHECK(busy.findings(Code::Oversized).empty());
    CHECK_FALSE(contradicted(lookAt(vllm, "").seen.workloads[0], "main"));
  }
}
