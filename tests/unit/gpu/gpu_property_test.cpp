#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>

#include "gpu/catalogue.hpp"
#include "gpu/resource_name.hpp"

using namespace rightslice;
using namespace rightslice::gpu;

namespace {

const std::vector<std::string> kAttributes{"", "+me", "+me.all", "+gfx", "-me", "+gfx,me", "+gfx,me.all", "+a1,b2"};

ProfileName anyProfileName() {
  ProfileName name;
  name.computeSlices = *rc::gen::inRange(1, 100);
  name.computeInstanceSlices = *rc::gen::inRange(0, name.computeSlices + 1);
  name.nominalGb = *rc::gen::inRange(0, 2000);
  name.attributes = *rc::gen::elementOf(kAttributes);
  return name;
}

/// A board with random measured and unmeasured profiles, all sizes no larger than their names.
Product anyBoard() {
  Product board;
  board.title = "Board";
  board.memorySlices = 8;
  const int count = *rc::gen::inRange(1, 6);
  for (int i = 0; i < count; ++i) {
    Profile profile;
    profile.memorySlices = *rc::gen::inRange(1, 9);
    profile.parts.computeSlices = i + 1;
    profile.parts.nominalGb = *profile.memorySlices * 10;
    profile.name = profile.parts.text();
    if (*rc::gen::arbitrary<bool>()) profile.memoryMiB = std::int64_t{*profile.memorySlices} * *rc::gen::inRange(8000, 10241);
    board.profiles.push_back(profile);
  }
  return board;
}

}  // namespace

TEST_CASE("law: a profile name printed and parsed is the same, in the catalogue's and in the device plugin's spelling") {
  CHECK(rc::check([] {
    const ProfileName name = anyProfileName();
    for (const std::string& text : {name.text(), name.resourceSuffix()}) {
      const auto again = ProfileName::parse(text);
      RC_ASSERT(again);
      RC_ASSERT(again->text() == name.text());
      RC_ASSERT(again->resourceSuffix() == name.resourceSuffix());
    }
  }));
}

TEST_CASE("law: what a resource name says is what it was written from") {
  CHECK(rc::check([] {
    const std::string profile = anyProfileName().text();
    ResourceName like;
    like.kind = ResourceName::Kind::Slice;
    if (*rc::gen::arbitrary<bool>()) {
      like.kind = ResourceName::Kind::DasSlice;
      like.das = true;
      like.dasMigPrefix = *rc::gen::arbitrary<bool>();
    }
    const std::string text = resourceFor(profile, like);
    const ResourceName name = ResourceName::parse(text);
    RC_ASSERT(name.kind == like.kind);
    RC_ASSERT(name.profile == profile);
    RC_ASSERT(name.dasMigPrefix == like.dasMigPrefix);
    RC_ASSERT(resourceFor(name.profile, name) == text);
    RC_ASSERT(ResourceName::parse(text + ".shared").shared);
    RC_ASSERT(ResourceName::parse(text + ".shared").profile == profile);
  }));
}

TEST_CASE("law: no text upsets the parsers, and what parses prints to itself") {
  CHECK(rc::check([] {
    const auto text = *rc::gen::container<std::string>(rc::gen::elementOf(std::string("019cgb.+-,mealx/nvidi")));
    if (const auto name = ProfileName::parse(text)) RC_ASSERT(ProfileName::parse(name->text())->text() == name->text());
    ResourceName::parse("nvidia.com/mig-" + text);
    ResourceName::parse("mig.das.com/" + text);
    const ProductName product = ProductName::parse(text + "-MIG-" + text + "-SHARED");
    RC_ASSERT(product.shared);
  }));
}

TEST_CASE("law: a slice never holds more than its name says, and a stand-in is marked exactly where no size was measured") {
  CHECK(rc::check([] {
    const Product board = anyBoard();
    for (const Profile& profile : board.profiles) {
      const auto holds = usable(board, profile);
      RC_ASSERT(holds);
      RC_ASSERT(holds->standIn == !profile.memoryMiB);
      RC_ASSERT(holds->bytes > 0);
      RC_ASSERT(holds->bytes <= std::int64_t{profile.parts.nominalGb} * kGiB);
      RC_ASSERT(holds->bytes % kMiB == 0);
    }
  }));
}

TEST_CASE("law: the order of a board's profiles does not change what they hold") {
  CHECK(rc::check([] {
    const Product board = anyBoard();
    Product turned = board;
    std::reverse(turned.profiles.begin(), turned.profiles.end());
    for (const Profile& profile : board.profiles) {
      RC_ASSERT(usable(board, profile)->bytes == usable(turned, *turned.profile(profile.name))->bytes);
    }
  }));
}
