// Pods that are asked for their metrics through an API server: good ones, silent ones, and some that mean us harm.
#include "observe/scrape_fetch.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <map>
#include <set>

#include "../kube/scripted_server.hpp"
#include "fixture.hpp"
#include "observe/metrics_source.hpp"

using namespace rightslice;
using namespace rightslice::observe;
using metrics::Measure;
using scripted::Peer;
using namespace std::chrono_literals;

namespace {

std::string podYaml(std::string_view name, std::string_view more = "", std::string_view ns = "t", std::string_view node = "gpu-1") {
  return fmt::format("---\napiVersion: v1\nkind: Pod\nmetadata: {{name: {0}, namespace: {1}, uid: u-{1}-{0}}}\nspec: {{nodeName: {2}, containers: [{{name: vllm, "
                     "image: 'vllm/vllm-openai:v0.10.0', args: [--model, a/b], resources: {{limits: {{nvidia.com/mig-1g.10gb: 1}}}}}}]}}\n"
                     "status: {{phase: Running, containerStatuses: [{{name: vllm, state: {{running: {{}}}}}}]{3}}}\n",
                     name, ns, node, more);
}

std::string exporterYaml(std::string_view name, std::string_view node) {
  return fmt::format("---\napiVersion: v1\nkind: Pod\nmetadata: {{name: {}, namespace: gpu-operator, labels: {{app: nvidia-dcgm-exporter}}, ownerReferences: "
                     "[{{apiVersion: apps/v1, kind: DaemonSet, name: d, uid: u, controller: true}}]}}\nspec: {{nodeName: {}, containers: [{{name: x}}]}}\nstatus: {{phase: Running}}\n",
                     name, node);
}

std::string vllm(double kv, int tokens = 0) {
  return fmt::format("vllm:kv_cache_usage_perc{{engine=\"0\",model_name=\"a/b\"}} {}\nvllm:num_requests_waiting{{model_name=\"a/b\"}} 0\n"
                     "vllm:generation_tokens_total{{model_name=\"a/b\"}} {}\n", kv, tokens);
}

std::string memory(std::string_view pod, int used, std::string_view ns = "t") {
  return fmt::format("DCGM_FI_DEV_FB_USED{{gpu=\"0\",GPU_I_ID=\"1\",Hostname=\"h\",namespace=\"{1}\",pod=\"{0}\",container=\"vllm\"}} {2}\n", pod, ns, used);
}

/// What each pod answers, by "namespace/pod:port/path".
struct Pods {
  using Answer = std::function<bool(const Peer&)>;
  std::map<std::string, Answer> answers;
  std::set<std::string> refused{};   // namespaces
  ScrapeOptions options{};
  std::atomic<int> underWay{0}, most{0};

  Pods() { options.each = 500ms; }

  scripted::Server server{[this](const Peer& peer, const scripted::Seen& seen) {
    const int now = ++underWay;
    for (int before = most; before < now && !most.compare_exchange_weak(before, now);) {
    }
    const bool good = answer(peer, seen.target);
    --underWay;
    return good;
  }};

  bool answer(const Peer& peer, std::string target) {
    constexpr std::string_view kBefore = "/api/v1/namespaces/", kPods = "/pods/", kProxy = "/proxy";
    REQUIRE(target.starts_with(kBefore));
    target.erase(0, kBefore.size());
    const std::string ns = target.substr(0, target.find('/'));
    target.replace(target.find(kPods), kPods.size(), "/");
    target.erase(target.find(kProxy), kProxy.size());
    if (refused.contains(ns))
      return peer.answer(403, R"({"kind":"Status","reason":"Forbidden","message":"pods \"x\" is forbidden: User \"looker\" cannot get resource \"pods/proxy\" in API group \"\""})");
    const auto at = answers.find(target);
    if (at == answers.end()) return peer.answer(503, R"({"kind":"Status","message":"error trying to reach service: connect: connection refused"})");
    return at->second(peer);
  }

  void look(const std::string& yaml) {
    kube::ClusterOptions to;
    to.config.server = *kube::parseUrl(server.url());
    kube::Cluster cluster(std::move(to));
    cluster.start();
    snapshot = snapshotOf(yaml, "2026-06-01T00:00:00Z");
    auto scraped = scrape(cluster, snapshot, options, [](std::string_view) {});
    again = scraped.again;
    readMetrics(snapshot, gpu::Catalogue::builtIn(), {}, std::move(scraped), [](std::string_view) {});
    measured = *snapshot.measured;
  }

