// What scan says of money for people: every table adds up, also where not every row is shown.
#include <doctest/doctest.h>

#include <fmt/format.h>

#include <algorithm>

#include "../observe/fixture.hpp"
#include "cli/scan_money.hpp"

using namespace rightslice;
using namespace rightslice::cli;

namespace {

std::int64_t cents(std::string text) {
  text.erase(std::remove(text.begin(), text.end(), '.'), text.end());
  return std::stoll(text);
}

}  // namespace

TEST_CASE("of many nodes the dearest are shown, and all of them are in the sum") {
  std::string yaml;
  for (int i = 0; i < 31; ++i)
    yaml += fmt::format("---\napiVersion: v1\nkind: Node\nmetadata: {{name: n{}, labels: {{nvidia.com/gpu.product: NVIDIA-H200, nvidia.com/gpu.count: '{}'}}}}\n"
                        "status: {{allocatable: {{nvidia.com/gpu: {}}}}}\n", i, i % 8 + 1, i % 8 + 1);
  const observe::Look look(yaml);
  const workload::RateBook book{workload::defaultPriceBook(), {}};
  observe::MoneyReport report;
  report.money = observe::moneyOf(look.snapshot, look.seen, gpu::Catalogue::builtIn(), book);
  const auto page = moneyPage(look.snapshot, look.seen, report);
  REQUIRE(page.tables.size() == 2);   // all is held by none, and of one product: those views have one row
  const auto& nodes = page.tables[1];
  CHECK(nodes.title == "by node");
  REQUIRE(nodes.rows.size() == 1 + 25 + 2);
  CHECK(nodes.rows[26][0] == "(6 more)");
  CHECK(nodes.rows[27][0] == "together");
  for (const auto& table : page.tables) {
    if (table.title.empty()) continue;
    for (std::size_t column = 1; column < table.rows[0].size(); ++column) {
      std::int64_t sum = 0;
      for (std::size_t row = 1; row + 1 < table.rows.size(); ++row) sum += cents(table.rows[row][column]);
      CAPTURE(table.title);
      CHECK(sum == cents(table.rows.back()[column]));
    }
  }
  CHECK(cents(nodes.rows.back()[1]) == report.money.cents);
  CHECK(page.title == "What it costs, in USD for a month of 730 hours, at list prices of 2026-05-31, which are not yours: give yours with --prices");
}
