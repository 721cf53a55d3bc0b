// In which order a fleet gets from how it is cut to how it should be cut. A node is emptied of pods with GPUs before it is cut anew, since
// nobody tells which of its GPUs a pod is on.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "observe/plan/target.hpp"

namespace rightslice::observe::plan {

/// A PodDisruptionBudget that has a say in a drain.
struct Blocking {
  std::string ns, name;
  std::int64_t allowed = 0, pods = 0;     ///< evictions that it allows now; pods of it on the node
};

struct Step {
  enum class Kind {
    Change,   ///< a workload is changed to what is recommended, once and all of it; its pods find slices
    Replace,  ///< pods of a workload that was changed give back what they have still, since nothing is left beside it
    Recut,    ///< a node is drained of the pods in `moves` and `stops`, then cut
    Release   ///< a node of which no GPU is needed is drained of the pods in `moves`
  };
  struct Move {
    std::size_t need = 0;                 ///< of Fleet
    std::size_t to = 0;                   ///< node that has room
  };
  Kind kind = Kind::Recut;
  std::optional<Index> deployed;          ///< of Change and Replace
  std::size_t node = 0;                   ///< of Recut and Release
  std::vector<Move> moves;                ///< pods that go where there is room; of Change: where the new pods find it
  std::vector<std::size_t> stops;         ///< pods that nothing has room for until a later step: they are away that long
  std::vector<std::size_t> stays;         ///< of Change: pods that run on as they are, since their new ones find no room yet
  bool oldFirst = false;                  ///< of Change: the old pods must go before the new ones find that room
  std::vector<Move> starts;               ///< pods that waited, or whose new ones did, and find room after this step
  std::vector<Blocking> budgets;          ///< in the way of this drain: none allowed, or fewer than there are pods
  std::vector<std::size_t> alone;         ///< pods that nothing makes anew when they are evicted
};
std::string_view name(Step::Kind kind);   ///< "change", "recut", "release"

struct Migration {
  std::vector<Step::Move> fitting;        ///< needs that wait though there is room for them today
  std::vector<Step> steps;
  std::vector<std::size_t> left;          ///< needs that find no room at the end, though there is as much: it is in pieces on the nodes
};

/// The node next is one that no pod has to stop for, if there is one; of these one that no budget blocks, then the one with the fewest pods.
/// Pods move to nodes that are not cut anew (any more) first. It is a greedy order: a cleverer one may stop fewer pods.
/// A workload of which pods have to stop is changed before, with all of its pods: they share one template. Those that run elsewhere stay as
/// they are until their new ones find room beside them; under the strategy Recreate all of them stop.
Migration migrationOf(const Snapshot& snapshot, const Fleet& fleet, const Target& target);

}  // namespace rightslice::observe::plan
