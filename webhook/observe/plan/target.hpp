// How the GPUs of a fleet should be cut: what is needed, on the fewest GPUs, with as many as can be left as they are.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "observe/plan/fleet.hpp"
#include "observe/plan/packing.hpp"

namespace rightslice::observe::plan {

struct GpuTarget {
  enum class Fate {
    Keep,    ///< stays as it is, and is needed
    Recut,   ///< is cut anew
    Spare    ///< stays as it is, and nothing that is needed is on it
  };
  Fate fate = Fate::Spare;
  Cut now, then;
};
std::string_view name(GpuTarget::Fate fate);   ///< "keep", "recut", "spare"

struct NodeTarget {
  std::vector<GpuTarget> gpus;            ///< in the order of FleetNode::cuts; empty: the node is left as it is
  bool recut() const;
  Slices slices(bool then) const;         ///< of all GPUs together
  std::int64_t whole(bool then) const;
};

struct PoolTarget {
  /// The fewest GPUs that were found to hold what is needed, and below which no cutting comes; whole GPUs count in both.
  std::int64_t needed = 0, atLeast = 0;
  std::string impossible;                 ///< why the pool is left as it is; empty: it is not
};

struct Target {
  std::vector<NodeTarget> nodes;          ///< parallel to Fleet::nodes
  std::vector<PoolTarget> pools;          ///< parallel to Fleet::pools
};

/// Why what the pool's needs ask for does not go on its GPUs; empty: it does. The same that PoolTarget says.
std::string whyImpossible(const Fleet& fleet, const Pool& pool);

/// Of all solutions with the fewest GPUs (as found) one that leaves many as they are is taken by a greedy choice: layouts that exist are
/// kept, the most frequent first, as long as the rest still goes on as few GPUs. That no solution leaves more of them is not proven. What a GPU
/// that is cut anew has left is cut too, into what was on it, else into what the pool has, else into the largest slices that fit.
Target targetOf(const Fleet& fleet);
/// Of one pool, into the nodes of `out` that are in it.
PoolTarget targetOf(const Fleet& fleet, const Pool& pool, Target& out);

}  // namespace rightslice::observe::plan
