// Where the money goes: the cases that the field's scanners get wrong, and the rules of the buckets one by one.
#include <doctest/doctest.h>

#include <fmt/format.h>

#include "base/quantity.hpp"
#include "fixture.hpp"
#include "json/document.hpp"
#include "observe/apportion.hpp"
#include "observe/money_json.hpp"

using namespace rightslice;
using namespace rightslice::observe;

namespace {

constexpr std::string_view kH100 = "NVIDIA-H100-80GB-HBM3";

struct NodeText {
  std::string product{kH100};
  int gpus = 1;
  std::string capacity{}, allocatable{};          // allocatable empty: as capacity
  std::string labels{}, spec{}, ready = "True", name = "gpu-1", strategy = "mixed";
};

std::string text(const NodeText& node) {
  return fmt::format("---\napiVersion: v1\nkind: Node\nmetadata: {{name: {}, labels: {{nvidia.com/gpu.product: {}, nvidia.com/gpu.count: '{}', nvidia.com/mig.strategy: {}{}{}}}}}\n"
                     "spec: {{{}}}\nstatus: {{capacity: {{{}}}, allocatable: {{{}}}, conditions: [{{type: Ready, status: '{}'}}]}}\n",
                     node.name, node.product, node.gpus, node.strategy, node.labels.empty() ? "" : ", ", node.labels, node.spec, node.capacity,
                     node.allocatable.empty() ? node.capacity : node.allocatable, node.ready);
}

std::string pod(std::string_view name, std::string_view resource, std::string_view footprint = "", std::string_view node = "gpu-1", std::string_view more = "") {
  return fmt::format("---\napiVersion: v1\nkind: Pod\nmetadata: {{name: {}, namespace: team-a, uid: {}, annotations: {{{}}}}}\n"
                     "spec: {{nodeName: '{}', {} containers: [{{name: main, image: x, resources: {{limits: {{{}: 1}}}}}}]}}\nstatus: {{phase: {}}}\n",
                     name, name, footprint.empty() ? "" : fmt::format("rightslice.io/footprint: {}, rightslice.io/model: acme/{}", footprint, name), node, more, resource,
                     node.empty() ? "Pending, conditions: [{type: PodScheduled, status: 'False', reason: Unschedulable, message: none}]" : "Running");
}

const gpu::Catalogue& gpus() { return gpu::Catalogue::builtIn(); }

/// 8.00 an hour: a GPU of it is 5840.00 a month, a memory slice 730.00.
workload::RateBook book(std::string_view gpuHour = "H100 80GB SXM5: 8, A100 40GB: 2, L4: 0.8, H200 141GB SXM5: 6.35") {
  auto made = workload::readRateBook(fmt::format("currency: USD\ngpuHour: {{{}}}\n", gpuHour), "p.yaml");
  REQUIRE(made);
  return std::move(*made);
}

struct Paid : Look {
  explicit Paid(Snapshot taken, const Measured& measured = {}, const workload::RateBook& prices = book())
      : Look(std::move(taken)), money(moneyOf(snapshot, seen, gpus(), prices, measured)), savings(savingsOf(snapshot, seen, gpus(), money)) {}
  explicit Paid(const std::string& yaml, const Measured& measured = {}) : Paid(snapshotOf(yaml), measured) {}

  std::string cents(Bucket bucket) const { return centsText(sumOf(money).cents[static_cast<std::size_t>(bucket)]); }
  std::string spend() const { return centsText(money.cents); }

  Money money;
  Savings savings;
};

}  // namespace

TEST_CASE("one A100 cut seven ways costs one A100") {
  // piqc 1.7: there each slice costs a whole card under the strategy single, and nothing under mixed.
  for (const bool single : {true, false}) {
    NodeText node;
    node.product = single ? "NVIDIA-A100-SXM4-40GB-MIG-1g.5gb" : "NVIDIA-A100-SXM4-40GB";
    node.gpus = single ? 7 : 1;   // GPU feature discovery counts slices there
    node.strategy = single ? "single" : "mixed";
    const std::string resource = single ? "nvidia.com/gpu" : "nvidia.com/mig-1g.5gb";
    node.capacity = resource + ": 7";
    std::string yaml = text(node);
    for (int i = 0; i < 7; ++i) yaml += pod(fmt::format("p{}", i), resource);
    const Paid paid(yaml);
    CHECK(paid.spend() == "1460.00");
    CHECK(paid.cents(Bucket::Right) == "1277.50");      // seven of eight memory slices
    CHECK(paid.cents(Bucket::Stranded) == "182.50");
    CHECK(sumOf(paid.money).unjudgedCents == 127750);
  }
}

