// Processes that write a history: until they are killed, for tests/integration/history_test.py, and for tests/bench/history. Skipped by
// everybody else.
#include <doctest/doctest.h>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <thread>

#include "observe/history/store.hpp"

using namespace rightslice;
using namespace rightslice::observe;
using namespace rightslice::observe::history;

namespace {

constexpr std::int64_t kStart = 20'000 * 86'400, kStep = 60, kWorkloads = 20;

/// Look i: workload i % 20 has another number of replicas than before, and every other look has a finding.
Record look(std::int64_t i) {
  Record out;
  out.cluster = "c";
  out.source = "test";
  out.takenAt = kStart + i * kStep;
  for (const char* resource : {"pods", "deployments.apps", "nodes"}) out.coverage.add({resource, "", Seen::State::Read, "", 1});
  out.costs = Costs{"USD", "2026-01-01", {}};
  for (std::int64_t w = 0; w < kWorkloads; ++w) {
    const std::string key = fmt::format("a/Deployment/x{:02}", w);
    out.subjects.push_back({Sort::Workload, key, {{"replicas", fmt::format("{}", (i + kWorkloads - w) / kWorkloads)}}, {}, {}});
    out.costs->rates.push_back({"a", key, "right", 1000, 100});
  }
  if (i % 2 == 0) out.findings.push_back({Sort::Workload, "a/Deployment/x00", "Idle", "main", "", "idle", "", "high", {}});
  return out;
}

void say(const std::string& line) {
  std::fputs(line.c_str(), stdout);
  std::fflush(stdout);
}

}  // namespace

TEST_CASE("the writer of a history" * doctest::skip()) {
  const char* url = std::getenv("RIGHTSLICE_WRITE_STORE");
  REQUIRE(url != nullptr);
  std::unique_ptr<Store> store;
  for (std::int64_t i = 0; i < 1'000'000;) {
    if (store == nullptr) {
      auto made = openStore(url, Opening::Create);
      if (!made) {
        say(fmt::format("error {}\n", made.error().message));
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
        continue;
      }
      store = std::move(*made);
      // Where the one before it came to.
      const auto clusters = store->clusters();
      if (clusters && !clusters->empty()) i = (clusters->front().last - kStart) / kStep;
    }
    const auto done = store->append(look(i));
    if (!done) {
      say(fmt::format("error {}\n", done.error().message));
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      continue;   // the same look again
    }
    // One that was written, and whose acknowledgement was lost, is there already.
    if (done->what == Appended::What::Written) say(fmt::format("written {}\n", kStart + i * kStep));
    ++i;
  }
}

TEST_CASE("the bench of a history" * doctest::skip()) {
  const char* url = std::getenv("RIGHTSLICE_WRITE_STORE");
  const char* numbers = std::getenv("RIGHTSLICE_BENCH_HISTORY");
  REQUIRE(url != nullptr);
  REQUIRE(numbers != nullptr);
  std::int64_t looks = 0, workloads = 0, changed = 0;
  REQUIRE(std::sscanf(numbers, "%ld %ld %ld", &looks, &workloads, &changed) == 3);
  Record record = look(0);
  record.subjects.clear();
  record.findings.clear();
  record.costs->rates.clear();
  for (std::int64_t w = 0; w < workloads; ++w) {
    const std::string key = fmt::format("team-{}/Deployment/model-{:05}", w % 40, w);
    Fields fields{{"decision", "warn"}, {"policies", "all"}, {"replicas", "1"}, {"uid", fmt::format("7d1f3c52-0000-4000-8000-{:012}", w)}};
    for (const auto& [field, value] : std::map<std::string, std::string>{{"engine", "vllm"}, {"model", "Qwen/Qwen2.5-7B-Instruct"}, {"slice", "1 x nvidia.com/mig-3g.40gb"},
         {"held", "3g.40gb on NVIDIA-H100-80GB-HBM3"}, {"image", "vllm/vllm-openai:v0.10.0"}, {"maxModelLen", "4096"}, {"needBytes", "6979321856"}, {"highBytes", "8053063680"},
         {"recommended", "1 x nvidia.com/mig-1g.10gb"}, {"needSource", "estimate"}})
      fields.emplace("vllm/" + field, value);
    record.subjects.push_back({Sort::Workload, key, std::move(fields), {}, {}});
    if (w % 3 == 0)
      record.findings.push_back({Sort::Workload, key, "Oversized", "vllm", "", std::string(180, 'm'), std::string(60, 'r'), "high", {{"need", "6.5 GiB", "estimate", ""}}});
    record.costs->rates.push_back({fmt::format("team-{}", w % 40), key, "right", 292'000, 36'500});
  }
  const auto byId = [](const auto& a, const auto& b) { return a.id() < b.id(); };
  std::sort(record.subjects.begin(), record.subjects.end(), byId);
  std::sort(record.findings.begin(), record.findings.end(), byId);
  auto store = openStore(url, Opening::Create);
  REQUIRE_MESSAGE(store.has_value(), store.error().message);
  using Clock = std::chrono::steady_clock;
  double first = 0, longest = 0;
  const auto begun = Clock::now();
  for (std::int64_t i = 0; i < looks; ++i) {
    record.takenAt = kStart + i * 300;
    for (std::int64_t c = 0; c < changed && i > 0; ++c)
      record.subjects[static_cast<std::size_t>((i * changed + c) % workloads)].fields["replicas"] = fmt::format("{}", i);
    const auto from = Clock::now();
    const auto done = (*store)->append(record);
    REQUIRE_MESSAGE(done.has_value(), done.error().message);
    const double seconds = std::chrono::duration<double>(Clock::now() - from).count();
    if (i == 0) first = seconds;
    else longest = std::max(longest, seconds);
  }
  const double all = std::chrono::duration<double>(Clock::now() - begun).count();
  say(fmt::format("{{\"looks\": {}, \"workloads\": {}, \"changed\": {}, \"seconds\": {:.2f}, \"firstMs\": {:.1f}, \"meanMs\": {:.2f}, \"longestMs\": {:.1f}}}\n", looks, workloads,
                  changed, all, first * 1000, all / static_cast<double>(looks) * 1000, longest * 1000));
}
