// What runs, in money: every GPU of every node is paid for once, and each cent stands in one bucket (split.hpp).
//
// All figures are per month of 730 hours (DESIGN 3.9) and whole numbers. A node costs its GPUs x price x 730, rounded to cents once; that
// is parted among its entries by the largest remainder. So any sum over entries adds up to the spend to the cent, in every view, and no
// bucket can be more than the spend. A node without a price, or of which the number of GPUs is not known, has no cents: it is named, and
// never priced by guess. Pure; for any thread.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "observe/split.hpp"
#include "workload/rate.hpp"

namespace rightslice::observe {

/// A part of a node's GPU time.
struct MoneyEntry {
  Index board = 0;
  Part part;
  std::int64_t centihours = 0;            ///< GPU-hours per month x 100
  std::int64_t cents = 0;                 ///< 0 where the node has no price
};

struct BoardMoney {
  std::optional<workload::Price> price;
  std::string why;                        ///< of no price, or of no number of GPUs
  std::string unknown;                    ///< why there are parts of Unknown
  std::int64_t unitsPerGpu = 1;           ///< of its entries' parts
  std::int64_t cents = 0, centihours = 0;
};

struct Money {
  std::string currency, bookDate;
  bool defaultBook = false, nodesKnown = true;
  bool idleKnown = false;                 ///< of some workload, so that there is such a bucket
  std::string idleUnknown;                ///< for people: of what it is not known, and counts as right or oversized; empty: it is known of all
  std::vector<MoneyEntry> entries;        ///< by board; of a board without a price too, as far as its GPUs are known
  std::vector<BoardMoney> boards;         ///< parallel to placement.boards
  std::int64_t cents = 0;                 ///< the spend: of all boards with a price
  bool anyPrice = false;
};

Money moneyOf(const Snapshot& snapshot, const Observation& seen, const gpu::Catalogue& gpus, const workload::RateBook& book, const Measured& measured = {});

/// What some entries sum to.
struct Sum {
  std::array<std::int64_t, kBuckets> cents{}, centihours{};
  std::int64_t unjudgedCents = 0;         ///< of Right: what the workloads need is not known
  std::int64_t unpricedCentihours = 0;    ///< of centihours, those without a price
  std::int64_t totalCents() const;
  std::int64_t totalCentihours() const;
  void add(const MoneyEntry& entry, bool priced);
  void add(const Sum& other);
};
Sum sumOf(const Money& money);

/// Rows of a view, each entry in exactly one. In order of their names; of the first three the first is of what no workload holds.
enum class View { Namespace, Workload, Model, Product, Node };
struct ViewRow {
  bool held = true;                       ///< false: no workload holds it
  std::string name;                       ///< namespace; "ns/Kind/name"; model; product label; node. Empty: not held, or not known
  Sum sum;
};
std::vector<ViewRow> viewOf(const Snapshot& snapshot, const Observation& seen, const Money& money, View view);

/// What a million tokens cost on what a workload holds, in 10^-6 of the currency; absent where throughput or a price is not known.
std::optional<std::int64_t> millionTokensMicros(const Money& money, Index deployed, const Measured& measured);

/// "Deployment team-a/chat" is "team-a/Deployment/chat".
std::string workloadKey(const Observation& seen, Index deployed);

/// "1234.56"
std::string centsText(std::int64_t cents);

}  // namespace rightslice::observe
