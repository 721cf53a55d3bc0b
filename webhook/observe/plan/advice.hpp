// What is recommended to a workload that runs: the slice, the flags, and how to write them. Pure.
#pragma once
#include <cstdint>
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
/// Those of at least medium confidence that are a change of one resource name for another, and that no exception lifts. A smaller slice is not
/// advised where what was measured speaks against it: near its ceiling (NearCeiling), or with more to do than it was judged for (Drift of
/// traffic or of memory).
std::vector<SliceAdvice> sliceAdvice(const WorkloadState& state);

/// One container's change.
struct Change {
  std::string container, from, to;         ///< resources; `to` empty: only flags change
  std::int64_t fromCount = 1;
  std::optional<std::int64_t> toCount;     ///< of whole GPUs, where it is another number of them
  std::string toProfile;                   ///< where `to` is `from`: the slice that it should mean
  model::FlagList flags;
  std::string why;                         ///< the finding's message
  model::Confidence confidence = model::Confidence::High;
  std::optional<policy::MonthlyCost> cost; ///< of one pod, by list prices
  std::string obstacle;                    ///< why it is in no patch, and what to do by hand; empty: it is in the patch
};

/// The file that declares a workload, and what became of the changes in it. Pure values: whoever reads files fills them in.
struct Manifest {
  enum class State {
    Changed,    ///< the text that was made of the file has the change
    Written,    ///< and so has the file now
    Done,       ///< the file has it: it was not applied yet
    Drift,      ///< the file declares something else than what runs: it is left as it is
    ByHand,     ///< it is written in a way that cannot be edited surely
    Ambiguous,  ///< several documents declare the workload
    Missing     ///< none does
  };
  struct Outcome {
    State state = State::Missing;
    std::string why;                       ///< empty of Changed
  };
  std::string file;                        ///< empty: of Ambiguous and Missing
  int document = 1, item = 0, line = 0;    ///< document and line from 1; item from 1 in a List, else 0
  std::vector<Outcome> changes;            ///< parallel to Advice::changes
};
std::string_view name(Manifest::State state);   ///< "changed", "written", "done", "drift", "byHand", "ambiguous", "missing"

struct Advice {
  Index deployed = 0;
  std::vector<Change> changes;
  json::Patch patch;                       ///< of the object, with tests of what it changes; empty: by hand
  std::string command;                     ///< kubectl patch ...; empty like the patch
  /// Why the patch alone does not bring its pods to it, and what more is to be done; empty: it does. Also of what is made anew by hand.
  std::string afterwards;
  std::string managedBy;                   ///< "Helm release chat": there the change belongs, since the next rollout takes it back here
  std::optional<Manifest> manifest;        ///< where manifests were looked through
};
/// In the order of the workloads; only of those with something to change.
std::vector<Advice> adviceOf(const Snapshot& snapshot, const Observation& seen);

}  // namespace rightslice::observe::plan
