// Do slices fit on GPUs, by the placements that the driver prints (nvidia-smi mig -lgipp).
#include <doctest/doctest.h>

#include <initializer_list>
#include <map>
#include <set>

#include "observe/packing.hpp"

using namespace rightslice;
using namespace rightslice::observe;

namespace {

const gpu::Product& product(std::string_view name) {
  const auto* found = gpu::Catalogue::builtIn().find(name);
  REQUIRE(found != nullptr);
  return *found;
}

std::vector<const gpu::Profile*> slices(const gpu::Product& of, std::initializer_list<std::string_view> names) {
  std::vector<const gpu::Profile*> out;
  for (const auto each : names) out.push_back(of.profile(each));
  for (const auto* each : out) REQUIRE(each != nullptr);
  return out;
}

}  // namespace

TEST_CASE("one GPU is cut as its driver allows") {
  const auto& h100 = product("NVIDIA-H100-80GB-HBM3");
  const auto fits = [&](std::initializer_list<std::string_view> names) { return fitOnOneGpu(h100, slices(h100, names)); };
  CHECK(fits({"3g.40gb", "4g.40gb"}));
  CHECK(fits({"3g.40gb", "3g.40gb"}));
  CHECK(!fits({"4g.40gb", "4g.40gb"}));                                   // 4g starts at 0 only
  CHECK(fits({"2g.20gb", "2g.20gb", "2g.20gb", "1g.10gb"}));
  CHECK(!fits({"2g.20gb", "2g.20gb", "2g.20gb", "2g.20gb"}));             // 8 compute slices
  CHECK(fits({"1g.10gb", "1g.10gb", "1g.10gb", "1g.10gb", "1g.10gb", "1g.10gb", "1g.10gb"}));
  CHECK(fits({"1g.10gb", "1g.10gb", "1g.10gb", "1g.10gb", "1g.10gb", "1g.10gb", "1g.20gb"}));
  CHECK(!fits({"3g.40gb", "3g.40gb", "1g.10gb"}));                        // the seventh compute slice has no memory left
  CHECK(!fits({"7g.80gb", "1g.10gb"}));
  CHECK(!fits({"1g.10gb+me", "1g.10gb+me"}));                             // one of them per GPU
  const auto& rtx = product("RTX PRO 5000 Blackwell");                    // no placements on record
  CHECK(!fitOnOneGpu(rtx, slices(rtx, {"1g.24gb"})));
  CHECK(!gpusThatHold(rtx, slices(rtx, {"1g.24gb"}), 0));
}

TEST_CASE("several GPUs: what was found is never fewer than what is needed") {
  const auto& h100 = product("NVIDIA-H100-80GB-HBM3");
  const auto four = slices(h100, {"4g.40gb", "4g.40gb", "3g.40gb", "3g.40gb"});
  CHECK(gpusThatHold(h100, four, 0) == 2);
  CHECK(gpusNeeded(h100, four, 0) == 2);
  const auto odd = slices(h100, {"4g.40gb", "4g.40gb"});
  CHECK(gpusThatHold(h100, odd, 1) == 3);
  CHECK(gpusNeeded(h100, odd, 1) == 3);   // 8 compute slices of 7
  CHECK(gpusThatHold(h100, {}, 0) == 0);
}
