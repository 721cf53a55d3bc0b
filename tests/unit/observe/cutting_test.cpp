// How GPUs can be cut, and the fewest that hold what is asked for: cases that can be checked by hand.
#include <doctest/doctest.h>

#include "observe/plan/packing.hpp"

using namespace rightslice;
using namespace rightslice::observe::plan;

namespace {

const gpu::Product& product(std::string_view name) { return *gpu::Catalogue::builtIn().find(name); }
Cutting h100() { return *Cutting::of(product("NVIDIA-H100-80GB-HBM3")); }

}  // namespace

TEST_CASE("memory and compute are told apart") {
  const auto cutting = h100();
  CHECK(cutting.arrange({{"3g.40gb", 1}, {"4g.40gb", 1}}) == std::vector<Placed>{{"4g.40gb", 0, 4}, {"3g.40gb", 4, 4}});
  CHECK_FALSE(cutting.arrange({{"4g.40gb", 2}}));            // compute and start: one of them
  CHECK(cutting.arrange({{"3g.40gb", 2}}));                  // one compute slice is left, and no memory for it
  CHECK_FALSE(cutting.arrange({{"3g.40gb", 2}, {"1g.10gb", 1}}));
  CHECK(cutting.arrange({{"1g.10gb", 7}}));
  CHECK_FALSE(cutting.arrange({{"1g.10gb", 8}}));            // 8 memory slices, but 7 places
  CHECK(cutting.arrange({{"1g.20gb", 4}}));
  CHECK(cutting.arrange({{"2g.20gb", 3}, {"1g.20gb", 1}}));  // the fourth pair of memory slices is no place for 2g.20gb
  CHECK_FALSE(cutting.arrange({{"2g.20gb", 4}}));
  CHECK_FALSE(cutting.arrange({{"1g.5gb", 1}}));             // of another board
  CHECK(cutting.arrange({}));
}

TEST_CASE("media engines are handed out once") {
  CHECK_FALSE(h100().arrange({{"1g.10gb+me", 2}}));
  CHECK(h100().arrange({{"1g.10gb+me", 1}, {"1g.10gb", 6}}));
  const auto a30 = *Cutting::of(product("NVIDIA-A30"));
  CHECK_FALSE(a30.arrange({{"1g.6gb+me", 1}, {"2g.12gb+me", 1}}));
  const auto rtx = *Cutting::of(product("NVIDIA-RTX-PRO-6000-Blackwell-Server-Edition"));
  CHECK(rtx.arrange({{"1g.24gb+me.all", 1}, {"1g.24gb-me", 3}}));
  CHECK_FALSE(rtx.arrange({{"1g.24gb+me.all", 1}, {"1g.24gb", 1}}));
  CHECK(rtx.arrange({{"2g.48gb", 1}, {"1g.24gb+gfx", 2}}));
  // How many decoders a whole B200 has no driver printed; those of its largest slice of which they are known are not all.
  CHECK(Cutting::of(product("NVIDIA-B200"))->arrange({{"3g.90gb", 1}, {"2g.45gb", 1}, {"1g.23gb", 2}}));
}

TEST_CASE("boards of which no placement is known are not planned for") {
  CHECK_FALSE(Cutting::of(product("RTX PRO 5000 Blackwell 48GB")));
  CHECK_FALSE(Cutting::of(product("A100X")));
  CHECK(Cutting::of(product("NVIDIA-B300-SXM6-AC"))->inferred({{"1g.34gb", 1}}));
  CHECK_FALSE(h100().inferred({{"1g.10gb", 1}}));
}

TEST_CASE("the fewest GPUs") {
  const auto cutting = h100();
  const auto of = [&](std::vector<Ask> asks) {
    const auto packing = pack(cutting, asks);
    CHECK(packing.exact());
    return packing.gpus;
  };
  CHECK(of({}) == 0);
  CHECK(of({{{{"1g.10gb", 1}}, 7}}) == 1);
  CHECK(of({{{{"1g.10gb", 1}}, 8}}) == 2);
  CHECK(of({{{{"3g.40gb", 1}}, 5}, {{{"4g.40gb", 1}}, 5}}) == 5);
  CHECK(of({{{{"4g.40gb", 1}}, 5}}) == 5);
  CHECK(of({{{{"7g.80gb", 1}}, 2}, {{{"1g.10gb", 1}}, 1}}) == 3);
  // What is asked for together stays together: three times two of 2g.20gb do not share one.
  CHECK(of({{{{"2g.20gb", 2}}, 3}}) == 3);
  CHECK(of({{{{"2g.20gb", 1}}, 6}}) == 2);
  CHECK(of({{{{"1g.10gb", 1}}, 700}, {{{"3g.40gb", 1}}, 301}, {{{"2g.20gb", 1}}, 10}}) > 200);
  const auto packing = pack(cutting, {{{{"4g.40gb", 2}}, 1}, {{{"1g.10gb", 1}}, 1}});
  CHECK(packing.impossible == std::vector<std::size_t>{0});
  CHECK(packing.gpus == 1);
}
