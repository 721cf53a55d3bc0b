// The GPUs of each node, drawn: which stretch of which GPU is held by what, free, or in no slice.
//
// A cluster says how many slices of each sort a node offers and who holds them, never on which GPU or where on it a slice lies. So slices
// are laid out as the catalogue allows, alike on all GPUs where that goes, and holders come in the order of the report. Lengths are facts,
// places are not. Of each node the lengths of a bucket sum to its units in the money (split.hpp); where a layout of slices would not, its
// shares are drawn one after another, and `slices` is false.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "observe/page/verdict.hpp"
#include "observe/report.hpp"

namespace rightslice::observe::page {

/// In units of the node's split.
struct Piece {
  std::int64_t start = 0, length = 0;
  Bucket bucket{};                        ///< of what is held: Right, whatever part of it is idle or oversized
  std::optional<Index> deployed{};        ///< who holds it
  Verdict verdict{};                      ///< of what is held
  std::string profile{};                  ///< empty: a whole GPU, or no slice
  int oversized = 0, idle = 0;            ///< per mille of its length
  friend bool operator==(const Piece&, const Piece&) = default;
};

struct DrawnNode {
  std::int64_t unitsPerGpu = 1;
  std::vector<std::vector<Piece>> gpus;   ///< of each GPU, from its start to its end without a gap; empty where they are not known
  bool slices = true;                     ///< false: shares of it, not slices
};

/// Parallel to placement.boards. Pure, and bounded by the GPUs that the nodes say they have (kMostGpus each).
std::vector<DrawnNode> drawingOf(const Report& report);

}  // namespace rightslice::observe::page
