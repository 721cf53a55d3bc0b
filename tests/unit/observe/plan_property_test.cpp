// Fleets of any shape: every GPU that is planned can be cut so, nothing that is needed is lost, and the steps get there.
#include <doctest/doctest.h>

#include <rapidcheck.h>

#include <algorithm>
#include <map>
#include <set>

#include "observe/plan/steps.hpp"

using namespace rightslice;
using namespace rightslice::observe;
using namespace rightslice::observe::plan;

namespace {

const Cutting& h100() {
  static const Cutting kCutting = *Cutting::of(*gpu::Catalogue::builtIn().find("NVIDIA-H100-80GB-HBM3"));
  return kCutting;
}

Slices one(const std::string& profile) { return {{profile, 1}}; }

std::string anyProfile() { return *rc::gen::element<std::string>("1g.10gb", "1g.20gb", "2g.20gb", "3g.40gb", "4g.40gb", "7g.80gb"); }

Slices anyLayout() {
  Slices out;
  for (int i = *rc::gen::inRange(0, 8); i > 0; --i) {
    const Slices more = sum(out, one(anyProfile()));
    if (h100().arrange(more)) out = more;
  }
  return out;
}

/// One pool; pods on slices that there are, some of which should ask for others, and some that wait.
Fleet anyFleet() {
  Fleet out;
  Pool pool{h100(), {}, {}, 0};
  const auto add = [&](Need need) {
    pool.needs.push_back(out.needs.size());
    out.needs.push_back(std::move(need));
  };
  const int nodes = *rc::gen::inRange(1, 5);
  for (int n = 0; n < nodes; ++n) {
    FleetNode node;
    node.name = "n" + std::to_string(n);
    for (int g = *rc::gen::inRange(1, 4); g > 0; --g) {
      const bool whole = *rc::gen::inRange(0, 5) == 0;
      node.cuts.push_back({whole, whole ? Slices() : anyLayout()});
      const auto on = static_cast<std::size_t>(n);
      if (whole && *rc::gen::arbitrary<bool>()) add({std::nullopt, static_cast<Index>(*rc::gen::inRange(0, 6)), on, {}, {}, 1, 1});
      for (const auto& [profile, count] : node.cuts.back().slices) {
        for (int i = *rc::gen::inRange(0, count + 1); i > 0; --i) {
          const bool other = *rc::gen::inRange(0, 3) == 0;
          add({std::nullopt, static_cast<Index>(*rc::gen::inRange(0, 6)), on, one(profile), one(other ? anyProfile() : profile), 0, 0});
        }
      }
    }
    pool.nodes.push_back(out.nodes.size());
    pool.gpus += static_cast<std::int64_t>(node.cuts.size());
    out.nodes.push_back(std::move(node));
  }
  for (int i = *rc::gen::inRange(0, 4); i > 0; --i) {
    const Slices asks = one(anyProfile());
    add({std::nullopt, static_cast<Index>(*rc::gen::inRange(0, 6)), std::nullopt, asks, asks, 0, 0});
  }
  out.pools.push_back(std::move(pool));
  for (Index i = 0; i < 6; ++i)
    if (*rc::gen::inRange(0, 4) == 0) out.recreated.insert(i);
  return out;
}

}  // namespace

TEST_CASE("a plan holds what is needed, on GPUs that can be cut so, and says which stay") {
  rc::check("targets", [] {
    const Fleet fleet = anyFleet();
    const Target target = targetOf(fleet);
    Slices needed, offered;
    std::int64_t whole = 0, wholeOffered = 0, used = 0;
    for (const Need& each : fleet.needs) {
      needed = sum(needed, each.wanted);
      whole += each.wholeWanted;
    }
    RC_ASSERT(target.pools.size() == 1);
    RC_ASSERT(target.pools[0].atLeast <= target.pools[0].needed);
    for (std::size_t n = 0; n < fleet.nodes.size(); ++n) {
      RC_ASSERT(target.nodes[n].gpus.size() == fleet.nodes[n].cuts.size());
      for (std::size_t g = 0; g < fleet.nodes[n].cuts.size(); ++g) {
        const GpuTarget& gpu = target.nodes[n].gpus[g];
        RC_ASSERT(gpu.now == fleet.nodes[n].cuts[g]);
        RC_ASSERT(gpu.fate == GpuTarget::Fate::Recut || gpu.now == gpu.then);
        RC_ASSERT(h100().arrange(gpu.then.slices).has_value());
        RC_ASSERT(!gpu.then.whole || gpu.then.slices.empty());
        if (gpu.fate == GpuTarget::Fate::Spare) continue;
        ++used;
        offered = sum(offered, gpu.then.slices);
        wholeOffered += gpu.then.whole ? 1 : 0;
      }
      if (!target.pools[0].impossible.empty()) RC_ASSERT(!target.nodes[n].recut());
    }
    if (!target.pools[0].impossible.empty()) return;
    RC_ASSERT(used <= target.pools[0].needed);
    RC_ASSERT(covers(offered, needed));
    RC_ASSERT(wholeOffered >= whole);
  });
}

