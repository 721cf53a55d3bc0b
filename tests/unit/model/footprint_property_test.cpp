// Laws of the footprint engine that hold for every model, flag and load.
#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "model/footprint.hpp"

using namespace rightslice;
using namespace rightslice::model;

namespace {

struct Case {
  const Architecture* architecture = nullptr;
  EngineRun run;
  Load load;
  Device device;
  std::optional<Format> format;
  EstimateInput input() const {
    EstimateInput result;
    result.architecture = architecture;
    result.run = &run;
    result.load = load;
    result.device = device;
    result.format = format;
    return result;
  }
  Estimate get() const {
    const auto result = estimate(input());
    RC_ASSERT(result.has_value());
    return *result;
  }
};

/// Small, ordinary and absurd numbers.
std::int64_t number() {
  return *rc::gen::oneOf(rc::gen::inRange<std::int64_t>(1, 64), rc::gen::inRange<std::int64_t>(64, 200'000),
                         rc::gen::inRange<std::int64_t>(1, std::int64_t{1} << 62));
}
std::optional<std::int64_t> maybe() { return *rc::gen::arbitrary<bool>() ? std::optional(number()) : std::nullopt; }

Case anyCase() {
  static const std::vector<const Architecture*> models = [] {
    std::vector<const Architecture*> counted;
    for (const Architecture& a : Catalogue::builtIn().models()) {
      if (countParameters(a).total > 0) counted.push_back(&a);
    }
    return counted;
  }();
  Case c;
  c.architecture = *rc::gen::elementOf(models);
  c.run.engine = findEngine("vllm");
  c.run.version = *rc::gen::element<std::string>("", "0.6.3", "0.8.5", "0.11.0", "0.19.0", "0.25.1");
  Settings& s = c.run.settings;
  s.maxModelLen = maybe();
  s.maxNumSeqs = maybe();
  s.maxNumBatchedTokens = maybe();
  if (*rc::gen::inRange(0, 4) == 0) s.blockSize = *rc::gen::element<std::int64_t>(8, 16, 32, 128);
  if (*rc::gen::inRange(0, 4) == 0)
    s.kvCacheDtype = *rc::gen::element<std::string>("fp8", "auto", "nvfp4", "float32", "odd");
  if (*rc::gen::inRange(0, 4) == 0) s.memoryFraction = *rc::gen::element(0.1, 0.5, 0.85, 0.95, 1.0);
  if (*rc::gen::inRange(0, 6) == 0) s.kvCacheMemoryBytes = number();
  if (*rc::gen::inRange(0, 6) == 0) s.numGpuBlocks = number();
  if (*rc::gen::inRange(0, 6) == 0) s.cpuOffloadGb = *rc::gen::element(0.5, 4.0, 1e9, 1e300);
  if (*rc::gen::inRange(0, 6) == 0) s.dtype = *rc::gen::element<std::string>("float32", "float16", "auto");
  s.enforceEager = *rc::gen::arbitrary<bool>();
  s.maxModelLenAuto = *rc::gen::inRange(0, 6) == 0;
  s.pooling = *rc::gen::inRange(0, 8) == 0;
  if (*rc::gen::arbitrary<bool>()) s.tensorParallelSize = *rc::gen::element<std::int64_t>(1, 2, 3, 4, 8, 1 << 20);
  if (*rc::gen::inRange(0, 4) == 0) s.pipelineParallelSize = *rc::gen::element<std::int64_t>(1, 2, 4, 1 << 30);
  if (*rc::gen::arbitrary<bool>()) c.format = static_cast<Format>(*rc::gen::inRange(0, 12));
  c.load = {number(), number(), *rc::gen::arbitrary<bool>()};
  if (*rc::gen::arbitrary<bool>()) c.device.memory = *rc::gen::inRange<std::int64_t>(1, 200) * kGiB;
  c.device.isA100 = *rc::gen::arbitrary<bool>();
  return c;
}

const Term& term(const Estimate& e, std::string_view name) {
  for (const Term& t : e.need.terms) {
    if (t.name == name) return t;
  }
  RC_FAIL("no such term");
}

}  // namespace

TEST_CASE("every term is an interval, and minimum <= need <= high") {
  CHECK(rc::check([] {
    const Estimate e = anyCase().get();
    for (const Term& t : e.need.terms) {
      RC_ASSERT(0 <= t.low);
      RC_ASSERT(t.low <= t.bytes);
      if (!t.open) RC_ASSERT(t.bytes <= t.high);
      RC_ASSERT(!t.from.empty());
    }
    RC_ASSERT(0 < e.need.minimum);
    RC_ASSERT(e.need.minimum <= e.need.bytes);
    if (e.need.high) RC_ASSERT(e.need.bytes <= *e.need.high);
  }));
}

TEST_CASE("more concurrency, longer contexts and a longer maximum never need less") {
  CHECK(rc::check([] {
    Case c = anyCase();
    c.run.version = *rc::gen::element<std::string>("", "0.8.5", "0.11.0");
    const Estimate before = c.get();
    Case more = c;
    more.load.concurrency = std::max(c.load.concurrency, number());
    more.load.context = std::max(c.load.context, number());
    if (c.run.settings.maxModelLen) more.run.settings.maxModelLen = std::max(*c.run.settings.maxModelLen, number());
    const Estimate after = more.get();
    RC_ASSERT(after.need.bytes >= before.need.bytes);
    RC_ASSERT(after.need.minimum >= before.need.minimum);
    if (before.need.high) RC_ASSERT(*after.need.high >= *before.need.high);
  }));
}

TEST_CASE("more tensor parallelism never needs more weights, KV cache or activations on one device") {
  CHECK(rc::check([] {
    Case c = anyCase();
    c.run.settings.numGpuBlocks.reset();
    c.run.settings.tensorParallelSize = *rc::gen::inRange<std::int64_t>(1, 16);
    Case more = c;
    more.run.settings.tensorParallelSize = *c.run.settings.tensorParallelSize + *rc::gen::inRange<std::int64_t>(1, 16);
    const Estimate before = c.get();
    const Estimate after = more.get();
    for (const char* name : {"weights", "kvCache", "activations"}) {
      RC_ASSERT(term(after, name).bytes <= term(before, name).bytes);
      RC_ASSERT(term(after, name).low <= term(before, name).low);
      RC_ASSERT(term(after, name).high <= term(before, name).high);
    }
  }));
}

TEST_CASE("an engine never both surely starts and surely fails, and more memory does not make it fail") {
  CHECK(rc::check([] {
    Case c = anyCase();
    const Bytes usable = *rc::gen::inRange<std::int64_t>(1, 400) * kGiB / 2;
    const Estimate e = c.get();
    const Start start = startsOn(c.input(), e, usable);
    RC_ASSERT(!(start.surelyNot && start.surely));
    if (start.surely) RC_ASSERT(startsOn(c.input(), e, usable + kGiB).surely);
    if (!start.surelyNot) RC_ASSERT(!startsOn(c.input(), e, usable + kGiB).surelyNot);
    alternatives(c.input(), usable, 100);
    settingsAdvice(c.input(), e, usable);
    const auto pool = kvPool(c.input(), e, usable);
    if (pool) RC_ASSERT(pool->bytes >= 0);
  }));
}

TEST_CASE("the flags of a remedy make the engine start") {
  CHECK(rc::check([] {
    Case c = anyCase();
    c.device.memory = *rc::gen::inRange<std::int64_t>(8, 320) * kGiB / 4;
    const Start start = startsOn(c.input(), c.get(), *c.device.memory);
    if (start.flags.empty()) return;
    for (const auto& [flag, value] : start.flags) {
      if (flag == "--max-model-len")
        c.run.settings.maxModelLen = std::stoll(value), c.run.settings.maxModelLenAuto = false;
      if (flag == "--max-num-seqs") c.run.settings.maxNumSeqs = std::stoll(value);
      if (flag == "--gpu-memory-utilization") c.run.settings.memoryFraction = std::stod(value);
      if (flag == "--enforce-eager") c.run.settings.enforceEager = true;
      if (flag == "--kv-cache-dtype") c.run.settings.kvCacheDtype = value;
    }
    const Estimate e = c.get();
    const Start after = startsOn(c.input(), e, *c.device.memory);
    RC_ASSERT(after.surely || !e.need.high);
    RC_ASSERT(!after.surelyNot);
  }));
}
