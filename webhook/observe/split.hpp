// The GPU time of a node, each part of it in exactly one bucket.
#pragma once
#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "observe/observation.hpp"

namespace rightslice::observe {

/// Where the time of a GPU goes. A slice is the part of its GPU that its memory slices are of the board's (DESIGN 3.9); parts of a GPU in
/// no slice are its remaining memory slices. Compute has no price of its own.
enum class Bucket : std::uint8_t {
  Right,      ///< held by a workload, and no smaller slice is known to do
  Oversized,  ///< of a held slice what is beyond the slice that would do (finding Oversized), while the workload works
  Idle,       ///< a held slice, whole, while its workload does nothing; needs metrics, and is empty without them
  Dark,       ///< offered, healthy, and held by nobody
  Stranded,   ///< in no slice, as the GPUs are cut now; of a node on which some GPU is cut
  Overhead,   ///< cannot be handed out at all: a node that is not ready, devices that are not healthy, GPUs that no resource stands
              ///< for, and shares in time that nobody holds of a GPU that others have
  Unknown     ///< is paid for, and what it does cannot be seen; the reason says why
};
constexpr std::size_t kBuckets = 7;
std::string_view name(Bucket bucket);   ///< "right", "oversized", ...

/// What metrics say of a workload. Absent: not known.
struct MeasuredUse {
  std::optional<int> idlePerMille;              ///< of the time, how much without any request; 0 to 1000
  std::optional<std::int64_t> tokensPerHour;    ///< generated and read, of all its pods together
};
/// Of an index of placement.deployed; may be empty.
using Measured = std::function<MeasuredUse(Index deployed)>;

struct Part {
  Bucket bucket{};
  std::int64_t units = 0;                 ///< above 0
  std::optional<Index> deployed{};        ///< of what is held by a workload that was seen
  std::string container{}, resource{};    ///< resource empty: of no resource
  bool unjudged = false;                  ///< of Right: what the workload needs is not known
};

struct Split {
  std::int64_t units = 0;                 ///< of all GPUs of the node: the sum of the parts
  std::int64_t unitsPerGpu = 1;
  std::vector<Part> parts;                ///< of one bucket, workload, container and resource at most one
  std::string unknown;                    ///< why there are parts of Unknown; empty: there are none
};

/// No node has more GPUs: a label that says so is not believed.
constexpr std::int64_t kMostGpus = 1024;

/// Of a board with a known number of GPUs from 1 to kMostGpus. Where labels, resources and pods do not agree, all of it is Unknown.
Split splitOf(const Snapshot& snapshot, const Observation& seen, Index board, const gpu::Catalogue& gpus, const Measured& measured);

}  // namespace rightslice::observe
