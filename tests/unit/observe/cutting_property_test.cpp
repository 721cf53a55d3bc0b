// Every cutting that is printed is legal, and the fewest GPUs are the fewest, by slow oracles that share nothing with what they check.
#include <doctest/doctest.h>

#include <rapidcheck.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "observe/plan/packing.hpp"

using namespace rightslice;
using namespace rightslice::observe::plan;

namespace {

/// Everything that one GPU can hold: every set of placements that do not overlap, cell by cell.
std::set<Slices> everything(const gpu::Product& product) {
  struct Spot {
    const gpu::Profile* profile;
    int start, size;
  };
  std::vector<Spot> spots;
  int media[4] = {-1, -1, -1, -1};
  const auto mediaOf = [](const gpu::Profile& each) { return std::array<std::optional<int>, 4>{each.decoders, each.encoders, each.jpeg, each.ofa}; };
  int largest = 0;
  for (const auto& each : product.profiles) largest = std::max(largest, each.computeSlices);
  for (const auto& each : product.profiles) {
    for (const auto& at : each.placements) spots.push_back({&each, at.start, at.size});
    // How many engines there are is known by the slice that is the whole GPU alone; where it does not say, they are no limit.
    for (std::size_t i = 0; i < 4 && each.computeSlices == largest; ++i) media[i] = std::max(media[i], mediaOf(each)[i].value_or(-1));
  }
  std::set<Slices> out;
  std::vector<bool> cells(64);
  std::vector<const gpu::Profile*> now;
  const auto legal = [&] {
    int compute = 0, uses[4] = {};
    std::map<const gpu::Profile*, int> counts;
    for (const auto* each : now) {
      compute += each->computeSlices;
      ++counts[each];
      for (std::size_t i = 0; i < 4; ++i) uses[i] += mediaOf(*each)[i].value_or(0);
    }
    for (const auto& [profile, count] : counts)
      if (profile->maxInstances && count > *profile->maxInstances) return false;
    for (std::size_t i = 0; i < 4; ++i)
      if (media[i] >= 0 && uses[i] > media[i]) return false;
    return !product.computeSlices || compute <= *product.computeSlices;
  };
  const auto grow = [&](const auto& self, std::size_t from) -> void {
    if (!legal()) return;
    Slices slices;
    for (const auto* each : now) ++slices[each->name];
    out.insert(std::move(slices));
    for (std::size_t i = from; i < spots.size(); ++i) {
      const auto begin = cells.begin() + spots[i].start, end = begin + spots[i].size;
      if (std::find(begin, end, true) != end) continue;
      std::fill(begin, end, true);
      now.push_back(spots[i].profile);
      self(self, i + 1);
      now.pop_back();
      std::fill(begin, end, false);
    }
  };
  grow(grow, 0);
  return out;
}

const std::set<Slices>& everythingOf(const gpu::Product& product) {
  static std::map<std::string, std::set<Slices>> known;
  const auto [at, fresh] = known.try_emplace(product.title);
  if (fresh) at->second = everything(product);
  return at->second;
}

std::vector<const gpu::Product*> plannable() {
  std::vector<const gpu::Product*> out;
  for (const auto& each : gpu::Catalogue::builtIn().products())
    if (Cutting::of(each)) out.push_back(&each);
  return out;
}

/// The fewest GPUs that the asks can be put on, one after the other on each that has begun or on a new one.
int fewest(const std::set<Slices>& legal, const std::vector<Slices>& asks) {
  int best = static_cast<int>(asks.size());
  std::vector<Slices> gpus;
  const auto put = [&](const auto& self, std::size_t i) -> void {
    if (static_cast<int>(gpus.size()) >= best) return;
    if (i == asks.size()) {
      best = static_cast<int>(gpus.size());
      return;
    }
    for (std::size_t g = 0; g < gpus.size(); ++g) {
      const Slices before = gpus[g];
      gpus[g] = sum(before, asks[i]);
      if (legal.contains(gpus[g])) self(self, i + 1);
      gpus[g] = before;
    }
    gpus.push_back(asks[i]);
    self(self, i + 1);
    gpus.pop_back();
  };
  put(put, 0);
  return best;
}

std::vector<Ask> asksOf(const std::vector<Slices>& each) {
  std::map<Slices, std::int64_t> counts;
  for (const auto& slices : each) ++counts[slices];
  std::vector<Ask> out;
  for (const auto& [slices, count] : counts) out.push_back({slices, count});
  return out;
}

void checkHolds(const Packing& packing, const std::vector<Ask>& asks, const std::set<Slices>& legal) {
  std::vector<std::int64_t> held(asks.size());
  std::int64_t gpus = 0;
  for (const Load& load : packing.loads) {
    RC_ASSERT(load.gpus > 0);
    RC_ASSERT(legal.contains(load.slices));
    Slices slices;
    for (std::size_t i = 0; i < asks.size(); ++i) {
      held[i] += load.asks[i] * load.gpus;
      if (load.asks[i] > 0) slices = sum(slices, asks[i].slices, static_cast<int>(load.asks[i]));
    }
    RC_ASSERT(slices == load.slices);
    gpus += load.gpus;
  }
  for (std::size_t i = 0; i < asks.size(); ++i) {
    const bool no = std::count(packing.impossible.begin(), packing.impossible.end(), i) > 0;
    RC_ASSERT(held[i] == (no ? 0 : asks[i].count));
    RC_ASSERT(no == (asks[i].count > 0 && !legal.contains(asks[i].slices)));   // none of it is always possible
  }
  RC_ASSERT(gpus == packing.gpus);
  RC_ASSERT(packing.atLeast <= packing.gpus);
}

const gpu::Product& anyProduct() {
  const auto all = plannable();
  return *all[*rc::gen::inRange<std::size_t>(0, all.size())];
}

/// Now and then one that asks for two or three slices together.
Slices anyAsk(const gpu::Product& product) {
  Slices out;
  const int slices = *rc::gen::weightedElement<int>({{8, 1}, {2, 2}, {1, 3}});
  for (int i = 0; i < slices; ++i) ++out[product.profiles[*rc::gen::inRange<std::size_t>(0, product.profiles.size())].name];
  return out;
}

}  // namespace

