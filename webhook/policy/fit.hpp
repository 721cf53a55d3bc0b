// Does the need fit the slice, and which slice would fit better (DESIGN 3.5).
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "policy/judge_container.hpp"
#include "policy/need.hpp"

namespace rightslice::policy {

/// What fit says of one container with one set of annotations.
struct Fit {
  std::vector<RawFinding> findings;   ///< UnknownFootprint, FootprintDisagrees, Undersized ... EngineSettings
  std::optional<model::Need> need;    ///< on the smallest device of the set
  std::optional<Recommended> recommended;
  std::optional<RewritePlan> rewrite;
  model::FlagList remedy;             ///< with these flags the slice that is asked for would do
  bool fitFinding = false;            ///< one of Undersized, EngineCannotStart, TightFit, Oversized
  bool offerKnown = false, loadStated = false;
};

/// `annotations` are those that count; `entry` and `meaning` the one resource that is asked for.
Fit judgeFit(const ContainerInput& input, const AskEntry& entry, const Meaning& meaning, const Annotations& annotations,
             const NeedSource& source);

}  // namespace rightslice::policy
