#include "app/claim_questions.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "../kube/scripted_server.hpp"
#include "app/device_objects.hpp"

using namespace rightslice;
using namespace rightslice::app;
using namespace std::chrono_literals;
using scripted::eventually;

namespace {

constexpr std::string_view kTemplate =
    R"({"metadata":{"namespace":"a","name":"x"},"spec":{"spec":{"devices":{"requests":[{"name":"r","exactly":{"deviceClassName":"mig.nvidia.com"}}]}}}})";

/// An API server that answers when the test says so.
struct Server {
  std::mutex mutex;
  std::vector<kube::Request> asked;
  std::vector<std::function<void(Result<kube::Answer>)>> open;
  ClaimQuestions questions;

  explicit Server(ClaimQuestions::Options options = {})
      : questions([this](kube::Request request, std::function<void(Result<kube::Answer>)> then) {
          const std::lock_guard lock(mutex);
          asked.push_back(std::move(request));
          open.push_back(std::move(then));
        }, options) {}

  std::optional<workload::Claim> ask(const std::string& name, std::chrono::milliseconds limit = 10s) {
    return questions.ask({true, "a", name}, deviceResource(kClaimTemplates), limit);
  }
  std::size_t count() {
    const std::lock_guard lock(mutex);
    return asked.size();
  }
  void answer(int status) {
    std::vector<std::function<void(Result<kube::Answer>)>> now;
    {
      const std::lock_guard lock(mutex);
      now.swap(open);
    }
    for (const auto& each : now) each(kube::Answer{status, std::string(status == 200 ? kTemplate : "{}")});
  }
};

}  // namespace

TEST_CASE("an API server that does not answer is waited for a little by all together, and asked few questions at once") {
  ClaimQuestions::Options options;
  options.mostWaiting = 20ms;
  options.shareWaiting = 0;
  Server server(options);
  const auto begun = std::chrono::steady_clock::now();
  for (int i = 0; i < 200; ++i) CHECK_FALSE(server.ask("template-" + std::to_string(i)));
  CHECK(std::chrono::steady_clock::now() - begun < 10s);   // each alone would have waited for that long
  CHECK(server.count() == 4);
  CHECK(server.asked.front().patience == 500ms);   // and its connection is not kept for longer
  server.answer(404);
  CHECK_FALSE(server.ask("another", 0ms));
  CHECK(server.count() == 5);
}

TEST_CASE("what was waited for an answer that came is not counted in full: a quick API server is asked as often as need be") {
  ClaimQuestions::Options options;
  options.mostWaiting = 10s;
  options.shareWaiting = 0;
  Server server(options);
  std::atomic<bool> over{false};
  std::thread answering([&] {
    while (!over) server.answer(200);
  });
  int answered = 0;
  for (int i = 0; i < 50; ++i) answered += server.ask("template-" + std::to_string(i), 1s) ? 1 : 0;
  over = true;
  answering.join();
  CHECK(answered == 50);
}

TEST_CASE("who asks the same at the same time gets the same answer") {
  ClaimQuestions::Options options;
  options.mostWaiting = 60s;
  Server server(options);
  std::atomic<int> found{0};
  std::vector<std::thread> askers;
  for (int i = 0; i < 3; ++i) askers.emplace_back([&] { found += server.ask("x") ? 1 : 0; });
  CHECK(eventually([&] { return server.count() == 1; }));
  std::this_thread::sleep_for(20ms);
  while (found < 3) {
    server.answer(200);   // one that came late asks again
    std::this_thread::sleep_for(1ms);
  }
  for (auto& each : askers) each.join();
  CHECK(found == 3);
}

TEST_CASE("what is not there is not asked for again right away; what is there is") {
  struct Case { int status; std::size_t asked; };
  for (const Case& each : {Case{404, 1}, {403, 1}, {500, 1}, {200, 2}}) {
    CAPTURE(each.status);
    Server server;
    for (int i = 0; i < 2; ++i) {
      (void)server.ask("x", 0ms);
      server.answer(each.status);
    }
    CHECK(server.count() == each.asked);
  }
  ClaimQuestions::Options brief;
  brief.remembered = 1ms;
  Server server(brief);
  (void)server.ask("x", 0ms);
  server.answer(404);
  std::this_thread::sleep_for(5ms);
  (void)server.ask("x", 0ms);
  CHECK(server.count() == 2);
}