TEST_CASE("the steps cut every node once that is to be cut, and in the end every pod has what it needs") {
  rc::check("steps", [] {
    const Fleet fleet = anyFleet();
    const Target target = targetOf(fleet);
    const Migration migration = migrationOf({}, fleet, target);
    std::set<std::size_t> cut;
    for (const Step& each : migration.steps)
      if (each.kind == Step::Kind::Recut) RC_ASSERT(cut.insert(each.node).second);
    for (std::size_t n = 0; n < fleet.nodes.size(); ++n) RC_ASSERT(cut.contains(n) == target.nodes[n].recut());
    if (!target.pools[0].impossible.empty()) {
      RC_ASSERT(migration.steps.empty());
      return;
    }
    // Where each pod is, told by the steps alone. Each asks for one slice, so that what fits in number finds room.
    std::vector<std::optional<std::size_t>> at;
    std::vector<bool> changed;
    for (const Need& each : fleet.needs) {
      at.push_back(each.node);
      changed.push_back(!each.changes());
    }
    std::vector<bool> done(fleet.nodes.size());
    const auto check = [&] {
      std::vector<Slices> held(fleet.nodes.size());
      std::vector<std::int64_t> whole(fleet.nodes.size());
      for (std::size_t i = 0; i < at.size(); ++i) {
        if (!at[i]) continue;
        held[*at[i]] = sum(held[*at[i]], changed[i] ? fleet.needs[i].wanted : fleet.needs[i].now);
        whole[*at[i]] += changed[i] ? fleet.needs[i].wholeWanted : fleet.needs[i].wholeNow;
      }
      for (std::size_t n = 0; n < held.size(); ++n) {
        RC_ASSERT(covers(target.nodes[n].slices(done[n]), held[n]));
        RC_ASSERT(whole[n] <= target.nodes[n].whole(done[n]));
      }
    };
    std::set<Index> templates;   // of workloads that were changed
    const auto start = [&](const Step::Move& move) {
      // It waited, or its new one did.
      RC_ASSERT(!at[move.need] || (!changed[move.need] && templates.contains(fleet.needs[move.need].deployed)));
      RC_ASSERT(changed[move.need] || templates.contains(fleet.needs[move.need].deployed));
      changed[move.need] = true;
      at[move.need] = move.to;
    };
    for (const auto& each : migration.fitting) start(each);
    check();
    for (const Step& step : migration.steps) {
      if (step.kind == Step::Kind::Change) {
        RC_ASSERT(templates.insert(*step.deployed).second);
        std::set<std::size_t> said(step.stops.begin(), step.stops.end());
        said.insert(step.stays.begin(), step.stays.end());
        for (const auto* list : {&step.moves, &step.starts})
          for (const auto& each : *list) said.insert(each.need);
        for (std::size_t i = 0; i < at.size(); ++i) {
          if (fleet.needs[i].deployed != *step.deployed || changed[i]) continue;
          if (at[i]) RC_ASSERT(said.contains(i));
          else changed[i] = true;
        }
        for (const std::size_t i : step.stays) RC_ASSERT(at[i] && !changed[i]);
        if (fleet.recreated.contains(*step.deployed)) RC_ASSERT(step.oldFirst && step.stays.empty());
        // New pods find room while all old ones are there.
        if (!step.oldFirst) {
          auto both = at;
          auto as = changed;
          for (const auto& move : step.moves) {
            both.push_back(move.to);
            as.push_back(true);
          }
          for (std::size_t n = 0; n < fleet.nodes.size(); ++n) {
            Slices held;
            for (std::size_t i = 0; i < both.size(); ++i) {
              const Need& need = fleet.needs[i < at.size() ? i : step.moves[i - at.size()].need];
              if (both[i] == n) held = sum(held, as[i] ? need.wanted : need.now);
            }
            RC_ASSERT(covers(target.nodes[n].slices(done[n]), held));
          }
        }
      }
      if (step.kind == Step::Kind::Replace) RC_ASSERT(templates.contains(*step.deployed));
      for (const auto& move : step.moves) {
        if (step.deployed) changed[move.need] = true;
        at[move.need] = move.to;
      }
      for (const std::size_t i : step.stops) {
        changed[i] = changed[i] || templates.contains(fleet.needs[i].deployed);
        RC_ASSERT(changed[i]);
        at[i].reset();
      }
      if (step.kind == Step::Kind::Recut) {
        for (const auto& each : at) RC_ASSERT(each != step.node);
        done[step.node] = true;
      }
      for (const auto& each : step.starts) start(each);
      if (step.kind == Step::Kind::Release) {
        for (const auto& each : at) RC_ASSERT(each != step.node);
      }
      check();
    }
    RC_ASSERT(migration.left.empty());
    for (std::size_t i = 0; i < at.size(); ++i) {
      RC_ASSERT(at[i].has_value());
      RC_ASSERT(changed[i]);
    }
  });
}
