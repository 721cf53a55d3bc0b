#include "gpu/catalogue.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

using namespace rightslice;
using namespace rightslice::gpu;

namespace {

const Catalogue& shipped() { return Catalogue::builtIn(); }

/// The GB of a profile's name (go-nvlib, pkg/nvlib/device/mig_profile.go, getMigMemorySizeGB): the slice's share of the
/// board rounded up to an eighth, times the board's GiB rounded up, rounded to the nearest, halves up.
int nameGb(int memorySlices, int boardSlices, std::int64_t totalMiB) {
  const int eighths = (8 * memorySlices + boardSlices - 1) / boardSlices;
  const std::int64_t totalGiB = (totalMiB + 1023) / 1024;
  return static_cast<int>((2 * eighths * totalGiB + 8) / 16);
}

}  // namespace

TEST_CASE("the shipped catalogue has every product and profile") {
  std::size_t profiles = 0;
  for (const Product& product : shipped().products()) profiles += product.profiles.size();
  CHECK(shipped().products().size() == 33);
  CHECK(profiles == 190);
}

TEST_CASE("NVIDIA's naming arithmetic gives the name of every profile of a board whose total and slices are known") {
  int checked = 0;
  for (const Product& product : shipped().products()) {
    if (!product.totalMiB || !product.memorySlices) continue;
    for (const Profile& profile : product.profiles) {
      CAPTURE(product.title);
      CAPTURE(profile.name);
      REQUIRE(profile.memorySlices);
      CHECK(profile.parts.nominalGb == nameGb(*profile.memorySlices, *product.memorySlices, *product.totalMiB));
      ++checked;
    }
  }
  CHECK(checked == 93);
}

TEST_CASE("every product is found by each of its names, however blanks, case and vendor are written") {
  for (const Product& product : shipped().products()) {
    std::vector<std::string> names{product.title};
    names.insert(names.end(), product.aliases.begin(), product.aliases.end());
    names.insert(names.end(), product.gfdLabels.begin(), product.gfdLabels.end());
    for (const std::string& name : names) {
      std::string hyphens = name;
      std::replace(hyphens.begin(), hyphens.end(), ' ', '-');
      std::string lower = name;
      std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
      for (const std::string& spelling : {name, hyphens, lower, name + "-SHARED", name + "-MIG-1g.10gb", name + "-MIG-1g.10gb-SHARED"}) {
        CAPTURE(spelling);
        CHECK(shipped().find(spelling) == &product);
      }
      if (!name.starts_with("NVIDIA")) CHECK(shipped().find("NVIDIA-" + name) == &product);
      if (name.starts_with("NVIDIA-")) CHECK(shipped().find(name.substr(7)) == &product);
    }
  }
  CHECK(shipped().find("H100") == nullptr);
  CHECK(shipped().find("") == nullptr);
}

TEST_CASE("every accelerator label of GKE names its product") {
  const struct {
    const char *label, *title;
  } rows[] = {{"nvidia-tesla-a100", "A100 40GB"},         {"nvidia-a100-80gb", "A100 80GB"},
              {"nvidia-h100-80gb", "H100 80GB SXM5"},     {"nvidia-h100-mega-80gb", "H100 80GB SXM5"},
              {"nvidia-h200-141gb", "H200 141GB SXM5"},   {"nvidia-b200", "B200 180GB"},
              {"nvidia-gb200", "GB200 186GB"},            {"nvidia-rtx-pro-6000", "RTX PRO 6000 Blackwell 96GB"}};
  for (const auto& row : rows) {
    CAPTURE(row.label);
    REQUIRE(shipped().findGke(row.label) != nullptr);
    CHECK(shipped().findGke(row.label)->title == row.title);
  }
  CHECK(shipped().findGke("nvidia-l4") == nullptr);
}

TEST_CASE("no shipped slice holds more than its name or its board, and only Thor's hold nothing known") {
  for (const Product& product : shipped().products()) {
    for (const Profile& profile : product.profiles) {
      CAPTURE(product.title);
      CAPTURE(profile.name);
      const auto holds = usable(product, profile);
      CHECK(holds.has_value() == (profile.parts.nominalGb != 0));
      if (!holds) continue;
      CHECK(holds->bytes <= std::int64_t{profile.parts.nominalGb} * kGiB);
      if (product.totalMiB) CHECK(holds->bytes <= *product.totalMiB * kMiB);
      CHECK(holds->standIn == !profile.memoryMiB.has_value());
    }
  }
}

TEST_CASE("shipped sizes are the smallest that any driver showed") {
  const struct {
    const char *product, *profile;
    std::int64_t mebibytes;
    bool standIn;
  } rows[] = {{"A100 80GB", "1g.10gb", 9728, false},    {"H100 NVL", "1g.12gb", 10880, false},
              {"B200", "1g.23gb", 20992, false},        {"B200", "3g.90gb", 90624, true},
              {"H20", "2g.24gb", 24192, true},          {"H20", "7g.96gb", 97024, true},
              {"RTX PRO 6000 Blackwell Server Edition", "1g.24gb.me.all", 23680, false},
              {"RTX PRO 5000 Blackwell", "1g.24gb", 20398, true}};
  for (const auto& row : rows) {
    CAPTURE(row.product);
    CAPTURE(row.profile);
    const Product* product = shipped().find(row.product);
    REQUIRE(product != nullptr);
    REQUIRE(product->profile(row.profile) != nullptr);
    const auto holds = usable(*product, *product->profile(row.profile));
    REQUIRE(holds);
    CHECK(holds->bytes == row.mebibytes * kMiB);
    CHECK(holds->standIn == row.standIn);
  }
}