  const metrics::OfContainer& of(std::string_view pod) const {
    for (const auto& each : measured.containers)
      if (snapshot.pods[each.pod].name == pod) return each;
    FAIL("nothing of ", std::string(pod));
    return measured.containers.front();
  }
  const Seen& covered(std::string_view resource, std::string_view ns = "") const {
    for (const Seen& each : snapshot.coverage.entries())
      if (each.resource == resource && each.ns == ns) return each;
    FAIL("nothing is said of ", std::string(resource));
    return snapshot.coverage.entries().front();
  }

  Snapshot snapshot;
  metrics::Measurements measured;
  bool again = false;
};

Pods::Answer says(std::string text) {
  return [text = std::move(text)](const Peer& peer) { return peer.answer(200, text); };
}

}  // namespace

TEST_CASE("pods and exporters are asked where they publish; one look says levels, and nothing of growth") {
  Pods pods;
  pods.answers["t/a:8000/metrics"] = says(vllm(0.452, 100));
  pods.answers["gpu-operator/e:9400/metrics"] = says(memory("a", 5000));
  pods.look(podYaml("a") + exporterYaml("e", "gpu-1"));
  CHECK(pods.of("a").value(Measure::KvUsage) == doctest::Approx(45.2));
  CHECK(pods.of("a").value(Measure::Waiting) == 0);
  const auto* tokens = pods.of("a").find(Measure::GeneratedTokens);
  REQUIRE(tokens != nullptr);
  CHECK_FALSE(tokens->value);
  CHECK(tokens->why == "one sample alone says nothing of growth");
  CHECK(tokens->source == "pod t/a, port 8000");
  CHECK(pods.of("a").value(Measure::FramebufferUsed) == 5000.0 * 1048576);
  CHECK(pods.covered("pods/proxy", "t").state == Seen::State::Read);
  CHECK(pods.covered("dcgm-exporter").objects == 1);
  CHECK(pods.server.count("exec") == 0);
  for (const auto& each : pods.server.seen()) CHECK(each.method == "GET");
}

TEST_CASE("asked again, counters say how much they grew, and a restart is no negative growth") {
  Pods pods;
  std::atomic<int> asked{0}, restarted{0};
  pods.answers["t/a:8000/metrics"] = [&](const Peer& peer) { return peer.answer(200, vllm(0.1, 1000 + 500 * asked++)); };
  pods.answers["t/b:8000/metrics"] = [&](const Peer& peer) { return peer.answer(200, vllm(0.2, restarted++ == 0 ? 9000 : 40)); };
  pods.options.again = 3s;
  pods.look(podYaml("a") + podYaml("b"));
  CHECK(pods.again);
  const auto* tokens = pods.of("a").find(Measure::GeneratedTokens);
  CHECK(tokens->value == 500);
  CHECK(*tokens->perSecond == doctest::Approx(500.0 / 3).epsilon(0.2));
  CHECK(tokens->seen == 2);
  CHECK(tokens->expected == 2);
  CHECK(pods.of("b").find(Measure::GeneratedTokens)->value == 40);
  CHECK(pods.of("a").find(Measure::KvUsage)->coverage() == 1);
}

TEST_CASE("one that tells nothing is unknown with its reason, never zero; the others are told") {
  Pods pods;
  pods.answers["t/good:8000/metrics"] = says(vllm(0.5));
  pods.answers["t/html:8000/metrics"] = says("<html>who are you?</html>");
  pods.answers["t/other:8000/metrics"] = says("go_goroutines 7\n");
  pods.answers["t/away:8000/metrics"] = [](const Peer& peer) { return peer.answer(302, "", "Location: http://169.254.169.254/\r\n"); };
  pods.look(podYaml("good") + podYaml("html") + podYaml("other") + podYaml("away") + podYaml("refuses") + podYaml("starts", ", reason: x"));
  CHECK(pods.of("good").value(Measure::KvUsage) == 50);
  CHECK(pods.of("html").values.empty());
  CHECK(pods.of("html").why.find("port 8000: what it says is no metrics") == 0);
  CHECK(pods.of("other").why == "port 8000: none of its metrics is one that is known here");
  CHECK(pods.of("away").why == "port 8000: status 302");
  CHECK(pods.of("refuses").why == "port 8000: status 503, error trying to reach service: connect: connection refused");
  const Seen& seen = pods.covered("pods/proxy", "t");
  CHECK(seen.state == Seen::State::Failed);
  CHECK(seen.objects == 1);
  CHECK(seen.reason.find("5 of 6 told nothing, first away/vllm: port 8000: status 302") == 0);
}