TEST_CASE("an H200 is priced as an H200, and an L40 not at all") {
  NodeText node;
  node.product = "NVIDIA-H200";
  node.capacity = "nvidia.com/gpu: 1";
  CHECK(Paid(text(node)).spend() == "4635.50");
  node.product = "NVIDIA-L40";
  const Paid unpriced(text(node));
  CHECK(!unpriced.money.anyPrice);
  CHECK(unpriced.money.boards[0].why == "the book has no price of NVIDIA-L40");
  CHECK(sumOf(unpriced.money).unpricedCentihours == 73000);
  CHECK(sumOf(unpriced.money).totalCents() == 0);
  node.product = "NVIDIA-L4";   // no MIG, and not in the GPU catalogue
  CHECK(Paid(text(node)).cents(Bucket::Dark) == "584.00");
}

TEST_CASE("what is beyond the slice that would do is oversized, and saves nothing while its GPU stays") {
  NodeText node;
  node.capacity = "nvidia.com/mig-3g.40gb: 1, nvidia.com/mig-1g.10gb: 3";
  const std::string cut = text(node), held = pod("chat", "nvidia.com/mig-3g.40gb", "5Gi");
  const Paid paid(cut + held);
  REQUIRE(paid.findings(Code::Oversized).size() == 1);
  CHECK(paid.spend() == "5840.00");
  CHECK(paid.cents(Bucket::Oversized) == "2190.00");   // three eighths
  CHECK(paid.cents(Bucket::Right) == "730.00");
  CHECK(paid.cents(Bucket::Dark) == "2190.00");
  CHECK(paid.cents(Bucket::Stranded) == "730.00");
  CHECK(paid.savings.listCents == 219000);
  CHECK(paid.savings.realisableCents == 0);
  CHECK(paid.savings.boards.at(0).why == "no GPU of the node comes free, and no pod waits for what would");

  SUBCASE("a pod that waits for what comes free makes it real") {
    const std::string others = pod("a", "nvidia.com/mig-1g.10gb") + pod("b", "nvidia.com/mig-1g.10gb") + pod("c", "nvidia.com/mig-1g.10gb");
    const Paid waited(cut + held + others + pod("w", "nvidia.com/mig-4g.40gb", "", ""));
    REQUIRE(waited.savings.boards.size() == 1);
    // 3g and three 1g beside a 4g: ten compute slices of seven. Four 1g would leave room for the 3g that it waits for, but not for 4g.
    CHECK(waited.savings.realisableCents == 0);
    const Paid fits(cut + held + others + pod("w", "nvidia.com/mig-3g.40gb", "", ""));
    CHECK(fits.savings.realisableCents == 219000);   // half of the GPU, no more than the list saving
    CHECK(fits.savings.boards[0].used == std::vector<std::string>{"team-a/Pod/w"});
    const Paid elsewhere(cut + held + others + pod("w", "nvidia.com/mig-3g.40gb", "", "", "nodeSelector: {pool: other},"));
    CHECK(elsewhere.savings.realisableCents == 0);
  }
  SUBCASE("a GPU that comes free makes it real") {
    NodeText two;
    two.gpus = 2;
    two.capacity = "nvidia.com/mig-7g.80gb: 1, nvidia.com/mig-1g.10gb: 7";
    const Paid freed(text(two) + pod("chat", "nvidia.com/mig-7g.80gb", "5Gi") + pod("a", "nvidia.com/mig-1g.10gb"));
    REQUIRE(freed.savings.boards.size() == 1);
    CHECK(freed.savings.boards[0].freedGpus == 1);
    CHECK(centsText(freed.savings.listCents) == "5110.00");
    CHECK(freed.savings.realisableCents == freed.savings.listCents);
  }
}

