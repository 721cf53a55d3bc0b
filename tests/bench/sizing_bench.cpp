// What it costs to size one container: inside admission, with every slice of every product judged, it happens dozens of times.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <string>

#include "model/footprint.hpp"

using namespace rightslice;
using namespace rightslice::model;

namespace {

/// A container as people write it, read and resolved.
struct Container {
  Invocation invocation;
  EngineRun run;
  std::optional<Resolved> model;
  EstimateInput input;

  explicit Container(std::string name, std::vector<std::string> flags = {}) {
    invocation.image = "vllm/vllm-openai:v0.19.0";
    invocation.args = {"--model", std::move(name), "--max-model-len", "8192", "--max-num-seqs=64"};
    for (std::string& flag : flags) invocation.args.push_back(std::move(flag));
    run = readInvocation(invocation);
    model = Catalogue::builtIn().find(*run.model);
    if (!model) std::abort();
    input = sized();
  }
  EstimateInput sized() const {
    Device device;
    device.memory = 40 * kGiB;
    return estimateInput(*model, run, Load{8, 4096, true}, device);
  }
};

void readsTheCommandLine(benchmark::State& state) {
  const Container container("meta-llama/Llama-3.1-8B-Instruct");
  for (auto _ : state) benchmark::DoNotOptimize(readInvocation(container.invocation));
}
BENCHMARK(readsTheCommandLine);

void findsTheModel(benchmark::State& state, const char* name) {
  const Catalogue& catalogue = Catalogue::builtIn();
  for (auto _ : state) benchmark::DoNotOptimize(catalogue.find(name));
}
BENCHMARK_CAPTURE(findsTheModel, byItsId, "meta-llama/Llama-3.1-8B-Instruct");
BENCHMARK_CAPTURE(findsTheModel, aQuantisedBuild, "RedHatAI/Meta-Llama-3.1-8B-Instruct-quantized.w4a16");

void sizes(benchmark::State& state, const char* name) {
  const Container container(name);
  for (auto _ : state) {
    const EstimateInput input = container.sized();
    benchmark::DoNotOptimize(estimate(input));
  }
}
BENCHMARK_CAPTURE(sizes, aDenseModel, "meta-llama/Llama-3.1-8B-Instruct");
BENCHMARK_CAPTURE(sizes, experts, "Qwen/Qwen3-30B-A3B");
BENCHMARK_CAPTURE(sizes, latentAttention, "deepseek-ai/DeepSeek-V2-Lite-Chat");
BENCHMARK_CAPTURE(sizes, slidingWindows, "google/gemma-3-27b-it");
BENCHMARK_CAPTURE(sizes, images, "Qwen/Qwen2.5-VL-7B-Instruct");

void startsOnASlice(benchmark::State& state, Bytes usable) {
  const Container container("meta-llama/Llama-3.1-8B-Instruct", {"--gpu-memory-utilization", "0.93"});
  const auto result = estimate(container.input);
  if (!result) std::abort();
  for (auto _ : state) benchmark::DoNotOptimize(startsOn(container.input, *result, usable));
}
BENCHMARK_CAPTURE(startsOnASlice, andDoes, 40 * kGiB);
BENCHMARK_CAPTURE(startsOnASlice, andNoFlagHelps, 10 * kGiB);
BENCHMARK_CAPTURE(startsOnASlice, andNeedsOtherFlags, 17 * kGiB);

void sizesAContainerFromItsText(benchmark::State& state) {
  const Container container("meta-llama/Llama-3.1-8B-Instruct");
  for (auto _ : state) {
    const EngineRun run = readInvocation(container.invocation);
    const auto model = Catalogue::builtIn().find(*run.model);
    Device device;
    device.memory = 40 * kGiB;
    const EstimateInput input = estimateInput(*model, run, Load{8, 4096, true}, device);
    const auto result = estimate(input);
    benchmark::DoNotOptimize(startsOn(input, *result, 40 * kGiB));
  }
}
BENCHMARK(sizesAContainerFromItsText);

}  // namespace

BENCHMARK_MAIN();
