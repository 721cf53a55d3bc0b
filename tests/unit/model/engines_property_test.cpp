// Laws that hold for every engine whose memory is modelled, whatever its flags say.
#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "model/footprint.hpp"

using namespace rightslice;
using namespace rightslice::model;

namespace {

/// Small, ordinary and absurd numbers.
std::int64_t number() {
  return *rc::gen::oneOf(rc::gen::inRange<std::int64_t>(1, 64), rc::gen::inRange<std::int64_t>(64, 200'000),
                         rc::gen::inRange<std::int64_t>(1, std::int64_t{1} << 62));
}
std::optional<std::int64_t> maybe() { return *rc::gen::inRange(0, 3) == 0 ? std::optional(number()) : std::nullopt; }

struct Case {
  const Architecture* architecture = nullptr;
  EngineRun run;
  Load load;
  Device device;
};

Case anyCase() {
  static const std::vector<const Architecture*> models = [] {
    std::vector<const Architecture*> counted;
    for (const Architecture& a : Catalogue::builtIn().models()) {
      if (countParameters(a).total > 0) counted.push_back(&a);
    }
    return counted;
  }();
  static const std::vector<const Engine*> modelled = [] {
    std::vector<const Engine*> found;
    for (const Engine* engine : engines()) {
      if (engine->kvRule) found.push_back(engine);
    }
    return found;
  }();
  Case c;
  c.architecture = *rc::gen::elementOf(models);
  c.run.engine = *rc::gen::elementOf(modelled);
  c.run.version = *rc::gen::element<std::string>("", "0.4.1", "0.4.8", "0.5.5", "0.5.10", "0.9.2", "1.1.0", "2.2.0", "3.0.0", "3.3.5");
  Settings& s = c.run.settings;
  s.maxModelLen = maybe();
  s.maxNumSeqs = maybe();
  s.maxNumBatchedTokens = maybe();
  s.blockSize = maybe();
  s.poolTokens = maybe();
  s.maxPrefillTokens = maybe();
  s.graphBatch = maybe();
  s.expertParallelSize = maybe();
  s.dataParallelSize = maybe();
  s.maxInputTokens = maybe();
  s.maxConcurrentRequests = maybe();
  s.workspaceBytes = maybe();
  s.maxPositions = maybe();
  if (*rc::gen::inRange(0, 4) == 0) s.ropeFactor = *rc::gen::element(0.5, 4.0, 1e6);
  if (*rc::gen::inRange(0, 4) == 0) s.memoryFraction = *rc::gen::element(1e-9, 0.1, 0.5, 0.9, 1.0);
  if (*rc::gen::inRange(0, 4) == 0) s.deviceFraction = *rc::gen::element(1e-9, 0.5, 1.0);
  if (*rc::gen::inRange(0, 4) == 0) s.kvCacheDtype = *rc::gen::element<std::string>("fp8", "int4", "int8", "fp8_e5m2", "odd");
  if (*rc::gen::inRange(0, 4) == 0) s.backend = *rc::gen::element<std::string>("pytorch", "turbomind");
  if (*rc::gen::inRange(0, 4) == 0) s.prefillGraphs = *rc::gen::arbitrary<bool>();
  if (*rc::gen::inRange(0, 3) == 0) s.tensorParallelSize = *rc::gen::element<std::int64_t>(1, 2, 4, 8, 1 << 20);
  s.enforceEager = *rc::gen::arbitrary<bool>();
  s.wholePrompts = *rc::gen::arbitrary<bool>();
  s.refusesShortPool = *rc::gen::arbitrary<bool>();
  s.weightsUnsure = *rc::gen::inRange(0, 6) == 0;
  c.load = {number(), number(), *rc::gen::arbitrary<bool>()};
  if (*rc::gen::arbitrary<bool>()) c.device.memory = *rc::gen::inRange<std::int64_t>(1, 200) * kGiB;
  c.device.isA100 = *rc::gen::arbitrary<bool>();
  c.device.count = *rc::gen::element<std::int64_t>(1, 2, 8);
  return c;
}

EstimateInput inputOf(const Case& c) {
  EstimateInput input;
  input.architecture = c.architecture;
  input.run = &c.run;
  input.load = c.load;
  input.device = c.device;
  return input;
}

}  // namespace

TEST_CASE("every term of every engine is an interval, and minimum <= need <= high") {
  CHECK(rc::check([] {
    const Case c = anyCase();
    const auto e = estimate(inputOf(c));
    RC_ASSERT(e.has_value());
    RC_TAG(std::string(c.run.engine->name));
    for (const Term& t : e->need.terms) {
      RC_LOG() << c.run.engine->name << " " << c.run.version << " " << c.architecture->id << ": " << t.name << ", " << t.from << "\n";
      RC_ASSERT(0 <= t.low);
      RC_ASSERT(t.low <= t.bytes);
      if (!t.open) RC_ASSERT(t.bytes <= t.high);
      RC_ASSERT(!t.from.empty());
    }
    RC_ASSERT(e->need.minimum <= e->need.bytes);
    if (e->need.high) RC_ASSERT(e->need.bytes <= *e->need.high);
  }));
}

TEST_CASE("no engine surely starts where it surely does not, and no pool is larger than the device") {
  CHECK(rc::check([] {
    Case c = anyCase();
    const Bytes device = *rc::gen::inRange<std::int64_t>(1, 200) * kGiB;
    c.device.memory = device;
    const EstimateInput input = inputOf(c);
    const auto e = estimate(input);
    RC_ASSERT(e.has_value());
    const StartVerdict verdict = startVerdict(input, *e, device);
    RC_ASSERT(!(verdict.surely && verdict.surelyNot));
    const auto pool = kvPool(input, *e, device);
    if (pool && !c.run.settings.poolTokens && c.run.memoryRule()->kvRule == KvRule::Pooled) {
      RC_ASSERT(pool->bytes >= 0);
      RC_ASSERT(pool->bytes <= device || c.run.engine->name == "tgi");  // whose trial run may be larger than the device
    }
  }));
}
