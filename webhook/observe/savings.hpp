// What smaller slices would save, told apart by how sure it is.
//
//  list        what is paid for the parts of held slices beyond the slices that would do: the bucket Oversized. It is saved only on paper:
//              a smaller slice leaves a part of a GPU that is paid for as before.
//  realisable  what of it comes free for use, node by node, all of its oversized slices made as small as is recommended:
//              - slices that pods wait for now, which the node's GPUs cannot hold beside what they hold today, and can hold afterwards; each
//                by its share of a GPU. Only pods that may run there: their product and node selection are met, the node is ready, not
//                cordoned and not tainted.
//              - GPUs that are empty afterwards and cannot be empty today: the least number that today's slices need less the number into
//                which the smaller ones were found to go, those waiting included (plan/packing).
//              Never more than list. The GPUs are taken to be cut anew, which needs a drain; workloads stay on their node.
//  verified    after a change, between two statements at the same prices: for each workload that is in both, what a pod of it costs less,
//              for the pods of the smaller of both counts; of that no more than the spend fell by plus what the held slices of others
//              grew by. So what only became dark or stranded is not saved.
// So verified, realisable and list of one look are never above the spend.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "observe/money.hpp"

namespace rightslice::observe {

struct BoardSavings {
  Index board = 0;
  std::int64_t listCents = 0;
  std::optional<std::int64_t> realisableCents;   ///< absent: not known; why says why
  std::int64_t freedGpus = 0;
  std::vector<std::string> used;                 ///< waiting workloads that get a place, "ns/Kind/name", one per slice
  std::string why;                               ///< where nothing, or less than list, can be realised
};

struct Savings {
  std::int64_t listCents = 0, realisableCents = 0;
  bool realisableKnown = true;                   ///< false: of some node it is not; realisableCents is that of the others
  std::vector<BoardSavings> boards;              ///< those with a list saving
};
Savings savingsOf(const Snapshot& snapshot, const Observation& seen, const gpu::Catalogue& gpus, const Money& money);

/// What one look says of money, small enough to keep: the price of a GPU-hour of each node, and what each workload holds.
struct Statement {
  std::string currency, takenAt;
  std::int64_t spendCents = 0;
  std::map<std::string, std::string> prices;     ///< node -> micros/divisor
  struct Held {
    std::int64_t pods = 0, cents = 0;            ///< pods that hold something that has a price
  };
  std::map<std::string, Held> workloads;         ///< "ns/Kind/name"
};
Statement statementOf(const Snapshot& snapshot, const Observation& seen, const Money& money);

struct Verified {
  std::int64_t cents = 0;
  std::int64_t smallerCents = 0;                 ///< what pods that are in both cost less, whether it was of use or not
  std::int64_t spendFellCents = 0, othersGrewCents = 0;
};
/// An error where the two cannot be compared: another currency, or a node that is in both at another price.
Result<Verified> verify(const Statement& before, const Statement& after);

}  // namespace rightslice::observe
