#include <fstream>
#include <sstream>

#include "base/date.hpp"
#include "gpu/catalogue.hpp"
#include "json/yaml.hpp"
#include "workload/surroundings.hpp"
#include "written.hpp"

using namespace rightslice;
using namespace rightslice::workload;

TEST_CASE("the shipped book is dated, marked, and prices products of the catalogue") {
  const PriceBook& book = defaultPriceBook();
  CHECK(book.isDefault);
  CHECK(book.currency == "USD");
  CHECK(Date::parse(book.date));
  CHECK(book.gpuHourMicros.size() >= 9);
  for (const auto& [product, micros] : book.gpuHourMicros) {
    CAPTURE(product);
    CHECK(gpu::Catalogue::builtIn().find(product) != nullptr);
    CHECK(micros > 500'000);
    CHECK(micros < 20'000'000);
  }
  CHECK(book.gpuHourMicros.at("H100 80GB SXM5") == 4'290'000);
}

TEST_CASE("every price of the shipped book names its source") {
  const std::ifstream file(RIGHTSLICE_SOURCE_DIR "/policies/catalogue/prices.yaml");
  std::stringstream text;
  text << file.rdbuf();
  const json::YamlStream stream = json::parseYaml(text.str());
  REQUIRE(stream.documents.size() == 1);
  const json::View root = stream.documents.front().document.root();
  CHECK(root["sources"].size() == root["gpuHour"].size());
  for (const auto each : root["gpuHour"].members()) {
    CAPTURE(each.key);
    CHECK(root["sources"][each.key].isString());
  }
}

TEST_CASE("a book of one's own is read, and its errors have their place") {
  const auto book = readPriceBook("currency: EUR\ngpuHour:\n  B200: 4.5\nsources: {B200: contract}\n", "p.yaml");
  REQUIRE(book);
  CHECK(!book->isDefault);
  CHECK(book->date == "");
  CHECK(book->gpuHourMicros.at("B200") == 4'500'000);
  const auto bad = readPriceBook("currency: EUR\ngpuHour:\n  B200: free\n", "p.yaml");
  REQUIRE(!bad);
  CHECK(bad.error().where == "p.yaml:3:9");
  CHECK(bad.error().message == "the price of 'B200' must be a number without quotes, not string");
  CHECK(!readPriceBook("prices: {currency: EUR, gpuHour: {}}", "p.yaml"));
  CHECK(!readPriceBook("currency: EUR\ngpuHour: {}\nsources: {B200: 1}\n", "p.yaml"));
}
