#include "cli/price_flags.hpp"

#include "app/files.hpp"
#include "cli/terminal.hpp"

namespace rightslice::cli {

void PriceFlags::declare(Flags& flags) {
  flags.text(file, "--prices", "FILE",
             "Price book, YAML or JSON: currency, date, gpuHour by product, and rates for nodes by provider, region, instance, term, labels and days; instead of "
             "prices of --surroundings and --catalogue.");
}

Result<std::optional<workload::RateBook>> readPrices(const std::string& file) {
  if (file.empty()) return std::optional<workload::RateBook>();
  const auto text = app::readFile(file);
  if (!text) return tl::unexpected(text.error());
  auto book = workload::readRateBook(*text, file);
  if (!book) return tl::unexpected(book.error());
  return std::optional(std::move(*book));
}

std::optional<workload::RateBook> PriceFlags::read(Sources& sources) const {
  auto book = readPrices(file);
  if (!book) {
    complain(describe(book.error()));
    return std::nullopt;
  }
  if (!*book) return workload::RateBook{*sources.surroundings.prices, {}};
  sources.surroundings.prices = (*book)->book;
  return std::move(*book);
}

}  // namespace rightslice::cli
