// Who is where: outermost objects, their pods, and what those hold on nodes. Indexes are those of the Snapshot.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gpu/catalogue.hpp"
#include "observe/snapshot.hpp"

namespace rightslice::observe {

using Index = std::size_t;

/// An outermost object and its pods. Where the object itself was not read, or is of a kind that is not, its pods stand in for it.
struct Deployed {
  std::optional<Index> object;            ///< nothing: only pods are known, all of the same text
  std::vector<Index> pods;                ///< in the order of the Snapshot
  std::vector<Index> children;            ///< other objects with a text of their own that are counted with this one
  std::optional<Owner> owner;             ///< what controls it, and says nothing of GPUs itself or is not read
  bool byName = false;                    ///< some pods were joined with it by name, since a ReplicaSet was not read
};

/// Every pod and every object with a text is in exactly one. In order of namespace, kind and name.
std::vector<Deployed> deployedOf(const Snapshot& snapshot);

/// What one container of one pod holds, of one resource.
struct Hold {
  Index pod = 0, deployed = 0;
  std::string container, resource, profile;   ///< profile in the catalogue's spelling; empty: a whole GPU, or not known
  std::int64_t count = 0;
  bool running = false;                       ///< the container runs now
};

/// Slices of one sort on one node.
struct SliceUse {
  std::string resource, profile;              ///< profile empty: whole GPUs
  std::int64_t capacity = 0, offered = 0;     ///< offered: healthy, for pods
  std::optional<std::int64_t> asked;          ///< held by pods on the node, whether they run or not; absent: not known
  std::int64_t running = 0;                   ///< of these, by containers that run now, of pods that were read
  std::int64_t free() const { return asked && *asked < offered ? offered - *asked : 0; }
};

/// The GPUs of one node and who is on them. Every slice that is offered is in exactly one row of `slices`.
struct Board {
  Index node = 0;
  Geometry geometry;
  std::vector<SliceUse> slices;               ///< by resource; also what is held though it is not offered any more
  std::vector<Hold> holds;                    ///< of pods that were read, in their order; those of claims last
  bool onDemand = false;                      ///< slices are made when a claim asks for them: what is offered and free could be cut otherwise
  std::string unseen;                         ///< why what claims hold here cannot be told; empty: it can
};

/// Rows of what claims hand out (DRA), by the driver's device classes: "gpu.nvidia.com" is a whole GPU, "mig.nvidia.com/1g.10gb" a slice.
constexpr std::string_view kClaimedGpu = "gpu.nvidia.com", kClaimedSlice = "mig.nvidia.com/";
inline bool byClaim(std::string_view resource) { return resource == kClaimedGpu || resource.starts_with(kClaimedSlice); }
/// The row of a resource, made if it is not there.
SliceUse& rowOf(Board& board, const std::string& resource);

struct Placement {
  std::vector<Deployed> deployed;
  std::vector<Board> boards;                  ///< one of each node, in the order of the Snapshot; empty where nodes are not known
  std::vector<Hold> waiting;                  ///< of pods that are not placed
  std::vector<Index> lost;                    ///< pods on nodes that were not read, or are not there
};
Placement placementOf(const Snapshot& snapshot, const gpu::Catalogue& gpus);

/// The profile that a resource means on a node of this geometry.
std::string profileOn(const Geometry& geometry, std::string_view resource);

}  // namespace rightslice::observe
