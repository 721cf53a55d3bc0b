// What a plan is worth, beside what scan says of savings (observe/savings.hpp). Per month, in cents; pure.
//
//  list        the same as scan's: what is paid for the parts of held slices beyond the slices that would do. It does not hang on the plan.
//  realisable  what of it comes free for use once the whole plan is carried out, pods moving among nodes: for each pool the GPUs that its
//              needs take less than they would with the slices that are held today (the least number for those, less the number that was
//              found for the smaller ones), at the price of the pool's cheapest GPU; and no less than what scan realises on its nodes one
//              by one. Never more than list. What is planned for no pool counts as scan says.
//  not needed  GPUs that the plan leaves empty, whether slices become smaller or not: at the price of their node. Those of nodes that are
//              empty altogether are counted apart, since a node is what one gives back.
// list <= spend, realisable <= list, and not needed <= spend. A GPU that is not needed may be among the realisable too: they are not added.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "observe/plan/plan.hpp"
#include "observe/savings.hpp"

namespace rightslice::observe::plan {

struct PoolWorth {
  std::int64_t spendCents = 0, listCents = 0;
  std::optional<std::int64_t> realisableCents;   ///< absent: not known; why says why
  std::int64_t fewerGpus = 0;                    ///< than as asked, surely
  std::int64_t spareGpus = 0;                    ///< not needed
  std::int64_t spareCents = 0;                   ///< of those with a price
  std::string why;
};

struct Worth {
  std::string currency, bookDate;
  bool defaultBook = false;
  bool anyPrice = false;                         ///< else all cents are 0, and say nothing
  std::int64_t spendCents = 0, listCents = 0, realisableCents = 0;
  std::int64_t byNodeCents = 0;                  ///< what scan says is realisable, each node for itself
  bool realisableKnown = true;                   ///< false: of some pool or node it is not; realisableCents is that of the others
  std::int64_t spareGpus = 0, spareCents = 0;
  std::int64_t spareUnpriced = 0;                ///< of spareGpus, those without a price
  std::vector<std::size_t> emptyNodes;           ///< of Fleet: nodes that may be cut, of which no GPU is needed
  std::int64_t emptyCents = 0;
  std::vector<PoolWorth> pools;                  ///< parallel to Fleet::pools
};
/// `money` and `savings`: of the look that was planned for. With a plan for what is asked for today nothing becomes
/// smaller: then only what is not needed says something.
Worth worthOf(const Plan& plan, const Observation& seen, const Money& money, const Savings& savings);

}  // namespace rightslice::observe::plan
