// What a plan saves, beside what the same look says of each node.
#include <doctest/doctest.h>

#include <fmt/format.h>
#include <rapidcheck.h>

#include "fixture.hpp"
#include "observe/plan/worth.hpp"
#include "observe/report.hpp"

using namespace rightslice;
using namespace rightslice::observe;
using namespace rightslice::observe::plan;

namespace {

std::string node(std::string_view name, int gpus, std::string_view slices, std::string_view product = "NVIDIA-H100-80GB-HBM3") {
  return fmt::format("---\napiVersion: v1\nkind: Node\nmetadata: {{name: {}, labels: {{nvidia.com/gpu.product: {}, nvidia.com/gpu.count: '{}', "
                     "nvidia.com/mig.strategy: mixed}}}}\nstatus: {{capacity: {{{}}}, allocatable: {{{}}}, conditions: [{{type: Ready, status: 'True'}}]}}\n",
                     name, product, gpus, slices, slices);
}

/// Of 6 GiB where it is small: a 1g.10gb would do.
std::string pod(std::string_view name, std::string_view resource, std::string_view on, bool small) {
  return fmt::format("---\napiVersion: v1\nkind: Pod\nmetadata: {{name: {0}, namespace: a, uid: {0}, annotations: {{rightslice.io/footprint: {1}, rightslice.io/model: acme/{0}, "
                     "rightslice.io/concurrency: '8'}}}}\n"
                     "spec: {{nodeName: '{2}', containers: [{{name: main, image: x, resources: {{limits: {{{3}: 1}}}}}}]}}\nstatus: {{phase: {4}}}\n",
                     name, small ? "6Gi" : "36Gi", on, resource,
                     on.empty() ? "Pending, conditions: [{type: PodScheduled, status: 'False', reason: Unschedulable, message: none}]" : "Running");
}

constexpr std::string_view kOffers = R"(
apiVersion: rightslice.io/v1alpha1
kind: ClusterSlicePolicy
metadata: {name: all}
spec: {mode: enforce, slices: {offered: [1g.10gb, 2g.20gb, 3g.40gb]}}
)";

/// 8.00 an hour: a GPU of it is 5840.00 a month, a memory slice 730.00.
struct Planned : Look {
  explicit Planned(const std::string& yaml, bool recommended = true, std::string_view prices = "H100 80GB SXM5: 8")
      : Look(snapshotOf(yaml), kOffers), plan(planOf(snapshot, seen, recommended)) {
    const auto book = workload::readRateBook(fmt::format("currency: USD\ngpuHour: {{{}}}\n", prices), "p.yaml");
    REQUIRE(book);
    const auto report = reportOf(snapshot, seen, gpu::Catalogue::builtIn(), *book);
    REQUIRE(report);
    scan = report->money.savings;
    spend = report->money.money.cents;
    worth = worthOf(plan, seen, report->money.money, scan);
  }
  plan::Plan plan;
  Savings scan;
  std::int64_t spend = 0;
  Worth worth;
};

const std::string kTwoNodes = node("n1", 1, "nvidia.com/mig-3g.40gb: 2") + node("n2", 1, "nvidia.com/mig-3g.40gb: 2");

}  // namespace

TEST_CASE("a GPU that comes free only when pods move to another node is realisable by the plan, and not node by node") {
  const Planned made(kTwoNodes + pod("p", "nvidia.com/mig-3g.40gb", "n1", true) + pod("q", "nvidia.com/mig-3g.40gb", "n1", true) +
                     pod("r", "nvidia.com/mig-3g.40gb", "n2", true));
  CHECK(made.scan.listCents == 3 * 3 * 73000);
  CHECK(made.scan.realisableCents == 0);
  CHECK(made.worth.listCents == made.scan.listCents);
  CHECK(made.worth.byNodeCents == 0);
  CHECK(made.worth.pools.at(0).fewerGpus == 1);
  CHECK(made.worth.realisableCents == 584000);
  CHECK(made.worth.spareGpus == 1);
  CHECK(made.worth.spareCents == 584000);
  CHECK(made.worth.emptyNodes.size() == 1);
  CHECK(made.worth.emptyCents == 584000);
}

