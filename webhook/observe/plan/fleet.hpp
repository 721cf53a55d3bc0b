// What a plan starts from: the GPUs as they are cut today, and what pods need of them. Indexes are those of the Observation.
#pragma once
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "observe/observation.hpp"
#include "observe/plan/cutting.hpp"

namespace rightslice::observe::plan {

/// How one GPU is cut. Which of a node's GPUs it is, nobody tells: a node is only known to offer so many of each slice.
struct Cut {
  bool whole = false;                     ///< not cut: handed out as nvidia.com/gpu
  Slices slices;                          ///< of one that is cut
  friend bool operator==(const Cut&, const Cut&) = default;
};
std::string text(const Cut& cut);         ///< "whole", "7 1g.10gb"

/// How `gpus` GPUs may be cut that offer these slices together, `whole` of them uncut: all alike if that goes, else in some way that is
/// legal; nothing if there is none.
std::optional<std::vector<Cut>> cutsOf(const Cutting& cutting, const Slices& slices, std::int64_t gpus, std::int64_t whole);

/// What one pod needs, on one node.
struct Need {
  std::optional<Index> pod;               ///< nothing: it is declared, and is not there
  Index deployed = 0;
  std::optional<std::size_t> node;        ///< of Fleet::nodes: where it is; nothing: it waits
  Slices now, wanted;                     ///< slices asked for today; and with what is recommended
  std::int64_t wholeNow = 0, wholeWanted = 0;   ///< whole GPUs
  bool changes() const { return now != wanted || wholeNow != wholeWanted; }
};

struct FleetNode {
  Index board = 0;
  std::string name;
  std::vector<Cut> cuts;                  ///< one of each GPU
  std::string left;                       ///< why it is left as it is; empty: it may be cut
};

/// Nodes that are the same to every pod: of one product, with the same taints, chosen by the same pods. What runs in a pool stays in it.
struct Pool {
  Cutting cutting;
  std::vector<std::size_t> nodes, needs;  ///< of Fleet
  std::int64_t gpus = 0;
};

struct Fleet {
  std::vector<FleetNode> nodes;
  std::vector<Need> needs;                ///< of pods on nodes that may be cut, and of pods that wait
  std::vector<Pool> pools;
  struct Outside {
    std::size_t need;
    std::string why;
  };
  std::vector<Outside> outside;           ///< needs that no pool can take, or not beside what runs
  std::set<Index> recreated;              ///< workloads of which all pods stop before new ones start (strategy Recreate)
};

/// Pods that wait are planned for as far as there is room for them beside what runs, the smallest first, so that most of them find it; one that
/// finds none is outside, and in nobody's way. `recommended`: workloads get the slices that are recommended to them, where that is of at least medium confidence.
Fleet fleetOf(const Snapshot& snapshot, const Observation& seen, bool recommended);

}  // namespace rightslice::observe::plan
