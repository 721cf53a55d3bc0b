#include "gpu/profile.hpp"

#include <doctest/doctest.h>

using rightslice::gpu::ProfileName;

TEST_CASE("a profile name comes apart, and prints in both spellings") {
  struct Row {
    const char* text;
    int instance, compute, gb;
    const char *attributes, *catalogue, *suffix;
  };
  const Row rows[] = {
      {"1g.10gb", 0, 1, 10, "", "1g.10gb", "1g.10gb"},
      {"7g.141gb", 0, 7, 141, "", "7g.141gb", "7g.141gb"},
      {"1g.0gb", 0, 1, 0, "", "1g.0gb", "1g.0gb"},
      {"1g.10gb+me", 0, 1, 10, "+me", "1g.10gb+me", "1g.10gb.me"},
      {"1g.10gb.me", 0, 1, 10, "+me", "1g.10gb+me", "1g.10gb.me"},
      {"1g.24gb+me.all", 0, 1, 24, "+me.all", "1g.24gb+me.all", "1g.24gb.me.all"},
      {"1g.24gb.me.all", 0, 1, 24, "+me.all", "1g.24gb+me.all", "1g.24gb.me.all"},
      {"4g.96gb.gfx", 0, 4, 96, "+gfx", "4g.96gb+gfx", "4g.96gb.gfx"},
      {"1g.24gb-me", 0, 1, 24, "-me", "1g.24gb-me", "1g.24gb-me"},
      {"1g.24gb+gfx,me", 0, 1, 24, "+gfx,me", "1g.24gb+gfx,me", "1g.24gb.gfx.me"},
      {"1g.24gb.gfx.me.all", 0, 1, 24, "+gfx,me.all", "1g.24gb+gfx,me.all", "1g.24gb.gfx.me.all"},
      {"1c.3g.40gb", 1, 3, 40, "", "1c.3g.40gb", "1c.3g.40gb"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const auto name = ProfileName::parse(row.text);
    REQUIRE(name);
    CHECK(name->computeInstanceSlices == row.instance);
    CHECK(name->computeSlices == row.compute);
    CHECK(name->nominalGb == row.gb);
    CHECK(name->attributes == row.attributes);
    CHECK(name->text() == row.catalogue);
    CHECK(name->resourceSuffix() == row.suffix);
  }
}

TEST_CASE("a text that is no profile name is none") {
  for (const char* text : {"", "1g", "1g.", "1g.gb", "g.5gb", "0g.5gb", "01g.5gb", "1g.05gb", "1G.5GB", "1g.5GB", "1g5gb", "1g.5gb.",
                           "1g.5gb+", "1g.5gb-", "1g.5gb.5", "1g.5gb me", "1g.5gbme", "1g.5gb.all", "1g.5gb.me.", "1g.5gb.me.all.all",
                           "1g.5gb+me+gfx", "1g.5gb-me.all", "1g.5gb.shared", "1g.5gb.Me", "4c.3g.40gb", "0c.3g.40gb", "1c.40gb",
                           "1g.999999999999999999gb", "-1g.5gb", " 1g.5gb", "mig-1g.5gb"}) {
    CAPTURE(text);
    CHECK_FALSE(ProfileName::parse(text));
  }
}