TEST_CASE("idle comes before the size of the slice, and is told apart from none") {
  NodeText node;
  node.capacity = "nvidia.com/mig-3g.40gb: 1, nvidia.com/mig-1g.10gb: 3";
  const auto use = [](Index) { return MeasuredUse{400, 3'600'000}; };
  const Paid paid(text(node) + pod("chat", "nvidia.com/mig-3g.40gb", "5Gi"), use);
  CHECK(paid.cents(Bucket::Idle) == "1168.00");         // 40 % of one half
  CHECK(paid.cents(Bucket::Oversized) == "1314.00");    // three eighths, of the rest of the time
  CHECK(paid.cents(Bucket::Right) == "438.00");
  CHECK(paid.money.idleKnown);
  // 2920.00 a month are 4.00 an hour, for 3.6 million tokens.
  CHECK(millionTokensMicros(paid.money, 0, use) == 1'111'111);
  CHECK(!millionTokensMicros(paid.money, 0, {}));
  CHECK(!Paid(text(node)).money.idleKnown);
  // Of what it is not known is said, with what it costs, beside what is known.
  CHECK(paid.money.idleUnknown.empty());
  CHECK(Paid(text(node)).money.idleUnknown.find("idle is not known without metrics") == 0);
  const auto partly = [](Index index) { return index == 0 ? MeasuredUse{0, {}} : MeasuredUse{}; };
  const Paid half(text(node) + pod("chat", "nvidia.com/mig-3g.40gb", "5Gi") + pod("rank", "nvidia.com/mig-1g.10gb", "5Gi"), partly);
  CHECK(half.money.idleKnown);
  CHECK(half.money.idleUnknown.find("idle is not known of 1 workload, which holds ") == 0);
}

TEST_CASE("what cannot be handed out is overhead") {
  NodeText node;
  node.capacity = "nvidia.com/gpu: 4";
  node.gpus = 4;
  SUBCASE("a node that is not ready") {
    node.ready = "False";
    CHECK(Paid(text(node) + pod("p", "nvidia.com/gpu")).cents(Bucket::Overhead) == "23360.00");
  }
  SUBCASE("a device that is not healthy") {
    node.allocatable = "nvidia.com/gpu: 3";
    const Paid paid(text(node) + pod("p", "nvidia.com/gpu"));
    CHECK(paid.cents(Bucket::Overhead) == "5840.00");
    CHECK(paid.cents(Bucket::Dark) == "11680.00");
  }
  SUBCASE("a GPU that no resource stands for") {
    node.gpus = 5;
    CHECK(Paid(text(node)).cents(Bucket::Overhead) == "5840.00");
    CHECK(Paid(text(node)).cents(Bucket::Stranded) == "0.00");
  }
  SUBCASE("shares in time that nobody holds of a GPU that somebody has") {
    node.capacity = "nvidia.com/gpu: 16";
    node.labels = "nvidia.com/gpu.replicas: '4'";
    const Paid paid(text(node) + pod("p", "nvidia.com/gpu") + pod("q", "nvidia.com/gpu"));
    CHECK(paid.spend() == "23360.00");
    CHECK(paid.cents(Bucket::Right) == "2920.00");      // two quarters
    CHECK(paid.cents(Bucket::Overhead) == "8760.00");   // six quarters, of the two GPUs that they are on
    CHECK(paid.cents(Bucket::Dark) == "11680.00");
  }
}

