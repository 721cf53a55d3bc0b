#include "workload/price_book.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include <fmt/format.h>

#include "base/quantity.hpp"
#include "gpu/catalogue.hpp"

namespace rightslice::embedded {
std::string_view prices_yaml();
}

namespace rightslice::workload {
namespace {

constexpr Int128 kNanosPerMicro = 1000;
constexpr std::int64_t kMaxMicros = 1'000'000'000'000;  // a million per hour: anything above is a slip

std::int64_t readPrice(const Entry& price, std::string_view product, StrictReader& reader) {
  if (!price.view.isNumber()) {
    reader.refuse(price, fmt::format("the price of '{}' must be a number without quotes, not {}", product, price.view.typeName()));
    return 0;
  }
  // By way of its text: 2.1 has no exact double, and money is kept exact.
  const std::string text = price.view.scalarText().value_or("");
  const auto quantity = Quantity::parse(text);
  const Int128 nanos = quantity ? quantity->nanos() : 0;
  if (nanos <= 0 || nanos > kNanosPerMicro * kMaxMicros) {
    reader.refuse(price, fmt::format("the price of '{}' must be above 0 and at most {}, not {}; leave out a product without a price",
                                     product, kMaxMicros / 1'000'000, text));
    return 0;
  }
  if (nanos % kNanosPerMicro != 0) {
    reader.refuse(price, fmt::format("the price of '{}' has more than six decimals: {}", product, text));
    return 0;
  }
  return static_cast<std::int64_t>(nanos / kNanosPerMicro);
}

void readGpuHour(const Entry& gpuHour, PriceBook& book, StrictReader& reader) {
  StringMap written;  // as products are compared -> as written
  for (const auto each : gpuHour.view.members()) {
    const std::string product(each.key);
    const auto [first, isNew] = written.emplace(gpu::ProductName::normalised(gpu::ProductName::parse(product).base), product);
    if (product.empty()) reader.refuse(gpuHour[product], "a price needs the name of a product", true);
    if (!isNew) {
      reader.refuse(gpuHour[product], fmt::format("'{}' and '{}' are the same product; keep one price", first->second, product), true);
    }
    book.gpuHourMicros[product] = readPrice(gpuHour[product], product, reader);
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

PriceBook readPrices(const Entry& prices, StrictReader& reader) {
  PriceBook book;
  if (!reader.object(prices, "prices", {"currency", "date", "gpuHour", "sources"})) return book;
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
    reader.missing(prices, "prices.gpuHour is missing: the price of an hour by product");
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

const PriceBook& defaultPriceBook() {
  static const PriceBook book = readDefault();
  return book;
}

}  // namespace rightslice::workload
