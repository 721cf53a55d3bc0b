// What one review costs inside the program: each step, then all of it, with the memory allocations of each.
// tests/bench/run writes the reviews and the policies (load/reviews.py) and names their folder in RIGHTSLICE_BENCH_INPUT.
#include <benchmark/benchmark.h>

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>
#include <new>
#include <sstream>
#include <string>

#include "admission/review.hpp"
#include "admission/reviewer.hpp"
#include "admission/ruling.hpp"
#include "json/document.hpp"
#include "policy/judge.hpp"
#include "policy/load.hpp"
#include "policy/policy_set.hpp"
#include "workload/workload.hpp"

namespace {
std::atomic<std::int64_t> allocations{0};
}

void* operator new(std::size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

using namespace rightslice;

namespace {

std::string input(const std::string& name) {
  const char* folder = std::getenv("RIGHTSLICE_BENCH_INPUT");
  std::ifstream file(std::string(folder == nullptr ? "." : folder) + "/" + name, std::ios::binary);
  if (!file) {
    std::cerr << "RIGHTSLICE_BENCH_INPUT names no folder with " << name << "; tests/bench/run makes it\n";
    std::exit(2);
  }
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string reviewOf(std::int64_t bytes) { return input("review-" + std::to_string(bytes) + ".json"); }

const policy::PolicySet& policies(std::int64_t count) {
  static std::map<std::int64_t, policy::PolicySet> sets;
  auto at = sets.find(count);
  if (at == sets.end()) {
    policy::LoadOptions options;
    options.gpus = &gpu::Catalogue::builtIn();
    auto loaded = policy::load(input("policies-" + std::to_string(count) + ".yaml"), "policies.yaml", options);
    if (!loaded.ok()) std::exit(2);
    at = sets.emplace(count, policy::PolicySet(std::move(loaded.policies), {})).first;
  }
  return at->second;
}

/// What a review meets when it arrives.
struct Around {
  explicit Around(std::int64_t count) {
    environment.policies = &policies(count);
    environment.surroundings = &surroundings;
    environment.now = Date{20000};  // 2024-10-04
  }
  workload::Surroundings surroundings;
  admission::Environment environment;
};

class Allocations {
 public:
  explicit Allocations(benchmark::State& state) : state_(state), before_(allocations.load()) {}
  ~Allocations() {
    state_.counters["allocations"] =
        benchmark::Counter(static_cast<double>(allocations.load() - before_), benchmark::Counter::kAvgIterations);
  }

 private:
  benchmark::State& state_;
  std::int64_t before_;
};

void parses(benchmark::State& state) {
  const std::string text = reviewOf(state.range(0));
  const Allocations counted(state);
  for (auto _ : state) benchmark::DoNotOptimize(json::Document::parse(text));
}
BENCHMARK(parses)->Arg(2048)->Arg(12288)->Arg(262144)->Arg(3 << 20);

void decodes(benchmark::State& state) {
  const std::string text = reviewOf(state.range(0));
  const Allocations counted(state);
  for (auto _ : state) benchmark::DoNotOptimize(admission::Review::parse(text));
}
BENCHMARK(decodes)->Arg(2048)->Arg(12288)->Arg(262144)->Arg(3 << 20);

void readsTheObject(benchmark::State& state) {
  const auto review = admission::Review::parse(reviewOf(state.range(0)));
  const Allocations counted(state);
  for (auto _ : state) benchmark::DoNotOptimize(workload::read(review->object));
}
BENCHMARK(readsTheObject)->Arg(2048)->Arg(12288)->Arg(262144)->Arg(3 << 20);

/// Which of so many policies are in force for the object.
void matches(benchmark::State& state) {
  const policy::PolicySet& set = policies(state.range(0));
  const auto review = admission::Review::parse(reviewOf(2048));
  const auto object = workload::read(review->object);
  const Allocations counted(state);
  for (auto _ : state) benchmark::DoNotOptimize(set.select(object.ns, object.kindName, object.labels, nullptr));
}
BENCHMARK(matches)->Arg(1)->Arg(20)->Arg(10000);

void judges(benchmark::State& state) {
  const Around around(20);
  const auto review = admission::Review::parse(reviewOf(state.range(0)));
  const auto object = workload::read(review->object);
  const Allocations counted(state);
  for (auto _ : state) {
    benchmark::DoNotOptimize(policy::judge(object, *around.environment.policies, around.environment.catalogue, around.surroundings, {},
                                           around.environment.now));
  }
}
BENCHMARK(judges)->Arg(2048)->Arg(12288)->Arg(262144)->Arg(3 << 20);

/// Reads, judges, and writes what the judgement comes to as an answer: less the two before it, encoding.
void rules(benchmark::State& state) {
  const Around around(20);
  const auto review = admission::Review::parse(reviewOf(state.range(0)));
  const admission::ReviewerOptions options;
  const admission::Question question{*review, admission::Path::Validate, around.environment, options};
  const Allocations counted(state);
  for (auto _ : state) {
    const admission::Ruled ruled = admission::rule(question, std::nullopt);
    benchmark::DoNotOptimize(admission::bodyOf(*review, *ruled.ruling));
  }
}
BENCHMARK(rules)->Arg(2048)->Arg(12288)->Arg(262144)->Arg(3 << 20);

void answers(benchmark::State& state) {
  const Around around(state.range(1));
  const std::string text = reviewOf(state.range(0));
  const Allocations counted(state);
  for (auto _ : state) benchmark::DoNotOptimize(admission::answer(text, admission::Path::Validate, around.environment, {}));
}
/// With 1,000 models and 200 products more than those that are built in.
void answersFromLargeCatalogues(benchmark::State& state) {
  static const auto gpus = gpu::Catalogue::load(input("gpus.json"), "gpus.json", &gpu::Catalogue::builtIn());
  static const auto models = model::Catalogue::load(input("models.json"), "models.json", &model::Catalogue::builtIn());
  if (!gpus || !models) std::exit(2);
  Around around(20);
  around.environment.catalogue.gpus = &*gpus;
  around.environment.catalogue.models = &*models;
  const std::string text = reviewOf(2048);
  for (auto _ : state) benchmark::DoNotOptimize(admission::answer(text, admission::Path::Validate, around.environment, {}));
}
BENCHMARK(answersFromLargeCatalogues);

BENCHMARK(answers)->Args({2048, 1})->Args({2048, 20})->Args({2048, 10000})->Args({12288, 20})->Args({262144, 20})->Args({3 << 20, 20});

}  // namespace
