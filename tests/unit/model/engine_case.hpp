// A model under an engine's command line on a device, for the tables of tests.
#pragma once
#include <doctest/doctest.h>

#include "invocation_text.hpp"
#include "model/device_sizes.hpp"
#include "model/footprint.hpp"

namespace rightslice::model {

inline Bytes gibs(double count) { return static_cast<Bytes>(count * static_cast<double>(kGiB)); }
inline double inGib(Bytes bytes) { return static_cast<double>(bytes) / static_cast<double>(kGiB); }

struct EngineCase {
  EngineRun run;
  EstimateInput input;
  explicit EngineCase(Strings command, const char* version = "", std::vector<Invocation::Env> env = {}) {
    run = readInvocation(invocation(std::move(command), {}, "", std::move(env)));
    REQUIRE(run.engine != nullptr);
    REQUIRE(run.model);
    run.version = version;
    const auto found = Catalogue::builtIn().find(*run.model);
    REQUIRE_MESSAGE(found, *run.model);
    resolved = *found;
    input = estimateInput(resolved, run, Load{}, Device{});
  }
  EngineCase(const EngineCase&) = delete;
  EngineCase& operator=(const EngineCase&) = delete;

  Estimate on(Bytes device) {
    input.device.memory = device;
    const auto result = estimate(input);
    REQUIRE(result);
    return *result;
  }
  Start startOn(Bytes device) {
    const Estimate e = on(device);
    return startsOn(input, e, device);
  }
  KvPool poolOn(Bytes device) {
    const Estimate e = on(device);
    const auto pool = kvPool(input, e, device);
    REQUIRE(pool);
    return *pool;
  }
  Resolved resolved;
};

inline const Term& termOf(const Estimate& e, std::string_view name) {
  for (const Term& term : e.need.terms) {
    if (term.name == name) return term;
  }
  FAIL("no term " << name);
  return e.need.terms.front();
}

}  // namespace rightslice::model