TEST_CASE("of each product exactly that can be cut which some set of its placements is") {
  REQUIRE(plannable().size() >= 20);
  for (const auto* product : plannable()) {
    CAPTURE(product->title);
    const auto cutting = *Cutting::of(*product);
    const auto& legal = everythingOf(*product);
    CHECK(legal.size() > 5);
    for (const Slices& each : legal) {
      const auto placed = cutting.arrange(each);
      REQUIRE_MESSAGE(placed, text(each));
      // One more of anything: by the oracle, or not at all.
      for (const auto& profile : product->profiles) {
        const Slices more = sum(each, {{profile.name, 1}});
        REQUIRE_MESSAGE(cutting.arrange(more).has_value() == legal.contains(more), text(more));
      }
    }
  }
}

TEST_CASE("slices lie where their profile may start, and no two overlap") {
  for (const auto* product : plannable()) {
    const auto cutting = *Cutting::of(*product);
    for (const Slices& each : everythingOf(*product)) {
      std::set<int> cells;
      Slices seen;
      const auto placed = cutting.arrange(each);
      REQUIRE(placed);
      for (const Placed& at : *placed) {
        const auto& places = product->profile(at.profile)->placements;
        REQUIRE(std::any_of(places.begin(), places.end(), [&](const auto& place) { return place.start == at.start && place.size == at.size; }));
        for (int cell = at.start; cell < at.start + at.size; ++cell) REQUIRE(cells.insert(cell).second);
        ++seen[at.profile];
      }
      REQUIRE(seen == each);
    }
  }
}

TEST_CASE("the fewest GPUs are the fewest") {
  CHECK(rc::check("small fleets", [] {
    const auto& product = anyProduct();
    std::vector<Slices> each;
    for (int i = *rc::gen::inRange(1, 9); i > 0; --i) {
      Slices ask = anyAsk(product);
      if (everythingOf(product).contains(ask)) each.push_back(std::move(ask));
    }
    const auto asks = asksOf(each);
    const auto packing = pack(*Cutting::of(product), asks);
    checkHolds(packing, asks, everythingOf(product));
    RC_ASSERT(packing.gpus == fewest(everythingOf(product), each));
    RC_ASSERT(packing.exact());
  }));
}

TEST_CASE("whatever is asked for is held, and the bound is one") {
  CHECK(rc::check("fleets of any size", [] {
    const auto& product = anyProduct();
    std::map<Slices, std::int64_t> counts;
    for (int i = *rc::gen::inRange(1, 7); i > 0; --i) counts[anyAsk(product)] += *rc::gen::inRange(1, 60);
    std::vector<Ask> asks;
    for (const auto& [slices, count] : counts) asks.push_back({slices, count});
    const auto cutting = *Cutting::of(product);
    const auto packing = pack(cutting, asks, 500);
    checkHolds(packing, asks, everythingOf(product));
    // More time only makes it better, and never passes the bound; the order of what is asked does not matter.
    const auto longer = pack(cutting, asks, 5'000);
    RC_ASSERT(longer.gpus <= packing.gpus);
    RC_ASSERT(packing.atLeast <= longer.gpus);
    std::vector<Ask> turned(asks.rbegin(), asks.rend());
    const auto other = pack(cutting, turned, 5'000);
    RC_ASSERT(other.atLeast <= longer.gpus);
    RC_ASSERT(longer.atLeast <= other.gpus);
    const auto again = pack(cutting, asks, 500);
    RC_ASSERT(again.gpus == packing.gpus);
    RC_ASSERT(again.loads.size() == packing.loads.size());
    for (std::size_t i = 0; i < again.loads.size(); ++i) RC_ASSERT(again.loads[i].asks == packing.loads[i].asks);
  }));
}
