#include "sizing_laws.hpp"

#include <cmath>
#include <string>

#include "harness.hpp"
#include "model/sized.hpp"

namespace rightslice::fuzz {
namespace {

using namespace model;

constexpr int kHeadroomTenths = 100;

void checkTerms(const Need& need) {
  require(need.minimum >= 0, "the minimum is not negative");
  require(need.minimum <= need.bytes, "minimum <= need");
  require(!need.high || need.bytes <= *need.high, "need <= high");
  for (const Term& term : need.terms) {
    require(!term.name.empty() && !term.from.empty(), "each term says what it is and where it comes from", term.name);
    require(term.low >= 0 && term.low <= term.bytes, "0 <= low <= bytes of a term", term.name);
    require(term.open || term.bytes <= term.high, "bytes <= high of a term", term.name);
    require(!need.high || !term.open, "an open term leaves the high end open", term.name);
  }
}

void checkEstimate(const Estimate& e) {
  checkTerms(e.need);
  for (const Bytes each : {e.weights, e.kv, e.activations, e.graphs, e.runtime, e.kvBytesPerToken, e.parameters}) require(each >= 0, "no part is negative");
  for (const std::int64_t each : {e.maxModelLen, e.maxNumSeqs, e.maxNumBatchedTokens, e.concurrency, e.context}) require(each >= 0, "no limit is negative");
  require(std::isfinite(e.memoryFraction) && e.memoryFraction >= 0, "the memory fraction is a number");
}

void checkProposals(const EstimateInput& input, const Estimate& e, Bytes usable) {
  const Start start = startsOn(input, e, usable, kHeadroomTenths);
  const StartVerdict verdict = startVerdict(input, e, usable);
  require(start.surely == verdict.surely && start.surelyNot == verdict.surelyNot, "the verdict is that of the words");
  require(!start.surelyNot || !start.why.empty(), "a refusal says why");
  const auto other = alternatives(input, usable, kHeadroomTenths);
  require(other.sequencesThatFit >= 0, "no negative number of sequences fits");
  require(!other.maxModelLen || *other.maxModelLen > 0, "an alternative length is above 0");
  require(!other.concurrency || *other.concurrency >= 1, "an alternative concurrency is 1 or more");
  for (const Saving& each : savings(input)) require(each.bytes > 0 && !each.flags.empty(), "a saving saves, by a flag");
  for (const auto& each : settingsAdvice(input, e, usable)) require(!each.empty(), "an advice has words");
  flagsThatFit(input, usable, kHeadroomTenths);
}

void checkOn(EstimateInput input, const Device& device, bool whole) {
  input.device = device;
  const auto e = estimate(input);
  const Sized sized(input);
  require(sized.known() == e.has_value(), "Sized knows what estimate() knows");
  if (!e) return;
  checkEstimate(*e);
  require(sized.high() == e->need.high, "Sized has the high end of estimate()");
  const auto again = estimate(input);
  require(again && again->need.bytes == e->need.bytes && again->need.minimum == e->need.minimum && again->need.high == e->need.high, "the same question, the same answer");
  if (!device.memory) return;
  const StartVerdict verdict = startVerdict(input, *e, *device.memory);
  require(!(verdict.surely && verdict.surelyNot), "no engine surely starts where it surely does not");
  const StartVerdict short_ = sized.start(*device.memory);
  require(short_.surely == verdict.surely && short_.surelyNot == verdict.surelyNot, "Sized starts as startVerdict() says");
  if (const auto pool = kvPool(input, *e, *device.memory)) require(pool->bytes >= 0 && pool->tokens >= 0, "a pool is not negative");
  if (whole) checkProposals(input, *e, *device.memory);
}

}  // namespace

void checkSizing(const EstimateInput& input, bool whole) {
  checkOn(input, {std::nullopt, false, 1}, false);
  checkOn(input, {20096 * kMiB, false, 1}, whole);
  checkOn(input, {81559 * kMiB, false, 2}, false);
}

void checkUnderEveryEngine(const Architecture& architecture) {
  for (const Engine* engine : engines()) {
    if (!engine->kvRule) continue;
    EngineRun run;
    run.engine = engine;
    EstimateInput input;
    input.architecture = &architecture;
    input.run = &run;
    checkSizing(input, false);
  }
}

}  // namespace rightslice::fuzz
