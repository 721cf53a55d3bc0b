// What reviews meet in the fuzz targets: policies of every mode, with and without a cluster around them.
#pragma once
#include <memory>
#include <string_view>

#include "admission/inventory.hpp"
#include "admission/memo.hpp"
#include "admission/reviewer.hpp"

namespace rightslice::fuzz {

/// Namespaces: team-a enforces and has an exception, team-b rewrites with engine flags, team-c only audits, team-d warns, team-e has budgets and trusts no
/// declaration; gpu-* belongs to cluster policies, one of them by labels; in every other namespace no policy holds.
struct World {
  /// `known`: nodes, namespaces, devices, prices and running workloads are there; else nothing is known.
  explicit World(bool known);
  admission::Environment environment(const policy::PolicySet& policies) const;
  admission::Environment environment() const { return environment(policies); }

  policy::PolicySet policies;
  workload::Surroundings surroundings;
  std::unique_ptr<admission::Inventory> inventory;
  static Date today();
  static admission::ReviewerOptions options();
};

const World& knownWorld();
const World& unknownWorld();

}  // namespace rightslice::fuzz
