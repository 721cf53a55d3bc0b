#include "policy/money.hpp"

#include "judged.hpp"

using namespace rightslice;
using namespace rightslice::policy;
using namespace rightslice::policy::judged;

namespace {

const gpu::Catalogue& gpus() { return gpu::Catalogue::builtIn(); }
const gpu::Product* product(std::string_view name) {
  const auto* found = gpus().find(name);
  REQUIRE(found != nullptr);
  return found;
}
workload::PriceBook book(std::map<std::string, std::int64_t, std::less<>> prices) {
  workload::PriceBook made;
  made.currency = "USD";
  made.gpuHourMicros = std::move(prices);
  return made;
}

}  // namespace

TEST_CASE("a month is price x share x count x 730 hours, rounded half up to cents") {
  struct Row {
    std::int64_t micros;
    gpu::Share share;
    std::int64_t count, cents;
  };
  const Row rows[] = {
      {4'000'000, {1, 1}, 1, 292'000}, {4'000'000, {4, 8}, 1, 146'000}, {4'000'000, {1, 8}, 3, 109'500},
      {4'290'000, {1, 8}, 1, 39'146},   // 391.4625
      {10'000, {1, 1460}, 1, 1},        // 0.005 is half a cent: up
      {9'999, {1, 1460}, 1, 0},         // just below half
      {0, {1, 1}, 5, 0},
  };
  for (const auto& row : rows) {
    CAPTURE(row.micros);
    CHECK(monthlyCents(row.micros, row.share, row.count) == row.cents);
  }
  CHECK(monthlyCents(INT64_MAX, {1, 1}, INT64_MAX) == kMaxBytes);
}

TEST_CASE("3g and 4g cost the same half, and the shares follow memory slices") {
  const auto prices = book({{"NVIDIA-H100-80GB-HBM3", 8'000'000}});
  const auto cost = [&](const std::string& profile) { return costOnSet({product("NVIDIA-H100-80GB-HBM3")}, profile, 1, prices, gpus()); };
  CHECK(cost("") == 584'000);
  CHECK(cost("7g.80gb") == 584'000);
  CHECK(cost("4g.40gb") == 292'000);
  CHECK(cost("3g.40gb") == 292'000);
  CHECK(cost("1g.20gb") == 146'000);
  CHECK(cost("1g.10gb") == 73'000);
}

TEST_CASE("a price is found by any name of the product; without one there is no figure") {
  const auto* h100 = product("NVIDIA-H100-80GB-HBM3");
  CHECK(gpuHourMicros(book({{"h100 80gb sxm5", 1}}), *h100, gpus()) == 1);
  CHECK(!gpuHourMicros(book({{"NVIDIA-H100-PCIe", 1}}), *h100, gpus()));
  CHECK(!costOnSet({h100}, "", 1, book({}), gpus()));
}

TEST_CASE("on a set of products the smallest counts, or the largest where that is asked; one unknown price leaves none") {
  const std::vector<const gpu::Product*> set{product("NVIDIA-H100-80GB-HBM3"), product("NVIDIA-A100-SXM4-80GB")};
  const auto both = book({{"NVIDIA-H100-80GB-HBM3", 4'000'000}, {"NVIDIA-A100-SXM4-80GB", 2'000'000}});
  CHECK(costOnSet(set, "", 1, both, gpus()) == 146'000);
  CHECK(costOnSet(set, "", 1, both, gpus(), true) == 292'000);
  CHECK(!costOnSet(set, "", 1, book({{"NVIDIA-H100-80GB-HBM3", 4'000'000}}), gpus()));
  CHECK(!costOnSet({}, "", 1, both, gpus()));
}

TEST_CASE("the user's own book comes before the shipped one, which is marked") {
  workload::Surroundings around;
  CHECK(priceBook(around).isDefault);
  around.prices = book({});
  CHECK(!priceBook(around).isDefault);
}

TEST_CASE("the waste of an oversized request is what it costs less what the recommendation costs, for all replicas") {
  World world;
  world.surroundings = "prices: {currency: EUR, date: '2026-05-01', gpuHour: {NVIDIA-H100-80GB-HBM3: 4}}";
  Manifest manifest;
  manifest.annotations = footprint(6 * kGiB);
  manifest.replicas = 3;
  auto cost = world.judge(manifest).containers.at(0).cost;
  REQUIRE(cost);
  CHECK(cost->currency == "EUR");
  CHECK(!cost->defaultBook);
  CHECK(cost->requestedCents == 438'000);
  CHECK(cost->recommendedCents == 109'500);
  CHECK(cost->wasteCents == 328'500);
  manifest.annotations = footprint(30 * kGiB);  // fits
  cost = world.judge(manifest).containers.at(0).cost;
  REQUIRE(cost);
  CHECK(!cost->recommendedCents);
  CHECK(!cost->wasteCents);
  manifest.annotations = footprint(50 * kGiB);  // too small: a larger slice is no waste
  cost = world.judge(manifest).containers.at(0).cost;
  REQUIRE(cost);
  CHECK(cost->recommendedCents == 876'000);
  CHECK(!cost->wasteCents);
  manifest.kind = "DaemonSet";  // nobody knows how many
  CHECK(!world.judge(manifest).containers.at(0).cost);
}
