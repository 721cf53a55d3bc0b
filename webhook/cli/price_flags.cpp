#include "cli/price_flags.hpp"

#include "app/files.hpp"
#include "cli/terminal.hpp"

namespace rightslice::cli {

void PriceFlags::declare(Flags& flags) {
  flags.text(file, "--prices", "FILE",
             "Price book, YAML or JSON: currency, date, gpuHour by product, and rates for nodes by provider, region, instance, term, labels and days; instead of "
             "prices of --surroundings and --catalogue.");
}

std::optional<workload::RateBook> PriceFlags::read(Sources& sources) const {
  if (file.empty()) return workload::RateBook{*sources.surroundings.prices, {}};
  const auto text = app::readFile(file);
  auto book = text ? workload::readRateBook(*text, file) : tl::unexpected(text.error());
  if (!book) {
    complain(describe(book.error()));
    return std::nullopt;
  }
  sources.surroundings.prices = book->book;
  return std::move(*book);
}

}  // namespace rightslice::cli