TEST_CASE("a driver's other name counts on the product that is named, with that driver's memory") {
  const Product* gb200 = shipped().find("GB200");
  const auto offers = shipped().offers("1g.24gb", {gb200});
  REQUIRE(offers.size() == 1);
  CHECK(offers[0].byVariant);
  CHECK(offers[0].profile->name == "1g.23gb");
  REQUIRE(offers[0].usable);
  CHECK(offers[0].usable->bytes == 20480 * kMiB);
  CHECK_FALSE(offers[0].usable->standIn);
  CHECK(shipped().offers("1g.23gb", {gb200})[0].usable->bytes == 22528 * kMiB);
}

TEST_CASE("with no product named a driver's other name counts only where no product has it as its own") {
  for (const Offer& offer : shipped().offers("1g.24gb", {})) CHECK_FALSE(offer.byVariant);
  const auto only = shipped().offers("7g.79gb", {});
  REQUIRE(only.size() == 1);
  CHECK(only[0].byVariant);
  CHECK(only[0].product->title == "A100 80GB");
  CHECK(only[0].profile->name == "7g.80gb");
}

TEST_CASE("products that do not offer the profile drop out") {
  const Product* h100 = shipped().find("NVIDIA-H100-80GB-HBM3");
  const Product* a30 = shipped().find("A30");
  const auto offers = shipped().offers("3g.40gb", {a30, h100});
  REQUIRE(offers.size() == 1);
  CHECK(offers[0].product == h100);
  CHECK(shipped().offers("3g.40gb", {a30}).empty());
  CHECK(shipped().offers("1c.3g.40gb", {}).empty());
  CHECK(shipped().offers("nonsense", {}).empty());
}

TEST_CASE("a profile is known under its own name and under other drivers' names, in either spelling of the plus") {
  for (const char* name : {"1g.10gb", "1g.10gb+me", "1g.10gb.me", "1g.24gb-me", "1g.24gb.me.all", "7g.79gb", "3g.95gb"}) {
    CAPTURE(name);
    CHECK(shipped().knowsProfile(name));
  }
  for (const char* name : {"1g.11gb", "8g.10gb", "1c.3g.40gb", "1g.10gb+mee", "", "10gb"}) {
    CAPTURE(name);
    CHECK_FALSE(shipped().knowsProfile(name));
  }
}

TEST_CASE("profile names are listed once each, from the smallest to the largest") {
  const auto& names = shipped().profileNames();
  CHECK(std::set<std::string>(names.begin(), names.end()).size() == names.size());
  const auto at = [&](const char* name) { return std::find(names.begin(), names.end(), name) - names.begin(); };
  CHECK(at("1g.5gb") < at("1g.10gb"));
  CHECK(at("1g.10gb") < at("1g.10gb+me"));
  CHECK(at("1g.70gb") < at("2g.10gb"));
  CHECK(at("7g.278gb") == static_cast<std::ptrdiff_t>(names.size()) - 1);
  CHECK(at("7g.79gb") == static_cast<std::ptrdiff_t>(names.size()));
}

TEST_CASE("the nearest profile is found by size where the name is well formed, by spelling where not") {
  const struct {
    const char *text, *nearest;
  } rows[] = {{"1g.11gb", "1g.12gb"}, {"3g.39gb", "3g.40gb"},   {"1g.10gb+mee", "1g.10gb"}, {"5g.40gb", "4g.40gb"},
              {"3g.40", "3g.40gb"},   {"3g40gb", "3g.40gb"},    {"1G.10GB_ME", "1g.10gb+me"}, {"1g.5gb", "1g.5gb"},       {"4g.96gb+gfx", "4g.96gb+gfx"},
              {"7g.80gb+me", "7g.80gb"}};
  for (const auto& row : rows) {
    CAPTURE(row.text);
    CHECK(shipped().nearestProfile(row.text) == std::string(row.nearest));
  }
  CHECK_FALSE(shipped().nearestProfile("manager"));
}

TEST_CASE("the nearest product is a name that begins so, else the best spelling") {
  CHECK(shipped().nearestProduct("H100") == "NVIDIA-H100-80GB-HBM3");
  CHECK(shipped().nearestProduct("NVIDIA-H100-80GB-HMB3") == "NVIDIA-H100-80GB-HBM3");
  CHECK(shipped().nearestProduct("NVIDIA-A10O-SXM4-80GB-MIG-1g.10gb") == "NVIDIA-A100-SXM4-80GB");
  CHECK_FALSE(shipped().nearestProduct("Radeon Instinct MI300X something"));
}
