// How what runs fits where it is, in one word: what gives a slice its colour.
#pragma once
#include <cstdint>
#include <string_view>

#include "observe/observation.hpp"

namespace rightslice::observe::page {

/// In order of how much a person should look at it; the first that holds.
enum class Verdict : std::uint8_t {
  Limit,       ///< too little memory, or close to it: Undersized, EngineCannotStart, TightFit, NearCeiling
  Idle,        ///< it does nothing
  Oversized,   ///< a smaller slice is known to do
  Unknown,     ///< what it needs, or what it holds, is not known
  Right        ///< it needs what it holds
};
std::string_view name(Verdict verdict);   ///< "limit", "idle", "oversized", "unknown", "right"

/// Of one container, and of the first verdict over all containers that ask for GPUs. Pure.
Verdict verdictOf(const WorkloadState& state, std::string_view container);
Verdict verdictOf(const WorkloadState& state);

}  // namespace rightslice::observe::page
