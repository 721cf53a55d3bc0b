// Over how many devices the ranks of an engine lie, as its flags say it.
#pragma once
#include <cstdint>
#include <optional>

#include "model/engine.hpp"

namespace rightslice::policy {

struct Parallelism {
  std::int64_t tensor = 1, pipeline = 1;
  /// Replicas of that in one container, each on devices of its own. Nothing: some may lie in other pods, or share the devices.
  std::optional<std::int64_t> data = 1;

  /// Devices of one replica.
  std::int64_t ranks() const;
  /// Devices that one container takes at least.
  std::int64_t devices() const;
};
/// `group`: the pods work as one. Nothing where a size is below one, which no engine takes.
std::optional<Parallelism> parallelismOf(const model::EngineRun& run, bool group);

/// Whether the engine itself chooses over how many of its devices it splits the model: NIM, by the profile that it finds for them.
bool splitIsChosen(const model::EngineRun& run);

}  // namespace rightslice::policy
