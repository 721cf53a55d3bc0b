// Money as JSON: the key `money` of scan -o json (DESIGN 5), and the statement of an earlier one.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "observe/savings.hpp"

namespace rightslice::observe {

/// All that is said of money in one look.
struct MoneyReport {
  Money money;
  Savings savings;
  std::optional<Statement> since;         ///< of an earlier look
  std::optional<Verified> verified;       ///< against it
};

/// An object. Amounts per month, with two decimals; `total` is absent where nothing has a price. Views, buckets, and total over `buckets`
/// add up to the cent.
std::string moneyJson(const Snapshot& snapshot, const Observation& seen, const MoneyReport& report, const Measured& measured = {});

/// What the JSON of an earlier scan says of money. `text`: all of it.
Result<Statement> readStatement(std::string_view text, std::string_view file);

}  // namespace rightslice::observe
