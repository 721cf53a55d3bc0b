// Objects for the tests of observe/: YAML in, a snapshot and what is observed of it out.
#pragma once
#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

#include "json/yaml.hpp"
#include "observe/collector.hpp"
#include "observe/observation.hpp"
#include "policy/load.hpp"

namespace rightslice::observe {

/// Everything in `yaml`; nodes, and all that is held on them, are known.
inline Snapshot snapshotOf(std::string_view yaml, std::string takenAt = "2026-06-01T00:00:00Z") {
  Snapshot out;
  out.takenAt = std::move(takenAt);
  out.heldKnown = true;
  Collector collector(out);
  const auto stream = json::parseYaml(yaml);
  REQUIRE(stream.broken.empty());
  for (const auto& each : stream.documents) collector.any(each.document.root());
  collector.finish({true, true, true, true, true, true, false, true});
  return out;
}

constexpr std::string_view kPolicy = R"(
apiVersion: rightslice.io/v1alpha1
kind: ClusterSlicePolicy
metadata: {name: all}
spec: {mode: enforce, load: {concurrency: 8, context: 4096}}
)";

/// Judged under one policy.
class Look {
 public:
  explicit Look(Snapshot taken, std::string_view policyText = kPolicy) : snapshot(std::move(taken)) {
    auto loaded = policy::load(policyText, "policy.yaml", {});
    REQUIRE(loaded.ok());
    policies_ = policy::PolicySet(std::move(loaded.policies), std::move(loaded.exceptions));
    surround(snapshot, surroundings_);
    Looking looking;
    looking.environment = {&policies_, {}, &surroundings_, *Date::parse("2026-06-01")};
    seen = observe(snapshot, looking);
  }
  explicit Look(std::string_view yaml) : Look(snapshotOf(yaml)) {}

  std::vector<Finding> findings(Code code) const {
    std::vector<Finding> out;
    const auto add = [&](const std::vector<Finding>& all) {
      for (const Finding& each : all)
        if (each.code == code) out.push_back(each);
    };
    for (const auto& each : seen.workloads) add(each.findings);
    for (const auto& each : seen.nodes) add(each);
    return out;
  }

  Snapshot snapshot;
  Observation seen;

 private:
  policy::PolicySet policies_;
  workload::Surroundings surroundings_;
};

}  // namespace rightslice::observe
