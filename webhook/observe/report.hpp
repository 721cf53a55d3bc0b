// All that one look says: what was seen, what metrics say of it, and what it costs. Every output, a command's or a server's, is made of it.
#pragma once
#include <optional>

#include "observe/measured_use.hpp"
#include "observe/money_json.hpp"
#include "observe/observation.hpp"

namespace rightslice::observe {

/// Refers to the snapshot and the observation that it was made of, which live longer.
struct Report {
  const Snapshot& snapshot;
  const Observation& seen;
  Measured use;              ///< by metrics; empty without
  MoneyReport money;
};

/// Pure. `since`: the statement of an earlier look, against which savings are verified; an error where the two cannot be compared.
Result<Report> reportOf(const Snapshot& snapshot, const Observation& seen, const gpu::Catalogue& gpus, const workload::RateBook& book,
                        std::optional<Statement> since = {});

}  // namespace rightslice::observe