TEST_CASE("what cannot be seen is unknown, and paid for all the same") {
  NodeText node;
  node.capacity = "nvidia.com/mig-1g.10gb: 7";
  SUBCASE("who holds slices") {
    auto snapshot = snapshotOf(text(node) + pod("p", "nvidia.com/mig-1g.10gb"));
    snapshot.heldKnown = false;
    for (Node& each : *snapshot.nodes) each.facts.requestedKnown = false;
    const Paid paid(std::move(snapshot));
    CHECK(paid.cents(Bucket::Right) == "730.00");
    CHECK(paid.cents(Bucket::Unknown) == "4380.00");
    CHECK(paid.cents(Bucket::Dark) == "0.00");
    CHECK(paid.money.boards[0].unknown == "what pods hold may not be read");
  }
  SUBCASE("labels and resources that do not agree") {
    node.capacity = "nvidia.com/mig-1g.10gb: 14";
    const Paid paid(text(node));
    CHECK(paid.cents(Bucket::Unknown) == "5840.00");
    CHECK(paid.money.boards[0].unknown == "1 GPU holds less than the node offers or its pods hold");
  }
  SUBCASE("labels that nobody can believe") {
    node.labels = "nvidia.com/gpu.replicas: '9000000000000000000', nvidia.com/mig-1g.10gb.replicas: '9000000000000000000'";
    CHECK(Paid(text(node)).cents(Bucket::Unknown) == "5840.00");
    node.labels.clear();
    const std::string cut = text(node);
    const Paid paid(cut.substr(0, cut.find("gpu.count: '1'")) + "gpu.count: '9000000000000000000'" + cut.substr(cut.find("gpu.count: '1'") + 14));
    CHECK(paid.money.boards[0].why == "it says that it has more GPUs than a node can have");
    CHECK(!paid.money.boards[0].price);
    CHECK(paid.money.entries.empty());
  }
  SUBCASE("another system that shares the GPUs") {
    node.capacity = "nvidia.com/gpu: 10, nvidia.com/gpumem: 81559";
    CHECK(Paid(text(node)).cents(Bucket::Unknown) == "5840.00");
  }
  SUBCASE("a slice that its product has not") {
    node.capacity = "nvidia.com/mig-1g.11gb: 1";
    CHECK(Paid(text(node)).cents(Bucket::Unknown) == "5840.00");
  }
  SUBCASE("nodes") {
    auto snapshot = snapshotOf(pod("p", "nvidia.com/mig-1g.10gb"));
    snapshot.nodes.reset();
    const Paid paid(std::move(snapshot));
    CHECK(!paid.money.nodesKnown);
    const MoneyReport report{paid.money, paid.savings, {}, {}};
    CHECK(moneyJson(paid.snapshot, paid.seen, report).find("\"total\"") == std::string::npos);
  }
}

TEST_CASE("parts add up to the whole, and what is left goes to the largest remainders") {
  CHECK(apportion(100, {1, 1, 1}) == std::vector<std::int64_t>{34, 33, 33});
  CHECK(apportion(10, {0, 7, 3}) == std::vector<std::int64_t>{0, 7, 3});
  CHECK(apportion(1, {1, 2}) == std::vector<std::int64_t>{0, 1});
  CHECK(apportion(5, {}).empty());
}

TEST_CASE("a saving is verified by what the spend fell, or others took") {
  NodeText node;
  node.gpus = 2;
  node.capacity = "nvidia.com/mig-7g.80gb: 1, nvidia.com/mig-1g.10gb: 7";
  const std::string cut = text(node), one = pod("chat", "nvidia.com/mig-1g.10gb", "5Gi"), all = pod("chat", "nvidia.com/mig-7g.80gb", "5Gi");
  const auto stated = [](const Paid& paid) { return statementOf(paid.snapshot, paid.seen, paid.money); };
  const Statement before = stated(Paid(cut + all));
  SUBCASE("the slice is smaller, and what it left is dark: nothing is saved") {
    const auto verified = verify(before, stated(Paid(cut + one)));
    REQUIRE(verified);
    CHECK(centsText(verified->smallerCents) == "5110.00");
    CHECK(verified->cents == 0);
  }
  SUBCASE("a GPU was given back") {
    NodeText smaller;
    smaller.capacity = "nvidia.com/mig-1g.10gb: 7";
    CHECK(verify(before, stated(Paid(text(smaller) + one)))->cents == 511000);
  }
  SUBCASE("another workload took what came free") {
    CHECK(centsText(verify(before, stated(Paid(cut + one + pod("new", "nvidia.com/mig-1g.10gb"))))->cents) == "730.00");
  }
  SUBCASE("it went: that is no saving of a smaller slice") { CHECK(verify(before, stated(Paid(cut)))->cents == 0); }
  SUBCASE("other prices and other currencies are not compared") {
    const auto dearer = verify(before, stated(Paid(snapshotOf(cut + one), {}, book("H100 80GB SXM5: 9"))));
    REQUIRE(!dearer);
    CHECK(dearer.error().message == "node gpu-1 has another price than before; give both the same price book");
    Statement euros = before;
    euros.currency = "EUR";
    CHECK(!verify(before, euros));
  }
  SUBCASE("what -o json says is read back") {
    const Paid paid(cut + all);
    const std::string json = "{\"scan\":{\"takenAt\":\"2026-06-01T00:00:00Z\"},\"money\":" + moneyJson(paid.snapshot, paid.seen, {paid.money, paid.savings, {}, {}}) + "}";
    const auto read = readStatement(json, "scan.json");
    REQUIRE(read);
    CHECK(read->currency == before.currency);
    CHECK(read->takenAt == before.takenAt);
    CHECK(read->spendCents == before.spendCents);
    CHECK(read->prices == before.prices);
    REQUIRE(read->workloads.size() == 1);
    CHECK(read->workloads.begin()->first == "team-a/Pod/chat");
    CHECK(read->workloads.begin()->second.cents == before.workloads.begin()->second.cents);
    CHECK(read->workloads.begin()->second.pods == 1);
    CHECK(!readStatement("{}", "scan.json"));
    for (const char* total : {"-1", "\"5\"", "1e300"})
      CHECK(!readStatement(fmt::format("{{\"money\":{{\"total\":{},\"nodes\":[],\"workloads\":[]}}}}", total), "scan.json"));
  }
}

