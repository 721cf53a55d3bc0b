// Whose a series is, and what its samples come to.
#include <doctest/doctest.h>

#include <fmt/format.h>

#include "base/date.hpp"
#include "fixture.hpp"
#include "observe/metrics/recorded.hpp"

using namespace rightslice;
using namespace rightslice::observe;
using metrics::Measure;

namespace {

constexpr std::string_view kCluster = R"(
apiVersion: v1
kind: Node
metadata: {name: gpu-1, labels: {nvidia.com/gpu.product: NVIDIA-H100-80GB-HBM3, nvidia.com/gpu.count: '2', nvidia.com/mig.strategy: mixed}}
status: {capacity: {nvidia.com/mig-1g.10gb: 7, nvidia.com/gpu: 1}, allocatable: {nvidia.com/mig-1g.10gb: 7, nvidia.com/gpu: 1}}
---
apiVersion: v1
kind: Pod
metadata: {name: a, namespace: t, uid: ua, creationTimestamp: '2026-05-31T00:00:00Z'}
spec: {nodeName: gpu-1, containers: [{name: main, image: x, resources: {limits: {nvidia.com/mig-1g.10gb: 1}}}, {name: proxy, image: y}]}
status: {phase: Running}
---
apiVersion: v1
kind: Pod
metadata: {name: b, namespace: t, uid: ub, creationTimestamp: '2026-05-31T23:50:00Z'}
spec: {nodeName: gpu-1, containers: [{name: main, image: x, resources: {limits: {nvidia.com/mig-1g.10gb: 1}}}]}
status: {phase: Running}
---
apiVersion: v1
kind: Pod
metadata: {name: whole, namespace: t, uid: uw}
spec: {nodeName: gpu-1, containers: [{name: main, image: x, resources: {limits: {nvidia.com/gpu: 1}}}]}
status: {phase: Running}
)";

const std::int64_t kNow = *secondsOfTimestamp("2026-06-01T00:00:00Z") * 1000;

class Joined {
 public:
  explicit Joined(std::string_view text, std::string ofPod = {}, std::int64_t window = 0) : snapshot_(snapshotOf(kCluster)) {
    metrics::Joiner joiner(snapshot_, gpu::Catalogue::builtIn(), metrics::windowOf(kNow, window));
    auto recorded = metrics::readRecorded(text, "file", std::move(ofPod), kNow);
    REQUIRE_MESSAGE(recorded.has_value(), recorded.error().message);
    std::vector<metrics::Recorded> all;
    all.push_back(std::move(*recorded));
    metrics::addTo(joiner, std::move(all));
    all_ = joiner.finish();
  }

  const metrics::Measured* of(std::string_view pod, Measure measure) const {
    for (const auto& each : all_.containers)
      if (snapshot_.pods[each.pod].name == pod && each.container == "main") return each.find(measure);
    return nullptr;
  }
  std::optional<double> value(std::string_view pod, Measure measure) const {
    const auto* found = of(pod, measure);
    return found != nullptr ? found->value : std::nullopt;
  }
  const metrics::Measurements& all() const { return all_; }

 private:
  Snapshot snapshot_;
  metrics::Measurements all_;
};

