// Where a pod is asked for its metrics: what its object says, what its engine does by itself, and who is an exporter.
#include "observe/endpoint.hpp"

#include <doctest/doctest.h>

#include "fixture.hpp"

using namespace rightslice;
using namespace rightslice::observe;

namespace {

std::vector<Published> published(std::string_view annotations, std::string_view containers) {
  const std::string yaml = "apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: t, annotations: {" + std::string(annotations) + "}}\nspec:\n  nodeName: n\n  containers:\n" +
                           std::string(containers) + "status: {phase: Running}\n";
  const Snapshot snapshot = snapshotOf(yaml);
  REQUIRE(snapshot.pods.size() == 1);
  return publishedBy(snapshot.pods.front());
}

/// "8000/metrics" of each endpoint, in order.
std::string text(const Published& each) {
  std::string out;
  for (const Endpoint& endpoint : each.endpoints)
    out += (out.empty() ? "" : " ") + std::string(endpoint.https ? "https:" : "") + std::to_string(endpoint.port) + endpoint.path;
  return out;
}

std::string only(std::string_view annotations, std::string_view container) {
  const auto all = published(annotations, "  - {name: m, resources: {limits: {nvidia.com/gpu: 1}}, " + std::string(container) + "}\n");
  REQUIRE(all.size() == 1);
  return all.front().endpoints.empty() ? all.front().why : text(all.front());
}

constexpr std::string_view kUnknown = "it is not known at which port it publishes metrics: the annotation prometheus.io/port tells it";

}  // namespace

TEST_CASE("an engine publishes where it does by itself, where its flags or variables say, and where it declares") {
  CHECK(only("", "image: 'vllm/vllm-openai:v0.10.0', args: [--model, a/b]") == "8000/metrics");
  CHECK(only("", "image: 'vllm/vllm-openai:v0.10.0', args: [--model, a/b, --port, '9001']") == "9001/metrics");
  CHECK(only("", "image: x, command: [sh, -c, 'exec vllm serve a/b --port=9002 --max-model-len 10']") == "9002/metrics");
  CHECK(only("", "image: 'lmsysorg/sglang:v0.4.0', args: [python, -m, sglang.launch_server, --model-path, a/b]") == "30000/metrics");
  CHECK(only("", "image: 'ghcr.io/huggingface/text-generation-inference:3.0', args: [--model-id, a/b], env: [{name: PORT, value: '8088'}]") == "8088/metrics");
  CHECK(only("", "image: 'nvcr.io/nim/meta/llama-3.1-8b-instruct:1.8'") == "8000/v1/metrics 8000/metrics");
  CHECK(only("", "image: 'nvcr.io/nvidia/tritonserver:24.01-py3', command: [tritonserver, --model-repository=/m]") == "8002/metrics");
  // One port that is declared is the engine's, whatever its default; one by name is asked first.
  CHECK(only("", "image: 'vllm/vllm-openai:v0.10.0', args: [--model, a/b], ports: [{containerPort: 7000}]") == "7000/metrics");
  CHECK(only("", "image: 'vllm/vllm-openai:v0.10.0', args: [--model, a/b], ports: [{containerPort: 8000}, {containerPort: 9000, name: metrics}]") == "9000/metrics 8000/metrics");
  CHECK(only("", "image: x, ports: [{containerPort: 9000, name: http-metrics}, {containerPort: 53, name: metrics-udp, protocol: UDP}]") == "9000/metrics");
}

TEST_CASE("a flag that only begins alike, a port that is none, and an engine that publishes nothing") {
  CHECK(only("", "image: 'vllm/vllm-openai:v0.10.0', args: [--model, a/b, --port-range, '9001']") == "8000/metrics");
  CHECK(only("", "image: 'vllm/vllm-openai:v0.10.0', args: [--model, a/b, --port, '99999']") == "8000/metrics");
  CHECK(only("", "image: 'vllm/vllm-openai:v0.10.0', args: [--model, a/b, --port]") == "8000/metrics");
  CHECK(only("", "image: 'ollama/ollama:0.5', ports: [{containerPort: 11434}]") == kUnknown);
  CHECK(only("", "image: 'registry.example/model:1', ports: [{containerPort: 8080}]") == kUnknown);
}