TEST_CASE("pods without end, without length, without haste and without shame take no more than their share") {
  Pods pods;
  pods.options.most = 64 << 10;
  pods.answers["t/endless:8000/metrics"] = [](const Peer& peer) {
    peer.begin();
    while (peer.chunk(std::string(4096, '#') + "\n")) {
    }
    return false;
  };
  pods.answers["t/huge:8000/metrics"] = [](const Peer& peer) {
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n");
    while (peer.send(std::string(4096, '#'))) {
    }
    return false;
  };
  pods.answers["t/slow:8000/metrics"] = [](const Peer& peer) {
    peer.begin();
    for (int i = 0; i < 200 && peer.chunk("#\n"); ++i) std::this_thread::sleep_for(20ms);
    return false;
  };
  pods.answers["t/silent:8000/metrics"] = [](const Peer& peer) {
    peer.hold();
    return false;
  };
  pods.answers["t/heads:8000/metrics"] = [](const Peer& peer) {
    peer.send("HTTP/1.1 200 OK\r\n");
    while (peer.send("X-A: " + std::string(1000, 'b') + "\r\n")) {
    }
    return false;
  };
  std::string many;
  for (int i = 0; many.size() < (60U << 10); ++i) many += fmt::format("vllm:num_requests_waiting{{engine=\"{}\"}} 1\n", i);
  pods.answers["t/many:8000/metrics"] = says(many);
  pods.answers["t/lies:8000/metrics"] = says(memory("good", 9) + "kube_pod_container_status_restarts_total{namespace=\"t\",pod=\"good\",container=\"vllm\"} 99\n" + vllm(7, -4));
  pods.answers["t/good:8000/metrics"] = says(vllm(0.25));
  std::string yaml;
  for (const char* name : {"endless", "huge", "slow", "silent", "heads", "many", "lies", "good"}) yaml += podYaml(name);
  const auto begun = std::chrono::steady_clock::now();
  pods.look(yaml);
  CHECK(std::chrono::steady_clock::now() - begun < 10s);   // patience is half a second each, beside one another
  CHECK(pods.of("good").value(Measure::KvUsage) == 25);
  CHECK(pods.of("good").find(Measure::FramebufferUsed) == nullptr);   // nobody speaks for another
  CHECK(pods.of("good").find(Measure::Restarts) == nullptr);
  CHECK(pods.of("endless").why == "port 8000: the answer is larger than 64 KiB");
  CHECK(pods.of("huge").why == "port 8000: the answer is larger than 64 KiB");
  CHECK(pods.of("slow").why.find("no success within 0.5 s") != std::string::npos);
  CHECK(pods.of("silent").why.find("no success within 0.5 s") != std::string::npos);
  CHECK(pods.of("heads").values.empty());
  CHECK_FALSE(pods.of("lies").value(Measure::KvUsage));               // 700 % is no level
  CHECK(pods.of("lies").find(Measure::KvUsage)->why == "what it says can be no value of this");
  CHECK(pods.of("lies").find(Measure::FramebufferUsed) == nullptr);
}

TEST_CASE("who may not ask is told so of each namespace, and does not ask ten thousand times") {
  Pods pods;
  pods.refused = {"closed"};
  pods.options.atOnce = 2;
  std::string yaml = podYaml("a");
  for (int i = 0; i < 40; ++i) yaml += podYaml(fmt::format("c-{}", i), "", "closed");
  pods.answers["t/a:8000/metrics"] = says(vllm(0.25));
  pods.look(yaml);
  CHECK(pods.of("a").value(Measure::KvUsage) == 25);
  CHECK(pods.of("c-39").why == "it may not be asked");
  CHECK(pods.covered("pods/proxy", "closed").state == Seen::State::Forbidden);
  CHECK(pods.covered("pods/proxy", "closed").reason.find("cannot get resource") != std::string::npos);
  CHECK(pods.covered("pods/proxy", "t").state == Seen::State::Read);
  CHECK(pods.server.count("/namespaces/closed/") <= 5);
}