/// A sample `minutes` before the look.
std::string timed(std::string_view series, double value, int minutes) { return fmt::format("{} {} {}\n", series, value, kNow - minutes * 60'000); }

}  // namespace

TEST_CASE("a ratio of 0.452 is 45.2 %, in the new spelling and in the old") {
  CHECK(*Joined("vllm:kv_cache_usage_perc{namespace=\"t\",pod=\"a\",container=\"main\"} 0.452").value("a", Measure::KvUsage) == doctest::Approx(45.2));
  CHECK(*Joined("vllm:gpu_cache_usage_perc{namespace=\"t\",pod=\"a\",container=\"main\"} 0.452").value("a", Measure::KvUsage) == doctest::Approx(45.2));
  // Releases that had both: the new one.
  CHECK(*Joined("vllm:gpu_cache_usage_perc{namespace=\"t\",pod=\"a\"} 0.9\nvllm:kv_cache_usage_perc{namespace=\"t\",pod=\"a\"} 0.452").value("a", Measure::KvUsage) ==
        doctest::Approx(45.2));
  const Joined percent("vllm:kv_cache_usage_perc{namespace=\"t\",pod=\"a\"} 45.2");
  REQUIRE(percent.of("a", Measure::KvUsage) != nullptr);
  CHECK_FALSE(percent.value("a", Measure::KvUsage).has_value());
  CHECK(percent.of("a", Measure::KvUsage)->why == "what it says can be no value of this");
}

TEST_CASE("labels that a server moved away come first, and an endpoint's pod is the one that is named") {
  CHECK(Joined("sglang:token_usage{namespace=\"mon\",pod=\"exporter\",exported_namespace=\"t\",exported_pod=\"b\",exported_container=\"main\"} 0.5").value("b", Measure::KvUsage).has_value());
  CHECK(Joined("sglang:token_usage{kubernetes_namespace=\"t\",kubernetes_pod_name=\"b\"} 0.5").value("b", Measure::KvUsage).has_value());
  // Dynamo's own label namespace, which the server called exported_namespace.
  CHECK(Joined("sglang:token_usage{namespace=\"t\",pod=\"b\",exported_namespace=\"dynamo\",exported_pod=\"x\"} 0.5").value("b", Measure::KvUsage).has_value());
  CHECK(Joined("sglang:token_usage 0.5", "t/b").value("b", Measure::KvUsage).has_value());
  CHECK(Joined("sglang:token_usage{namespace=\"t\",pod=\"nobody\"} 0.5").all().containers.empty());
  CHECK(Joined("sglang:token_usage{namespace=\"t\",pod=\"a\",container=\"proxy\"} 0.5").all().containers.empty());
  CHECK(Joined("sglang:token_usage{namespace=\"t\",pod=\"a\",pod_uid=\"older\"} 0.5").all().containers.empty());
}

TEST_CASE("memory is that of the slice; a GPU's is never one slice's, and a shared one is nobody's") {
  const std::string slice = "Hostname=\"gpu-1\",gpu=\"0\",GPU_I_ID=\"7\",GPU_I_PROFILE=\"1g.10gb\"", parent = "Hostname=\"gpu-1\",gpu=\"0\"";
  const auto fb = [](const std::string& device, std::string_view pod, int used, int free) {
    const std::string labels = fmt::format("{{{},exported_namespace=\"t\",exported_pod=\"{}\",exported_container=\"main\"}}", device, pod);
    return fmt::format("DCGM_FI_DEV_FB_USED{0} {1}\nDCGM_FI_DEV_FB_FREE{0} {2}\n", labels, used, free);
  };
  const Joined good(fb(slice, "a", 4000, 5856));
  CHECK(good.value("a", Measure::FramebufferUsed) == 4000 * 1048576.0);
  CHECK(good.of("a", Measure::FramebufferUsed)->capacity == 9856 * 1048576.0);
  const Joined whole(fb(parent, "a", 40000, 41559));
  CHECK_FALSE(whole.value("a", Measure::FramebufferUsed).has_value());
  CHECK(whole.of("a", Measure::FramebufferUsed)->why == "it is told of the whole GPU alone, not of the slice");
  CHECK(Joined(fb("Hostname=\"gpu-1\",gpu=\"1\"", "whole", 40000, 41559)).value("whole", Measure::FramebufferUsed).has_value());
  const Joined both(fb(slice, "a", 4000, 5856) + fb(slice, "b", 4000, 5856));
  CHECK_FALSE(both.value("a", Measure::FramebufferUsed).has_value());
  CHECK(both.of("b", Measure::FramebufferUsed)->why == "2 pods share the device, and it is not known what is whose");
  // The same slice number on another GPU, and on another host, is another slice.
  CHECK(Joined(fb(slice, "a", 4000, 5856) + fb("Hostname=\"gpu-2\",gpu=\"0\",GPU_I_ID=\"7\"", "b", 1, 1)).value("a", Measure::FramebufferUsed) == 4000 * 1048576.0);
  // Twice scraped is once used.
  CHECK(Joined(fb(slice + ",job=\"x\"", "a", 4000, 5856) + fb(slice + ",job=\"y\"", "a", 4000, 5856)).value("a", Measure::FramebufferUsed) == 4000 * 1048576.0);
  const Joined blank(fmt::format("DCGM_FI_DEV_FB_USED{{{},namespace=\"t\",pod=\"a\"}} 9223372036854775794", slice));
  CHECK_FALSE(blank.value("a", Measure::FramebufferUsed).has_value());
}

TEST_CASE("ranks add up, the fullest counts, and two jobs that scrape the same are one") {
  const Joined ranks("vllm:num_requests_waiting{engine=\"0\"} 2\nvllm:num_requests_waiting{engine=\"1\"} 3\n"
                     "vllm:kv_cache_usage_perc{engine=\"0\"} 0.2\nvllm:kv_cache_usage_perc{engine=\"1\"} 0.7", "t/a");
  CHECK(ranks.value("a", Measure::Waiting) == 5);
  CHECK(*ranks.value("a", Measure::KvUsage) == doctest::Approx(70));
  CHECK(Joined("vllm:num_requests_waiting{job=\"x\",namespace=\"t\",pod=\"a\"} 2\nvllm:num_requests_waiting{job=\"y\",namespace=\"t\",pod=\"a\"} 2").value("a", Measure::Waiting) == 2);
}

TEST_CASE("a counter is its increase, over restarts too, and one sample says nothing of it") {
  const std::string series = "vllm:generation_tokens_total{namespace=\"t\",pod=\"a\"}";
  const Joined grown(timed(series, 1000, 50) + timed(series, 4000, 40) + timed(series, 500, 30) + timed(series, 1500, 0), "", 3600);
  CHECK(grown.value("a", Measure::GeneratedTokens) == 4500);
  CHECK(*grown.of("a", Measure::GeneratedTokens)->perSecond == doctest::Approx(1.5));
  CHECK(grown.of("a", Measure::GeneratedTokens)->seen == 4);
  CHECK(grown.of("a", Measure::GeneratedTokens)->expected == 30);
  CHECK(grown.of("a", Measure::GeneratedTokens)->confidence == model::Confidence::Low);
  const Joined one(series + " 1000");
  CHECK_FALSE(one.value("a", Measure::GeneratedTokens).has_value());
  CHECK(one.of("a", Measure::GeneratedTokens)->why == "one sample alone says nothing of growth");
}

TEST_CASE("what is stale, of before the pod, or of after the look is no value of now") {
  const std::string a = "vllm:kv_cache_usage_perc{namespace=\"t\",pod=\"a\"}", b = "vllm:kv_cache_usage_perc{namespace=\"t\",pod=\"b\"}";
  const Joined stale(timed(a, 0.5, 30) + timed(a, 0.6, 12), "", 3600);
  CHECK_FALSE(stale.value("a", Measure::KvUsage).has_value());
  CHECK(stale.of("a", Measure::KvUsage)->why == "the last sample is 12 min old");
  const Joined before(timed(b, 0.9, 20) + timed(b, 0.1, 2), "", 3600);   // the pod is ten minutes old
  CHECK(*before.of("b", Measure::KvUsage)->peak == doctest::Approx(10));
  CHECK_FALSE(Joined(timed(a, 0.5, -5), "", 3600).value("a", Measure::KvUsage).has_value());
}