TEST_CASE("pods that could share a GPU as they are free none by smaller slices") {
  const Planned made(kTwoNodes + pod("p", "nvidia.com/mig-3g.40gb", "n1", true) + pod("q", "nvidia.com/mig-3g.40gb", "n2", true));
  CHECK(made.worth.listCents == 2 * 3 * 73000);
  CHECK(made.worth.realisableCents == 0);
  CHECK(made.worth.spareGpus == 1);   // they should share one, whatever their slices
  const Planned right(kTwoNodes + pod("p", "nvidia.com/mig-3g.40gb", "n1", false) + pod("q", "nvidia.com/mig-3g.40gb", "n2", false));
  CHECK(right.worth.listCents == 0);
  CHECK(right.worth.realisableCents == 0);
  CHECK(right.worth.spareCents == 584000);
}

TEST_CASE("what a waiting pod asks too much is none of what is saved on what is held") {
  const Planned made(kTwoNodes + pod("p", "nvidia.com/mig-3g.40gb", "n1", true) + pod("w", "nvidia.com/mig-3g.40gb", "", true) +
                     pod("v", "nvidia.com/mig-3g.40gb", "", true));
  CHECK(made.worth.pools.at(0).fewerGpus == 0);
  CHECK(made.worth.realisableCents == 0);
}

TEST_CASE("a plan for what is asked for today says only what is not needed; without a price there is no figure") {
  const std::string all = kTwoNodes + pod("p", "nvidia.com/mig-3g.40gb", "n1", true) + pod("r", "nvidia.com/mig-3g.40gb", "n2", true);
  const Planned asAsked(all, false);
  CHECK(asAsked.worth.realisableCents == 0);
  CHECK(asAsked.worth.spareCents == 584000);
  const Planned unpriced(all, true, "L4: 1");
  CHECK_FALSE(unpriced.worth.anyPrice);
  CHECK(unpriced.worth.spareGpus == 1);
  CHECK(unpriced.worth.spareUnpriced == 1);
  CHECK(unpriced.worth.spareCents == 0);
}

TEST_CASE("of any fleet list is what scan says, realisable no less than node by node and no more than list, and all of it is within the spend") {
  rc::check("worth", [] {
    std::string yaml;
    const int nodes = *rc::gen::inRange(1, 4);
    int pods = 0;
    for (int n = 0; n < nodes; ++n) {
      const int gpus = *rc::gen::inRange(1, 3);
      const std::string name = fmt::format("n{}", n);
      const bool other = *rc::gen::inRange(0, 5) == 0;
      yaml += node(name, gpus, fmt::format("nvidia.com/mig-3g.40gb: {}", 2 * gpus), other ? "NVIDIA-A100-SXM4-80GB" : "NVIDIA-H100-80GB-HBM3");
      for (int i = *rc::gen::inRange(0, 2 * gpus + 1); i > 0; --i)
        yaml += pod(fmt::format("p{}", pods++), "nvidia.com/mig-3g.40gb", name, *rc::gen::arbitrary<bool>());
    }
    for (int i = *rc::gen::inRange(0, 4); i > 0; --i) yaml += pod(fmt::format("p{}", pods++), "nvidia.com/mig-3g.40gb", "", *rc::gen::arbitrary<bool>());
    const bool priced = *rc::gen::inRange(0, 4) > 0;
    const Planned made(yaml, true, priced ? "H100 80GB SXM5: 8, A100 80GB SXM4: 2" : "H100 80GB SXM5: 8");
    RC_ASSERT(made.worth.listCents == made.scan.listCents);
    RC_ASSERT(made.worth.spendCents == made.spend);
    RC_ASSERT(made.worth.realisableCents >= made.scan.realisableCents);
    RC_ASSERT(made.worth.realisableCents <= made.worth.listCents);
    RC_ASSERT(made.worth.listCents <= made.spend);
    RC_ASSERT(made.worth.spareCents <= made.spend);
    RC_ASSERT(made.worth.emptyCents <= made.worth.spareCents);
    std::int64_t spare = 0, list = 0;
    for (const auto& each : made.worth.pools) spare += each.spareCents, list += each.listCents;
    RC_ASSERT(spare == made.worth.spareCents);
    RC_ASSERT(list <= made.worth.listCents);
  });
}