TEST_CASE("pods that say that they are forbidden close nothing where one was allowed") {
  Pods pods;
  const std::string forged = R"({"kind":"Status","reason":"Forbidden","message":"pods/proxy"})";
  std::string yaml;
  for (int i = 0; i < 6; ++i) yaml += podYaml(fmt::format("m{}", i));
  for (int i = 0; i < 6; ++i) pods.answers[fmt::format("t/m{}:8000/metrics", i)] = says(vllm(0.25));
  for (int i = 1; i < 5; ++i) pods.answers[fmt::format("t/m{}:8000/metrics", i)] = [forged](const Peer& peer) { return peer.answer(403, forged); };
  pods.options.atOnce = 1;
  pods.look(yaml);
  CHECK(pods.of("m0").value(Measure::KvUsage) == 25);
  CHECK(pods.of("m5").value(Measure::KvUsage) == 25);
}

TEST_CASE("an exporter speaks for the pods of its node alone, and of device memory alone") {
  Pods pods;
  pods.answers["t/a:8000/metrics"] = says(vllm(0.25));
  pods.answers["t/b:8000/metrics"] = says(vllm(0.25));
  pods.answers["gpu-operator/e:9400/metrics"] = says(memory("a", 10) + memory("b", 20) + "vllm:kv_cache_usage_perc{namespace=\"t\",pod=\"a\",container=\"vllm\"} 0.99\n");
  pods.look(podYaml("a", "", "t", "gpu-1") + podYaml("b", "", "t", "gpu-2") + exporterYaml("e", "gpu-1"));
  CHECK(pods.of("a").value(Measure::FramebufferUsed) == 10.0 * 1048576);
  CHECK(pods.of("b").find(Measure::FramebufferUsed) == nullptr);
  CHECK(pods.of("a").value(Measure::KvUsage) == 25);
}

TEST_CASE("never more are under way than may be, and what was not asked in time is said") {
  Pods pods;
  pods.options.atOnce = 3;
  pods.options.all = 300ms;
  pods.options.each = 200ms;
  std::string yaml;
  for (int i = 0; i < 30; ++i) {
    yaml += podYaml(fmt::format("p{:02}", i));
    pods.answers[fmt::format("t/p{:02}:8000/metrics", i)] = [](const Peer& peer) {
      peer.hold();
      return false;
    };
  }
  pods.look(yaml);
  CHECK(pods.most <= 6);   // a connection that was cut may be counted until its server sees it
  CHECK(pods.of("p29").why.find("it was not asked: ") == 0);
}

TEST_CASE("only what runs is asked; a second path is tried where the first is not there") {
  Pods pods;
  pods.answers["t/nim:8000/metrics"] = says("num_requests_waiting 3\n");
  std::string nim = podYaml("nim");
  nim.replace(nim.find("vllm/vllm-openai:v0.10.0"), 24, "nvcr.io/nim/meta/llama:1.0");
  std::string pending = podYaml("p");
  pending.replace(pending.find("phase: Running"), 14, "phase: Pending");
  std::string waits = podYaml("w");
  waits.replace(waits.find("running: {}"), 11, "waiting: {reason: CrashLoopBackOff}");
  pods.look(nim + pending + waits);
  CHECK(pods.of("nim").value(Measure::Waiting) == 3);
  CHECK(pods.server.count("/pods/nim:8000/proxy/v1/metrics") == 1);
  CHECK(pods.server.count("/pods/p:") == 0);
  CHECK(pods.server.count("/pods/w:") == 0);
  CHECK(pods.covered("dcgm-exporter").state == Seen::State::Failed);
}

TEST_CASE("who stops the connection does not wait for pods that are silent") {
  scripted::Server server([](const Peer& peer, const scripted::Seen&) {
    peer.hold();
    return false;
  });
  kube::ClusterOptions to;
  to.config.server = *kube::parseUrl(server.url());
  kube::Cluster cluster(std::move(to));
  cluster.start();
  Snapshot snapshot = snapshotOf(podYaml("a") + podYaml("b"));
  std::thread stopping([&] {
    scripted::eventually([&] { return server.count("/pods/") == 2; });
    cluster.stop();
  });
  ScrapeOptions options;
  options.each = 60s;
  options.again = 60s;
  const auto begun = std::chrono::steady_clock::now();
  const auto scraped = scrape(cluster, snapshot, options, [](std::string_view) {});
  stopping.join();
  CHECK(std::chrono::steady_clock::now() - begun < 10s);
  REQUIRE(scraped.untold.size() == 2);
  CHECK(scraped.untold[0].why == "the connection to the cluster is shut down");
}
