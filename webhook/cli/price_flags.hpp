// The price book of commands that say what something costs.
#pragma once
#include <optional>
#include <string>

#include "cli/sources.hpp"
#include "workload/rate.hpp"

namespace rightslice::cli {

/// The price book of a file; none for "".
Result<std::optional<workload::RateBook>> readPrices(const std::string& file);

struct PriceFlags {
  void declare(Flags& flags);
  /// The book of the flag, which `sources` then judge with too; without the flag theirs. Nothing after the error was written on stderr.
  std::optional<workload::RateBook> read(Sources& sources) const;

  std::string file;
};

}  // namespace rightslice::cli