TEST_CASE("annotations come first; one that declines is heeded; a path that is none is not taken") {
  CHECK(only("prometheus.io/port: '9100', prometheus.io/path: /stats/prometheus, prometheus.io/scheme: https", "image: x") == "https:9100/stats/prometheus");
  CHECK(only("prometheus.kserve.io/port: '8082', prometheus.kserve.io/path: /m", "image: x") == "8082/m");
  CHECK(only("prometheus.io/port: '9100'", "image: 'vllm/vllm-openai:v0.10.0', args: [--model, a/b]") == "9100/metrics 8000/metrics");
  CHECK(only("prometheus.io/scrape: 'false', prometheus.io/port: '9100'", "image: x") == "the pod wants not to be asked: prometheus.io/scrape is false");
  for (const char* path : {"/../../secrets", "/m?x=1", "metrics", "/m%2e", "/m#x"})
    CHECK(only("prometheus.io/port: '9100', prometheus.io/path: '" + std::string(path) + "'", "image: x") == "9100/metrics");
  for (const char* port : {"0", "65536", "-1", "80x", ""}) CHECK(only("prometheus.io/port: '" + std::string(port) + "'", "image: x") == kUnknown);
}

TEST_CASE("of several containers with GPUs each is asked at its own port; init containers are not") {
  constexpr std::string_view kTwo =
      "  - {name: a, image: 'vllm/vllm-openai:v0.10.0', args: [--model, a/b, --port, '8001'], resources: {limits: {nvidia.com/gpu: 1}}, ports: [{containerPort: 8001}]}\n"
      "  - {name: b, image: x, resources: {limits: {nvidia.com/gpu: 1}}, ports: [{containerPort: 9100}]}\n"
      "  - {name: proxy, image: y, ports: [{containerPort: 15020, name: prom}]}\n"
      "  initContainers:\n  - {name: warm, image: z, resources: {limits: {nvidia.com/gpu: 1}}, ports: [{containerPort: 1, name: metrics}]}\n";
  auto all = published("prometheus.io/port: '9100'", kTwo);
  REQUIRE(all.size() == 2);
  CHECK(text(all[0]) == "8001/metrics");
  CHECK(text(all[1]) == "9100/metrics");
  // A port of the sidecar alone: nobody knows of which of the two it speaks.
  all = published("prometheus.io/port: '15020'", kTwo);
  CHECK(text(all[0]) == "8001/metrics");
  CHECK(all[1].why == kUnknown);
}

TEST_CASE("exporters of DCGM are told by label and owner, and only those that run") {
  const auto of = [](std::string_view labels, std::string_view owner, std::string_view ports, std::string_view phase = "Running") {
    const Snapshot snapshot = snapshotOf("apiVersion: v1\nkind: Pod\nmetadata: {name: e, namespace: m, labels: {" + std::string(labels) + "}, ownerReferences: [{apiVersion: apps/v1, kind: " +
                                         std::string(owner) + ", name: d, uid: u, controller: true}]}\nspec: {nodeName: gpu-1, containers: [{name: x, ports: [" + std::string(ports) +
                                         "]}]}\nstatus: {phase: " + std::string(phase) + "}\n");
    return snapshot.exporters.empty() ? std::int64_t{0} : snapshot.exporters.front().endpoint.port;
  };
  CHECK(of("app.kubernetes.io/name: dcgm-exporter", "DaemonSet", "{containerPort: 9400, name: metrics}") == 9400);
  CHECK(of("app: nvidia-dcgm-exporter", "DaemonSet", "{containerPort: 9410, name: metrics}") == 9410);
  CHECK(of("app.kubernetes.io/name: gke-managed-dcgm-exporter", "DaemonSet", "{containerPort: 5555}, {containerPort: 9400, name: metrics}") == 9400);
  CHECK(of("app: dcgm-exporter", "DaemonSet", "") == 9400);
  CHECK(of("app: dcgm-exporter", "ReplicaSet", "") == 0);
  CHECK(of("app: my-dcgm-exporter-docs", "DaemonSet", "") == 0);
  CHECK(of("app: dcgm-exporter", "DaemonSet", "", "Pending") == 0);
}
