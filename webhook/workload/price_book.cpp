#include "workload/price_book.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include <fmt/format.h>

#include "base/quantity.hpp"
#include "gpu/catalogue.hpp"
#include "gpu/product_name.hpp"

namespace rightslice::embedded {
std::string_view prices_yaml();
}

namespace rightslice::workload {
namespace {

constexpr Int128 kNanosPerMicro = 1000;
constexpr std::int64_t kMaxPrice = 1'000'000;  // an hour of a GPU: anything above is a slip

void readGpuHour(const Entry& gpuHour, PriceBook& book, StrictReader& reader) {
  StringMap written;  // as products are compared -> as written
  for (const auto each : gpuHour.view.members()) {
    const std::string product(each.key);
    const auto [first, isNew] = written.emplace(gpu::normalisedBase(product), product);
    if (product.empty()) reader.refuse(gpuHour[product], "a price needs the name of a product", true);
    if (!isNew) {
      reader.refuse(gpuHour[product], fmt::format("'{}' and '{}' are the same product; keep one price", first->second, product), true);
    }
    // A slice priced by hand would be taken for the price of the whole card.
    if (gpu::ProductName::parse(product).profile) {
      reader.refuse(gpuHour[product], fmt::format("'{}' is a slice; a price is of the whole GPU, and its slices follow from it", product), true);
    }
    book.gpuHourMicros[product] =
        readAmount(gpuHour[product], fmt::format("the price of '{}'", product), kMaxPrice, "; leave out a product without a price", reader);
  }
}

bool isCurrency(std::string_view text) {
  return text.size() == 3 && std::all_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

PriceBook readDefault() {
  auto book = readPriceBook(embedded::prices_yaml(), "prices.yaml");
  if (!book) {
    // The file is part of the program, and a test reads it: this is a broken build.
    std::fputs(fmt::format("the built-in price book is bad: {}: {}\n", book.error().where, book.error().message).c_str(), stderr);
    std::abort();
  }
  book->isDefault = true;
  return std::move(*book);
}

}  // namespace

std::int64_t readAmount(const Entry& amount, std::string_view what, std::int64_t most, std::string_view hint, StrictReader& reader) {
  if (!amount.view.isNumber()) {
    reader.refuse(amount, fmt::format("{} must be a number without quotes, not {}", what, amount.view.typeName()));
    return 0;
  }
  // By way of its text: 2.1 has no exact double, and money is kept exact.
  const std::string text = amount.view.scalarText().value_or("");
  const auto quantity = Quantity::parse(text);
  const Int128 nanos = quantity ? quantity->nanos() : 0;
  if (nanos <= 0 || nanos > kNanosPerMicro * 1'000'000 * most) {
    reader.refuse(amount, fmt::format("{} must be above 0 and at most {}, not {}{}", what, most, text, hint));
    return 0;
  }
  if (nanos % kNanosPerMicro != 0) {
    reader.refuse(amount, fmt::format("{} has more than six decimals: {}", what, text));
    return 0;
  }
  return static_cast<std::int64_t>(nanos / kNanosPerMicro);
}

PriceBook readPrices(const Entry& prices, StrictReader& reader, std::vector<Rate>* rates) {
  PriceBook book;
  const bool asObject = rates != nullptr ? reader.object(prices, "a price book", {"currency", "date", "gpuHour", "sources", "rates"})
                                         : reader.object(prices, "prices", {"currency", "date", "gpuHour", "sources"}, {"rates"});
  if (!asObject) return book;
  const Entry entries = prices["rates"];
  if (entries.view.exists() && rates == nullptr) {
    reader.refuse(entries, "rates hold for some nodes only, and need a price book of their own: give it with scan --prices FILE", true);
  }
  if (entries.view.exists() && rates != nullptr) *rates = readRates(entries, reader);
  book.currency = reader.name(prices, "currency", "prices.currency");
  if (!book.currency.empty() && !isCurrency(book.currency)) {
    reader.refuse(prices["currency"], fmt::format("prices.currency must be three capital letters such as USD, not '{}'", book.currency));
  }
  if (const Entry date = prices["date"]; date.view.exists()) {
    book.date = date.view.stringOr("");
    if (!Date::parse(book.date)) {
      const std::string found = date.view.scalarText().value_or(std::string(date.view.typeName()));
      reader.refuse(date, fmt::format("prices.date must be a day such as 2026-05-31, not '{}'", found));
    }
  }
  if (!prices["gpuHour"].view.exists()) {
    if (!entries.view.exists()) reader.missing(prices, "prices.gpuHour is missing: the price of an hour by product");
  } else if (reader.anyObject(prices["gpuHour"], "prices.gpuHour")) {
    readGpuHour(prices["gpuHour"], book, reader);
  }
  if (const Entry sources = prices["sources"]; sources.view.exists() && reader.anyObject(sources, "prices.sources")) {
    for (const auto each : sources.view.members()) {
      if (!each.value.isString()) {
        reader.refuse(sources[each.key], fmt::format("the source of '{}' must be a text, not {}", each.key, each.value.typeName()));
      }
    }
  }
  return book;
}

Result<PriceBook> readPriceBook(std::string_view text, std::string_view file) {
  auto document = readDocument(text, file);
  if (!document) return tl::unexpected(std::move(document.error()));
  StrictReader reader(file, document->marks);
  PriceBook book = readPrices({document->document.root(), ""}, reader);
  if (reader.error()) return tl::unexpected(*reader.error());
  return book;
}

Result<RateBook> readRateBook(std::string_view text, std::string_view file) {
  auto document = readDocument(text, file);
  if (!document) return tl::unexpected(std::move(document.error()));
  StrictReader reader(file, document->marks);
  RateBook out;
  const Entry root{document->document.root(), ""};
  out.book = readPrices(root, reader, &out.rates);
  for (const Rate& each : out.rates) {
    if (each.currency.empty() || each.currency == out.book.currency) continue;
    reader.refuse(root["rates"][std::to_string(&each - out.rates.data())]["currency"],
                  fmt::format("{} in a book in {}: amounts of two currencies do not add up; write a book of each", each.currency, out.book.currency));
  }
  if (reader.error()) return tl::unexpected(*reader.error());
  return out;
}

const PriceBook& defaultPriceBook() {
  static const PriceBook book = readDefault();
  return book;
}

}  // namespace rightslice::workload
