// What a container needs: from its invocation to the estimate. The pieces stay alive with it.
#pragma once
#include <doctest/doctest.h>

#include "model/footprint.hpp"

namespace rightslice::model {

struct ContainerCase {
  EngineRun run;
  EstimateInput input;
  Estimate e;

  explicit ContainerCase(const Invocation& invocation, Load load = {}, Device device = {}) : run(readInvocation(invocation)) {
    REQUIRE(run.engine != nullptr);
    REQUIRE(run.model);
    const auto found = Catalogue::builtIn().find(*run.model);
    REQUIRE_MESSAGE(found, *run.model);
    input = estimateInput(*found, run, load, device);
    const auto result = estimate(input);
    REQUIRE(result);
    e = *result;
  }
  ContainerCase(const ContainerCase&) = delete;
  ContainerCase& operator=(const ContainerCase&) = delete;

  const Term& term(std::string_view name) const {
    for (const Term& t : e.need.terms) {
      if (t.name == name) return t;
    }
    FAIL("no term ", std::string(name));
    return e.need.terms.front();
  }
};

inline double mib(Bytes bytes) { return static_cast<double>(bytes) / (1 << 20); }
inline Invocation inImage(std::string image, std::vector<Invocation::Env> env = {}) { return {std::move(image), {}, {}, std::move(env), false, {}}; }

}  // namespace rightslice::model
