#include <doctest/doctest.h>

#include "gpu/catalogue.hpp"

using namespace rightslice;
using namespace rightslice::gpu;

namespace {

Profile row(const char* name, std::optional<int> memorySlices, std::optional<std::int64_t> memoryMiB) {
  Profile profile;
  profile.parts = *ProfileName::parse(name);
  profile.name = profile.parts.text();
  profile.computeSlices = profile.parts.computeSlices;
  profile.memorySlices = memorySlices;
  profile.memoryMiB = memoryMiB;
  return profile;
}

Product board(std::vector<Profile> profiles) {
  Product product;
  product.title = "Board";
  product.memorySlices = 8;
  product.profiles = std::move(profiles);
  return product;
}

}  // namespace

TEST_CASE("what a slice holds is the measured size, else the nearest measured relative of the board, else a part of its name") {
  struct Case {
    const char* why;
    Product product;
    const char* profile;
    std::optional<std::int64_t> mebibytes;
    bool standIn;
  };
  const Case cases[] = {
      {"measured", board({row("1g.10gb", 1, 9728), row("1g.10gb+me", 1, 9000)}), "1g.10gb", 9728, false},
      {"as many slices: the smallest", board({row("3g.40gb", 4, 40448), row("3g.40gb+me", 4, 40000), row("4g.40gb", 4, {})}),
       "4g.40gb", 40000, true},
      {"as many slices goes before fewer", board({row("1g.10gb", 1, 9999), row("3g.40gb", 4, 30000), row("4g.40gb", 4, {})}),
       "4g.40gb", 30000, true},
      {"the largest with fewer slices, by the ratio", board({row("1g.23gb", 1, 20992), row("1g.45gb", 2, 45312), row("3g.90gb", 4, {})}),
       "3g.90gb", 90624, true},
      {"the ratio is floored to a MiB", board({row("2g.9gb", 3, 10000), row("3g.12gb", 4, {})}), "3g.12gb", 13333, true},
      {"only larger ones measured: the name", board({row("7g.80gb", 8, 80896), row("1g.10gb", 1, {})}), "1g.10gb", 8499, true},
      {"nothing measured: the name", board({row("1g.24gb", {}, {})}), "1g.24gb", 20398, true},
      {"the number of slices is needed and unknown", board({row("1g.10gb", 1, 9728), row("2g.20gb", {}, {})}), "2g.20gb", {}, false},
      {"a measured relative of unknown slices helps nobody", board({row("1g.10gb", {}, 9728), row("2g.20gb", 2, {})}), "2g.20gb",
       16998, true},
      {"a name of 0 GB says nothing", board({row("1g.0gb", 1, {}), row("2g.0gb", 2, 5000)}), "1g.0gb", {}, false},
      {"a name of 0 GB that was measured", board({row("1g.0gb", 1, 5000)}), "1g.0gb", 5000, false},
  };
  for (const Case& each : cases) {
    CAPTURE(each.why);
    const auto holds = usable(each.product, *each.product.profile(each.profile));
    REQUIRE(holds.has_value() == each.mebibytes.has_value());
    if (!holds) continue;
    CHECK(holds->bytes == *each.mebibytes * kMiB);
    CHECK(holds->standIn == each.standIn);
  }
}

TEST_CASE("a whole GPU holds its total, and nothing is said where that is unknown") {
  Product product = board({});
  CHECK_FALSE(usable(product));
  product.totalMiB = 81559;
  REQUIRE(usable(product));
  CHECK(usable(product)->bytes == 81559 * kMiB);
  CHECK_FALSE(usable(product)->standIn);
}

TEST_CASE("the share of the board's price follows the memory slices, not the compute slices") {
  const Product product = board({row("1g.10gb", 1, {}), row("3g.40gb", 4, {}), row("4g.40gb", 4, {}), row("2g.20gb", {}, {})});
  const auto shareOf = [&](const char* name) { return share(product, *product.profile(name)); };
  for (const char* name : {"3g.40gb", "4g.40gb"}) {
    REQUIRE(shareOf(name));
    CHECK(shareOf(name)->numerator == 1);
    CHECK(shareOf(name)->denominator == 2);
  }
  CHECK(shareOf("1g.10gb")->denominator == 8);
  CHECK_FALSE(shareOf("2g.20gb"));
}

TEST_CASE("a product name comes apart into base, profile and sharing") {
  struct Row {
    const char *text, *base;
    std::optional<std::string> profile;
    bool shared;
  };
  const Row rows[] = {
      {"NVIDIA-H100-80GB-HBM3", "NVIDIA-H100-80GB-HBM3", {}, false},
      {"NVIDIA-H100-80GB-HBM3-SHARED", "NVIDIA-H100-80GB-HBM3", {}, true},
      {"NVIDIA-H100-80GB-HBM3-MIG-1g.10gb", "NVIDIA-H100-80GB-HBM3", "1g.10gb", false},
      {"NVIDIA-H100-80GB-HBM3-MIG-1g.10gb.me-SHARED", "NVIDIA-H100-80GB-HBM3", "1g.10gb+me", true},
      {"NVIDIA A100-SXM4-40GB MIG 1g.5gb", "NVIDIA A100-SXM4-40GB", "1g.5gb", false},
      {"nvidia-a30-mig-1G.6GB-shared", "nvidia-a30", "1g.6gb", true},
      {"NVIDIA-H100-80GB-HBM3-MIG-INVALID", "NVIDIA-H100-80GB-HBM3", "INVALID", false},
      {"NVIDIA-A30-MIG-", "NVIDIA-A30-MIG-", {}, false},
      {"SHARED", "SHARED", {}, false},
      {"", "", {}, false},
  };
  for (const Row& each : rows) {
    CAPTURE(each.text);
    const ProductName name = ProductName::parse(each.text);
    CHECK(name.base == each.base);
    CHECK(name.profile == each.profile);
    CHECK(name.shared == each.shared);
  }
}
