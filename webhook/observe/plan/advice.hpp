// What is recommended to a workload that runs: the slice, the flags, and how to write them. Pure.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "observe/observation.hpp"

namespace rightslice::observe::plan {

/// A slice that a container should ask for instead of what it asks for.
struct SliceAdvice {
  std::string container, from;             ///< from: the resource that is asked for
  std::string resource, profile;           ///< what to ask for
};
/// Those of at least medium confidence that are a change of one resource name for another, and that no exception lifts.
std::vector<SliceAdvice> sliceAdvice(const policy::Judgement& judgement);

/// One container's change.
struct Change {
  std::string container, from, to;         ///< resources; `to` empty: only flags change
  model::FlagList flags;
  std::string why;                         ///< the finding's message
  model::Confidence confidence = model::Confidence::High;
  std::optional<policy::MonthlyCost> cost; ///< of one pod, by list prices
  std::string obstacle;                    ///< why it is in no patch, and what to do by hand; empty: it is in the patch
};

struct Advice {
  Index deployed = 0;
  std::vector<Change> changes;
  json::Patch patch;                       ///< of the object, with tests of what it changes; empty: by hand
  std::string command;                     ///< kubectl patch ...; empty like the patch
  std::string managedBy;                   ///< "Helm release chat": there the change belongs, since the next rollout takes it back here
};
/// In the order of the workloads; only of those with something to change.
std::vector<Advice> adviceOf(const Snapshot& snapshot, const Observation& seen);

}  // namespace rightslice::observe::plan
