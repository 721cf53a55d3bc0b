// A process that writes a history until it is killed, for tests/integration/history_test.py; skipped by everybody else.
#include <doctest/doctest.h>

#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
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
