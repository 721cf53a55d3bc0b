// Measured peaks, and what is proposed of them.
#include <doctest/doctest.h>

#include <fmt/format.h>

#include "base/date.hpp"
#include "fixture.hpp"
#include "observe/history/proposal.hpp"
#include "observe/metrics/recorded.hpp"
#include "observe/report.hpp"

using namespace rightslice;
using namespace rightslice::observe;
using namespace rightslice::observe::history;

namespace {

const std::int64_t kNow = *secondsOfTimestamp("2026-06-01T00:00:00Z") * 1000;

std::string podOf(std::string_view image, std::string_view args, std::string_view resource = "nvidia.com/mig-3g.40gb") {
  return fmt::format("apiVersion: v1\nkind: Pod\nmetadata: {{name: p, namespace: t, uid: u}}\n"
                     "spec: {{nodeName: gpu-1, containers: [{{name: main, image: '{}', args: [{}], resources: {{limits: {{{}: 1}}}}}}]}}\n"
                     "status: {{phase: Running, conditions: [{{type: Ready, status: 'True'}}]}}\n",
                     image, args, resource);
}
const std::string kVllm = podOf("vllm/vllm-openai:v0.10.0", "--model, Qwen/Qwen2.5-7B-Instruct");
const std::string kTei = podOf("ghcr.io/huggingface/text-embeddings-inference:1.7", "--model-id, BAAI/bge-m3");

std::string hour(std::string_view series, double value) {
  std::string out;
  for (int i = 0; i < 30; ++i) out += fmt::format("{} {} {}\n", series, value, kNow - (29 - i) * 120'000);
  return out;
}

std::vector<Peak> peaksOf(const std::string& pod, const std::string& text) {
  auto snapshot = snapshotOf(pod);
  metrics::Joiner joiner(snapshot, gpu::Catalogue::builtIn(), metrics::windowOf(kNow, 3600));
  auto recorded = metrics::readRecorded(text, "file", "t/p", kNow);
  REQUIRE_MESSAGE(recorded.has_value(), recorded.error().message);
  std::vector<metrics::Recorded> all;
  all.push_back(std::move(*recorded));
  metrics::addTo(joiner, std::move(all));
  snapshot.measured = std::make_shared<const metrics::Measurements>(joiner.finish());
  const Look look(std::move(snapshot));
  const auto report = reportOf(look.snapshot, look.seen, gpu::Catalogue::builtIn(), {});
  REQUIRE(report);
  const auto record = recordOf(*report);
  REQUIRE(record);
  return record->peaks;
}

constexpr std::string_view kKv = "vllm:kv_cache_usage_perc", kUsed = "DCGM_FI_DEV_FB_USED{gpu=\"0\",GPU_I_ID=\"1\"}", kFree = "DCGM_FI_DEV_FB_FREE{gpu=\"0\",GPU_I_ID=\"1\"}";

KeptPeak kept(std::int64_t day, std::optional<std::int64_t> memory, std::int64_t looks = 20, std::string workload = "a/Deployment/x") {
  KeptPeak out;
  out.peak.workload = std::move(workload);
  out.peak.container = "main";
  out.peak.model = "acme/m";
  out.peak.engine = "tei";
  out.peak.memory = memory;
  out.peak.why = memory ? "" : "others use the same device";
  out.peak.windowSeconds = looks * 3600;
  out.peak.seenSeconds = looks * 3500;
  out.day = day;
  out.looks = looks;
  out.measured = memory ? looks : 0;
  return out;
}

}  // namespace

TEST_CASE("what an engine without a pool takes is what is in use on its device") {
  const auto peaks = peaksOf(kTei, hour(kUsed, 3000) + hour(kFree, 35'000));
  REQUIRE(peaks.size() == 1);
  CHECK(peaks[0].workload == "t/Pod/p");
  CHECK(peaks[0].model == "BAAI/bge-m3");
  CHECK(peaks[0].engine == "tei");
  CHECK(peaks[0].memory == 3000 * kMiB);
  CHECK(peaks[0].why.empty());
  CHECK(peaks[0].windowSeconds == 3600);
  CHECK(peaks[0].seenSeconds == 3600);
}

TEST_CASE("of an engine with a pool the part that no request used is left out, and without its size nothing is said") {
  // 7B: 28 layers x 4 KV heads x 128 x 2 (K and V) x 2 bytes = 57344 bytes for a token.
  const std::string used = hour(kUsed, 36'000) + hour(kFree, 2000) + hour(kKv, 0.25);
  const auto unknown = peaksOf(kVllm, used);
  REQUIRE(unknown.size() == 1);
  CHECK(!unknown[0].memory);
  CHECK(unknown[0].why == "its engine does not tell how large its KV pool is");
  CHECK(unknown[0].kvPerMille == 250);
  const auto peaks = peaksOf(kVllm, used + hour("vllm:cache_config_info{num_gpu_blocks=\"20000\",block_size=\"16\"}", 1));
  REQUIRE(peaks.size() == 1);
  REQUIRE_MESSAGE(peaks[0].memory.has_value(), peaks[0].why);
  CHECK(*peaks[0].memory == 36'000 * kMiB - 20'000LL * 16 * 57'344 * 3 / 4);
  // A pool that cannot be.
  const auto wrong = peaksOf(kVllm, used + hour("vllm:cache_config_info{num_gpu_blocks=\"99999999\",block_size=\"16\"}", 1));
  CHECK(!wrong[0].memory);
  CHECK(wrong[0].why == "its KV pool, as it is told, is larger than what is in use on the device");
}

TEST_CASE("without the memory of the device, or beside others on it, nothing is said") {
  const auto kvOnly = peaksOf(kVllm, hour(kKv, 0.25));
  REQUIRE(kvOnly.size() == 1);
  CHECK(kvOnly[0].why == "the memory of its device was not measured");
  CHECK(peaksOf(kVllm, hour("vllm:num_requests_running", 1)).empty());
}

TEST_CASE("peaks of enough looks on enough days are proposed, the highest of all that run the model, in whole MiB") {
  const auto proposals = proposalsOf({kept(1, 5 * kGiB), kept(2, 5 * kGiB + 1, 20, "b/Deployment/y")});
  REQUIRE(proposals.size() == 1);
  CHECK(proposals[0].memory == 5 * kGiB + kMiB);
  CHECK(proposals[0].workloads == std::vector<std::string>{"a/Deployment/x", "b/Deployment/y"});
  CHECK(proposals[0].measured == 40);
}

TEST_CASE("too little is no proposal, and it is said what lacks") {
  const auto why = [](const std::vector<KeptPeak>& peaks) {
    const auto proposals = proposalsOf(peaks);
    REQUIRE(proposals.size() == 1);
    CHECK(!proposals[0].memory);
    return proposals[0].why;
  };
  CHECK(why({kept(1, std::nullopt)}) == "others use the same device");
  CHECK(why({kept(1, kGiB, 11), kept(2, kGiB, 12)}) == "only 23 looks measured it, and 24 are the least");
  CHECK(why({kept(1, kGiB, 200)}) == "it was measured on one day only: a peak of one day is none of a week");
  auto sparse = std::vector{kept(1, kGiB), kept(2, kGiB)};
  for (auto& each : sparse) each.peak.seenSeconds = each.peak.windowSeconds / 3;
  CHECK(why(sparse) == "samples cover 33 % of the time that was looked back");
  for (const char* name : {"two words", "line\nend", "acme/*", "acme/x?"}) {
    auto odd = std::vector{kept(1, kGiB), kept(2, kGiB)};
    for (auto& each : odd) each.peak.model = name;
    CHECK(why(odd) == "its name cannot stand in a policy");
  }
  auto nameless = kept(1, kGiB);
  nameless.peak.model.clear();
  CHECK(proposalsOf({nameless}).empty());
}
