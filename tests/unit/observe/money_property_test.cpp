// Laws of money over clusters of any shape, beside a second, slow account of them: device by device, in fractions, without a unit in common.
#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <fmt/format.h>

#include <cmath>
#include <map>

#include "observe/money.hpp"
#include "observe/page/drawing.hpp"
#include "observe/savings.hpp"

using namespace rightslice;
using namespace rightslice::observe;

namespace {

const gpu::Catalogue& gpus() { return gpu::Catalogue::builtIn(); }

struct World {
  Snapshot snapshot;
  Observation seen;
  workload::RateBook book;
  std::vector<MeasuredUse> uses;
  Measured measured() const {
    return [this](Index deployed) { return uses[deployed]; };
  }
};

template <class T>
T among(const std::vector<T>& values) { return values[*rc::gen::inRange<std::size_t>(0, values.size())]; }
std::int64_t number(std::int64_t from, std::int64_t to) { return *rc::gen::inRange<std::int64_t>(from, to + 1); }
bool chance(int percent) { return number(1, 100) <= percent; }

/// Workloads that may be oversized, measured, or not judged at all. One container each, named main.
void addWorkloads(World& world) {
  const auto count = number(1, 4);
  for (std::int64_t i = 0; i < count; ++i) {
    WorkloadState state;
    state.judgement.kind = "Deployment";
    state.judgement.ns = among<std::string>({"a", "b"});
    state.judgement.name = fmt::format("w{}", i);
    if (chance(80)) {
      policy::ContainerJudgement& made = state.judgement.containers.emplace_back();
      made.name = "main";
      made.model = among<std::string>({"", "m1", "m2"});
      made.requested.emplace();
      made.requested->resource = among<std::string>({"nvidia.com/gpu", "nvidia.com/mig-3g.40gb", "nvidia.com/mig-2g.10gb", "nvidia.com/mig-7g.141gb"});
      if (chance(70)) made.need.emplace();
      if (chance(60)) {
        made.recommended.emplace();
        made.recommended->profile = among<std::string>({"1g.10gb", "1g.5gb", "1g.18gb", "3g.40gb", "1g.6gb", ""});
        if (made.recommended->profile.empty()) made.recommended->count = 1;
        Finding finding;
        finding.code = Code::Oversized;
        finding.container = "main";
        state.findings.push_back(finding);
      }
    }
    world.seen.workloads.push_back(std::move(state));
    world.seen.placement.deployed.emplace_back();
    world.uses.push_back({chance(50) ? std::optional<int>(static_cast<int>(number(0, 1000))) : std::nullopt, std::nullopt});
  }
}

Index addPod(World& world, std::string text = "{\"spec\":{}}") {
  Pod& pod = world.snapshot.pods.emplace_back();
  pod.name = fmt::format("p{}", world.snapshot.pods.size());
  pod.text = std::make_shared<const std::string>(std::move(text));
  return world.snapshot.pods.size() - 1;
}

void addNode(World& world) {
  Node node;
  node.facts.name = fmt::format("n{}", world.snapshot.nodes->size());
  node.ready = chance(90);
  if (chance(90)) node.facts.devices.emplace();
  else if (chance(50)) node.facts.devices = {{"gpu", "NVIDIA-B200", "", 0, 1}};
  Board board;
  board.node = world.snapshot.nodes->size();
  const std::string name = among<std::string>({"NVIDIA-H100-80GB-HBM3", "NVIDIA-A100-SXM4-40GB", "NVIDIA-H200", "NVIDIA-A30", "NVIDIA-L40"});
  board.geometry.productName = name;
  board.geometry.product = gpus().find(name);
  if (chance(95)) board.geometry.gpus = number(1, 8);
  board.geometry.shares = chance(80) ? 1 : number(2, 5);
  if (chance(5)) board.geometry.sharing = "HAMi";
  const bool askedKnown = chance(85);
  for (int i = 0; i < 3; ++i) {
    SliceUse row;
    const auto* product = board.geometry.product;
    const bool whole = product == nullptr || chance(30);
    row.profile = whole ? "" : product->profiles[*rc::gen::inRange<std::size_t>(0, product->profiles.size())].name;
    row.resource = whole ? "nvidia.com/gpu" : "nvidia.com/mig-" + product->profile(row.profile)->parts.resourceSuffix();
    if (chance(4)) row.resource = "volcano.sh/vgpu-number", row.profile = "";
    bool there = false;
    for (const SliceUse& each : board.slices) there = there || each.resource == row.resource;
    if (there) continue;
    row.capacity = number(0, 6);
    row.offered = chance(80) ? row.capacity : number(0, 6);
    std::int64_t held = 0;
    while (chance(55) && held < 6) {
      Hold hold;
      hold.deployed = *rc::gen::inRange<std::size_t>(0, world.seen.workloads.size());
      hold.pod = addPod(world);
      hold.container = "main";
      hold.resource = row.resource;
      hold.profile = row.profile;
      hold.count = number(1, 2);
      held += hold.count;
      board.holds.push_back(hold);
    }
    if (askedKnown) row.asked = held + (chance(80) ? 0 : number(0, 2));
    board.slices.push_back(row);
  }
  world.snapshot.nodes->push_back(std::move(node));
  world.seen.placement.boards.push_back(std::move(board));
  world.seen.nodes.emplace_back();
}

World anyWorld() {
  World world;
  world.snapshot.takenAt = "2026-06-01T00:00:00Z";
  world.snapshot.nodes.emplace();
  world.book.book.currency = "USD";
  for (const char* product : {"NVIDIA-H100-80GB-HBM3", "NVIDIA-A100-SXM4-40GB", "NVIDIA-H200", "NVIDIA-A30", "NVIDIA-L40"})
    if (chance(80)) world.book.book.gpuHourMicros[product] = number(1, 12'000'000);
  if (chance(50)) {
    workload::Rate rate;
    rate.product = "NVIDIA-H200";
    rate.micros = number(1, 90'000'000);
    rate.divisor = number(1, 600'000);
    world.book.rates.push_back(rate);
  }
  addWorkloads(world);
  const auto count = number(1, 4);
  for (std::int64_t i = 0; i < count; ++i) addNode(world);
  const auto waiting = number(0, 3);
  for (std::int64_t i = 0; i < waiting; ++i) {
    Hold hold;
    hold.pod = addPod(world);
    hold.container = "main";
    hold.profile = among<std::string>({"3g.40gb", "1g.5gb", ""});
    hold.resource = hold.profile.empty() ? "nvidia.com/gpu" : "nvidia.com/mig-" + hold.profile;
    hold.count = 1;
    world.seen.placement.waiting.push_back(hold);
  }
  return world;
}

// ---- the slow account

/// GPUs in each bucket, and in each bucket of each workload, of one node. Doubles: it is right to a thousandth of a cent, and no more is asked.
struct Account {
  std::map<Bucket, long double> buckets;
  std::map<std::pair<Index, Bucket>, long double> workloads;
};

std::optional<long double> partOf(const gpu::Product* product, const std::string& profile) {
  if (profile.empty()) return 1.0L;
  if (product == nullptr || !product->memorySlices) return std::nullopt;
  for (const auto& each : product->profiles)
    if (each.name == profile && each.memorySlices) return static_cast<long double>(*each.memorySlices) / *product->memorySlices;
  return std::nullopt;
}

Account accountOf(const World& world, const Board& board) {
  Account out;
  const Node& node = (*world.snapshot.nodes)[board.node];
  const long double all = static_cast<long double>(*board.geometry.gpus);
  const auto only = [&](Bucket bucket) { return Account{{{bucket, all}}, {}}; };
  if (!node.ready) return only(Bucket::Overhead);
  if (!board.geometry.sharing.empty()) return only(Bucket::Unknown);
  long double left = all;
  bool cut = false;
  for (const SliceUse& row : board.slices) {
    const auto part = partOf(board.geometry.product, row.profile);
    if (!part || row.resource.starts_with("volcano")) return only(Bucket::Unknown);
    cut = cut || !row.profile.empty();
    const std::int64_t shares = row.resource == "nvidia.com/gpu" ? board.geometry.shares : 1;
    const long double each = *part / static_cast<long double>(shares);
    // Device by device: who has it?
    std::vector<const Hold*> holders;
    for (const Hold& hold : board.holds)
      if (hold.resource == row.resource) holders.insert(holders.end(), static_cast<std::size_t>(hold.count), &hold);
    const std::int64_t held = static_cast<std::int64_t>(holders.size()), others = row.asked ? std::max<std::int64_t>(0, *row.asked - held) : 0;
    const std::int64_t devices = std::max({row.capacity, row.offered, held + others});
    std::int64_t untouched = 0;   // shares of GPUs that nobody is on
    for (std::int64_t gpu = 0; gpu * shares < row.offered; ++gpu)
      if (gpu >= held + others) untouched += shares;
    for (std::int64_t i = 0; i < devices; ++i) {
      left -= each;
      if (i < held) {
        const Hold& hold = *holders[static_cast<std::size_t>(i)];
        const WorkloadState& state = world.seen.workloads[hold.deployed];
        const long double idle = each * world.uses[hold.deployed].idlePerMille.value_or(0) / 1000.0L;
        long double over = 0;
        if (!state.findings.empty() && shares == 1 && state.judgement.containers[0].requested->resource == row.resource) {
          const auto& better = *state.judgement.containers[0].recommended;
          const auto needs = partOf(board.geometry.product, better.profile);
          // Of a container's devices that many others would do; each device has its share of what is beyond.
          const long double count = static_cast<long double>(better.count.value_or(hold.count));
          if (needs && count <= static_cast<long double>(hold.count)) over = std::max(0.0L, each - *needs * count / static_cast<long double>(hold.count));
        }
        over *= (each - idle) / each;
        const auto add = [&](Bucket bucket, long double amount) {
          out.buckets[bucket] += amount;
          out.workloads[{hold.deployed, bucket}] += amount;
        };
        add(Bucket::Idle, idle);
        add(Bucket::Oversized, over);
        add(Bucket::Right, each - idle - over);
      } else if (i < held + others) {
        out.buckets[Bucket::Unknown] += each;
      } else if (i >= row.offered) {
        out.buckets[Bucket::Overhead] += each;
      } else if (!row.asked) {
        out.buckets[Bucket::Unknown] += each;
      } else if (shares == 1 || row.offered - i <= untouched) {
        out.buckets[Bucket::Dark] += each;
      } else {
        out.buckets[Bucket::Overhead] += each;
      }
    }
  }
  if (left < -1e-9L) return only(Bucket::Unknown);
  const bool claims = node.facts.devices ? !node.facts.devices->empty() : board.slices.empty();
  out.buckets[claims ? Bucket::Unknown : cut ? Bucket::Stranded : Bucket::Overhead] += std::max(0.0L, left);
  return out;
}

}  // namespace

TEST_CASE("every cent of every node stands in one bucket, and every view sums to the spend") {
  CHECK(rc::check("sums", [] {
    const World world = anyWorld();
    const Money money = moneyOf(world.snapshot, world.seen, gpus(), world.book, world.measured());
    std::int64_t spend = 0;
    for (Index i = 0; i < money.boards.size(); ++i) {
      std::int64_t cents = 0, hours = 0;
      for (const MoneyEntry& each : money.entries) {
        RC_ASSERT(each.cents >= 0);
        RC_ASSERT(each.centihours >= 0);
        if (each.board == i) cents += each.cents, hours += each.centihours;
      }
      RC_ASSERT(cents == money.boards[i].cents);
      RC_ASSERT(hours == world.seen.placement.boards[i].geometry.gpus.value_or(0) * 73'000);
      spend += cents;
    }
    RC_ASSERT(money.cents == spend);
    RC_ASSERT(sumOf(money).totalCents() == spend);
    for (const View view : {View::Namespace, View::Workload, View::Model, View::Product, View::Node}) {
      Sum together;
      for (const ViewRow& row : viewOf(world.snapshot, world.seen, money, view)) {
        for (std::size_t b = 0; b < kBuckets; ++b) together.cents[b] += row.sum.cents[b], together.centihours[b] += row.sum.centihours[b];
        together.unjudgedCents += row.sum.unjudgedCents;
      }
      RC_ASSERT(together.cents == sumOf(money).cents);
      RC_ASSERT(together.centihours == sumOf(money).centihours);
      RC_ASSERT(together.unjudgedCents == sumOf(money).unjudgedCents);
      RC_ASSERT(together.unjudgedCents <= together.cents[static_cast<std::size_t>(Bucket::Right)]);
    }
  }));
}

TEST_CASE("each part is what a slow account of the devices says, to the rounding of its cents") {
  CHECK(rc::check("oracle", [] {
    const World world = anyWorld();
    const Money money = moneyOf(world.snapshot, world.seen, gpus(), world.book, world.measured());
    for (Index i = 0; i < money.boards.size(); ++i) {
      const Board& board = world.seen.placement.boards[i];
      if (!board.geometry.gpus) {
        RC_ASSERT(money.boards[i].cents == 0);
        continue;
      }
      const Account account = accountOf(world, board);
      const auto& price = money.boards[i].price;
      const long double gpuMonth = price ? static_cast<long double>(price->micros) / static_cast<long double>(price->divisor) * 730 / 10'000 : 0;
      RC_ASSERT(std::fabs(static_cast<long double>(money.boards[i].cents) - gpuMonth * static_cast<long double>(*board.geometry.gpus)) <= 0.5001L);
      std::map<Bucket, std::pair<std::int64_t, int>> buckets;
      std::map<std::pair<Index, Bucket>, std::pair<std::int64_t, int>> workloads;
      const auto count = [](auto& to, std::int64_t cents) { to.first += cents, ++to.second; };
      for (const MoneyEntry& each : money.entries) {
        if (each.board != i) continue;
        count(buckets[each.part.bucket], each.cents);
        if (each.part.deployed) count(workloads[{*each.part.deployed, each.part.bucket}], each.cents);
      }
      // Each entry is within a cent of its share of a total that is itself rounded; a thousandth of a slice may be cut off in units.
      const auto near = [&](std::int64_t cents, int entries, long double gpuPart) { return std::fabs(static_cast<long double>(cents) - gpuPart * gpuMonth) <= 1.51L * (entries + 1) + 0.001L * gpuMonth; };
      for (const auto& [bucket, gpuPart] : account.buckets) RC_ASSERT(near(buckets[bucket].first, buckets[bucket].second, gpuPart));
      for (const auto& [bucket, made] : buckets) RC_ASSERT(account.buckets.contains(bucket) || made.first == 0);
      for (const auto& [key, gpuPart] : account.workloads) RC_ASSERT(near(workloads[key].first, workloads[key].second, gpuPart));
      for (const auto& [key, made] : workloads) RC_ASSERT(account.workloads.contains(key) || made.first == 0);
    }
  }));
}

TEST_CASE("what the page draws of each node fills its GPUs, and is what is counted of each bucket and workload") {
  CHECK(rc::check("drawing", [] {
    const World world = anyWorld();
    MoneyReport paid{moneyOf(world.snapshot, world.seen, gpus(), world.book, world.measured()), {}, {}, {}};
    const Report report{world.snapshot, world.seen, world.measured(), std::move(paid)};
    const auto drawn = page::drawingOf(report);
    RC_ASSERT(drawn.size() == world.seen.placement.boards.size());
    for (Index i = 0; i < drawn.size(); ++i) {
      RC_ASSERT(static_cast<std::int64_t>(drawn[i].gpus.size()) == world.seen.placement.boards[i].geometry.gpus.value_or(0));
      std::map<std::pair<Bucket, std::optional<Index>>, std::int64_t> pieces, parts;
      for (const auto& gpu : drawn[i].gpus) {
        std::int64_t at = 0;
        for (const page::Piece& each : gpu) {
          RC_ASSERT(each.start == at);
          RC_ASSERT(each.length > 0);
          at += each.length;
          pieces[{each.bucket, each.deployed}] += each.length;
        }
        RC_ASSERT(at == drawn[i].unitsPerGpu);
      }
      for (const MoneyEntry& each : report.money.money.entries)
        if (each.board == i) parts[{each.part.deployed ? Bucket::Right : each.part.bucket, each.part.deployed}] += each.part.units;
      RC_ASSERT(pieces == parts);
    }
  }));
}

TEST_CASE("waste is never above spend, nor what is realisable above the list, nor what is verified above what became smaller") {
  CHECK(rc::check("savings", [] {
    const World before = anyWorld();
    const Money money = moneyOf(before.snapshot, before.seen, gpus(), before.book, before.measured());
    const Savings savings = savingsOf(before.snapshot, before.seen, gpus(), money);
    const Sum sum = sumOf(money);
    RC_ASSERT(sum.totalCents() - sum.cents[static_cast<std::size_t>(Bucket::Right)] <= money.cents);
    RC_ASSERT(savings.listCents == sum.cents[static_cast<std::size_t>(Bucket::Oversized)]);
    RC_ASSERT(savings.realisableCents <= savings.listCents);
    for (const BoardSavings& each : savings.boards) {
      RC_ASSERT(each.realisableCents.value_or(0) >= 0);
      RC_ASSERT(each.realisableCents.value_or(0) <= each.listCents);
      RC_ASSERT(each.freedGpus <= *before.seen.placement.boards[each.board].geometry.gpus);
    }
    World after = anyWorld();
    after.book = before.book;
    const Money now = moneyOf(after.snapshot, after.seen, gpus(), after.book, after.measured());
    const auto verified = verify(statementOf(before.snapshot, before.seen, money), statementOf(after.snapshot, after.seen, now));
    if (!verified) return;   // a node of the same name at another price
    RC_ASSERT(verified->cents >= 0);
    RC_ASSERT(verified->cents <= verified->smallerCents);
    RC_ASSERT(verified->smallerCents <= money.cents);
    const auto same = verify(statementOf(before.snapshot, before.seen, money), statementOf(before.snapshot, before.seen, money));
    RC_ASSERT(same);
    RC_ASSERT(same->cents == 0);
  }));
}
