// What an inventory of a thousand nodes costs a verdict, and what it costs to make it ready for verdicts.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <cstdlib>

#include "json/document.hpp"
#include "policy/judge.hpp"
#include "policy/load.hpp"

using namespace rightslice;
using namespace rightslice::policy;

namespace {

/// As GPU feature discovery leaves them: fifty labels, of which a handful are a node's own; whole GPUs of two products in ten pools.
workload::Surroundings inventory(int count) {
  workload::Surroundings out;
  out.nodes.emplace();
  for (int i = 0; i < count; ++i) {
    workload::Node node;
    node.name = fmt::format("gpu-{}", i);
    for (int label = 0; label < 45; ++label) node.labels.emplace(fmt::format("nvidia.com/feature-{}", label), "present");
    node.labels.emplace("kubernetes.io/hostname", node.name);
    node.labels.emplace("pool", fmt::format("pool-{}", i % 10));
    node.labels.emplace("nvidia.com/gpu.product", i % 2 == 0 ? "NVIDIA-H100-80GB-HBM3" : "NVIDIA-A100-SXM4-80GB");
    node.allocatable = {{"nvidia.com/gpu", 8}};
    node.requested = {{"nvidia.com/gpu", i % 9}};
    node.requestedKnown = true;
    out.nodes->push_back(std::move(node));
  }
  out.sort();
  return out;
}

PolicySet policies() {
  LoadOptions options;
  options.gpus = &gpu::Catalogue::builtIn();
  auto loaded = load("apiVersion: rightslice.io/v1alpha1\nkind: SlicePolicy\nmetadata: {name: p, namespace: a}\nspec: {mode: enforce}\n", "p.yaml", options);
  if (!loaded.ok()) std::abort();
  return PolicySet(std::move(loaded.policies), {});
}

/// nvidia.com/gpu means what the nodes say that meet its selector.
void judgesAGpu(benchmark::State& state, const char* selector) {
  const auto around = inventory(static_cast<int>(state.range(0)));
  const auto set = policies();
  const auto document = json::Document::parse(fmt::format(
      R"({{"apiVersion":"v1","kind":"Pod","metadata":{{"name":"x","namespace":"a"}},"spec":{{"nodeSelector":{{{}}},"containers":[{{"name":"c","image":"x",)"
      R"("resources":{{"limits":{{"nvidia.com/gpu":"1"}}}}}}]}}}})",
      selector));
  const auto object = workload::read(document->root());
  const Request request;
  const Date now = Date::parse("2026-06-01").value();
  for (auto _ : state) benchmark::DoNotOptimize(judge(object, set, Catalogue{}, around, request, now));
}
BENCHMARK_CAPTURE(judgesAGpu, ofAnyNode, "")->Arg(10)->Arg(1000);
BENCHMARK_CAPTURE(judgesAGpu, ofOnePool, R"("pool":"pool-7")")->Arg(10)->Arg(1000);
BENCHMARK_CAPTURE(judgesAGpu, thatNoNodeHas, R"("pool":"pool-77")")->Arg(10)->Arg(1000);

void sortsTheNodes(benchmark::State& state) {
  auto around = inventory(static_cast<int>(state.range(0)));
  for (auto _ : state) around.sort();
}
BENCHMARK(sortsTheNodes)->Arg(1000);

}  // namespace

BENCHMARK_MAIN();