TEST_CASE("in -o json every view adds up to the total, and every row to its buckets") {
  std::string yaml;
  for (int i = 0; i < 5; ++i) {
    NodeText node;
    node.name = fmt::format("gpu-{}", i);
    node.product = i % 2 == 0 ? std::string(kH100) : "NVIDIA-A100-SXM4-40GB";
    node.gpus = 3;
    const std::string slice = i % 2 == 0 ? "nvidia.com/mig-3g.40gb" : "nvidia.com/mig-1g.5gb";
    node.capacity = slice + ": 5";
    node.ready = i == 4 ? "False" : "True";
    yaml += text(node);
    for (int j = 0; j < 3; ++j) yaml += pod(fmt::format("p{}-{}", i, j), slice, j == 0 ? "" : "4Gi", node.name);
  }
  NodeText unpriced;
  unpriced.name = "gpu-5";
  unpriced.product = "NVIDIA-L40";
  unpriced.capacity = "nvidia.com/gpu: 1";
  const Paid paid(snapshotOf(yaml + text(unpriced)), {}, book("H100 80GB SXM5: 3.333333, A100 40GB: 1.777777"));
  const auto document = json::Document::parse(moneyJson(paid.snapshot, paid.seen, {paid.money, paid.savings, {}, {}}));
  REQUIRE(document);
  const auto hundredths = [](json::View value) { return Quantity::parse(value.scalarText().value_or("0"))->nanos() / 10'000'000; };
  const auto sumOfBuckets = [&](json::View row) {
    Int128 sum = 0;
    for (const auto each : row.members()) sum += hundredths(each.value);
    return sum;
  };
  const json::View money = document->root();
  CHECK(hundredths(money["total"]) == paid.money.cents);
  CHECK(sumOfBuckets(money["buckets"]) == paid.money.cents);
  CHECK(hundredths(money["gpuHours"]["total"]) == 16 * 73'000);
  for (const std::string_view view : {"namespaces", "workloads", "models", "products", "nodes"}) {
    CAPTURE(view);
    Int128 total = 0, hours = 0;
    for (const json::View row : money[view].elements()) {
      CHECK(sumOfBuckets(row["buckets"]) == hundredths(row["total"]));
      CHECK(sumOfBuckets(row["gpuHours"]["buckets"]) == hundredths(row["gpuHours"]["total"]));
      total += hundredths(row["total"]);
      hours += hundredths(row["gpuHours"]["total"]);
    }
    CHECK(total == paid.money.cents);
    CHECK(hours == 16 * 73'000);
  }
}

TEST_CASE("waste is never above spend: the example of the field's scanner") {
  // piqc's README: spend 2300.40 a day, waste 2755.15, since idle was counted at the full price and the size on top of it.
  NodeText node;
  node.gpus = 8;
  node.capacity = "nvidia.com/gpu: 6, nvidia.com/mig-1g.10gb: 14";
  std::string yaml = text(node);
  for (int i = 0; i < 6; ++i) yaml += pod(fmt::format("p{}", i), "nvidia.com/gpu", "5Gi");
  const Paid paid(yaml, [](Index) { return MeasuredUse{900, {}}; });
  REQUIRE(paid.findings(Code::Oversized).size() == 6);
  const Sum sum = sumOf(paid.money);
  CHECK(paid.spend() == "46720.00");
  CHECK(sum.totalCents() == paid.money.cents);
  CHECK(paid.cents(Bucket::Idle) == "31536.00");
  CHECK(paid.cents(Bucket::Oversized) == "3066.00");
  CHECK(paid.cents(Bucket::Right) == "438.00");
}
