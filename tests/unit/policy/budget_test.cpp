#include "policy/budget.hpp"

#include "judged.hpp"

using namespace rightslice;
using namespace rightslice::policy;
using namespace rightslice::policy::judged;

namespace {

constexpr std::string_view kPrices = "prices: {currency: USD, date: '2026-05-01', gpuHour: {NVIDIA-H100-80GB-HBM3: 4}}";

Manifest fitting(int replicas = 1) {
  Manifest manifest;
  manifest.annotations = footprint(30 * kGiB);
  manifest.replicas = replicas;
  return manifest;
}
Request::Usage usage(const Manifest& manifest, std::string_view surroundings = "") {
  World world;
  world.surroundings = std::string(surroundings);
  return usageOf(workloadOf(manifest), world.set(), Catalogue{}, world.around());
}
std::string budget(std::string_view members) { return h100Policy(fmt::format("  budget: {{{}}}", members)); }
std::string costBudget(int amount) { return budget(fmt::format("cost: {{amount: {}, currency: USD, per: month}}", amount)); }

}  // namespace

TEST_CASE("memory is usable x count x replicas; GPUs are shares; cost needs the user's own book") {
  CHECK(usage(fitting()).memory == kHolds3g);
  CHECK(usage(fitting(3)).memory == 3 * kHolds3g);
  CHECK(usage(fitting()).gpuMillis == 500);
  CHECK(usage(fitting(3)).gpuMillis == 1500);
  CHECK(usage(fitting()).costCents == 0);  // the shipped book counts for nothing
  CHECK(usage(fitting(3), kPrices).costCents == 438'000);
  auto two = fitting();
  two.limits = R"("nvidia.com/mig-1g.10gb":2)";
  CHECK(usage(two).memory == 2 * kHolds1g);
  CHECK(usage(two).gpuMillis == 250);
  auto whole = fitting();
  whole.limits = R"("nvidia.com/gpu":2)";
  CHECK(usage(whole).memory == 2 * kHoldsWhole);
  CHECK(usage(whole).gpuMillis == 2000);
  auto none = fitting();
  none.limits.clear();
  CHECK(usage(none).memory == 0);
  auto invalid = fitting();
  invalid.limits = R"("nvidia.com/mig-3g.40gb":"0.5")";
  CHECK(usage(invalid).memory == 0);
  CHECK(usage(fitting(0)).memory == 0);
}

TEST_CASE("a pod counts the larger of its largest init container and the sum of the others") {
  auto manifest = fitting();
  const auto init = [](std::string_view profile, std::string_view rest = "") {
    return fmt::format(R"({{"name":"i{}","image":"x","resources":{{"limits":{{"nvidia.com/mig-{}":1}}}}{}}})", profile, profile, rest);
  };
  manifest.podSpec = fmt::format(R"("initContainers":[{}])", init("1g.10gb"));
  CHECK(usage(manifest).memory == kHolds3g);
  manifest.podSpec = fmt::format(R"("initContainers":[{}])", init("7g.80gb"));
  CHECK(usage(manifest).memory == kHolds7g);
  manifest.podSpec = fmt::format(R"("initContainers":[{},{}])", init("7g.80gb"), init("1g.10gb"));
  CHECK(usage(manifest).memory == kHolds7g);
  manifest.podSpec = fmt::format(R"("initContainers":[{}])", init("1g.10gb", R"(,"restartPolicy":"Always")"));
  CHECK(usage(manifest).memory == kHolds3g + kHolds1g);
  manifest.podSpec.clear();
  manifest.more = R"(,{"name":"b","image":"x","resources":{"limits":{"nvidia.com/mig-1g.10gb":1}}})";
  CHECK(usage(manifest).memory == kHolds3g + kHolds1g);
}

TEST_CASE("over budget begins one unit above the budget") {
  struct Row {
    std::string_view rule;
    std::string policy;
    bool over;
  };
  const Row rows[] = {
      {"memory reached", budget(fmt::format("memory: {}", 2 * kHolds3g)), false},
      {"memory passed", budget(fmt::format("memory: {}", 2 * kHolds3g - 1)), true},
      {"GPUs reached", budget("gpus: 1"), false},
      {"GPUs passed", budget("gpus: 0.9"), true},
      {"cost reached", costBudget(2920), false},
      {"cost passed", costBudget(2919), true},
      {"one of several passed", budget("memory: 500Gi, gpus: 0.5"), true},
  };
  for (const auto& row : rows) {
    CAPTURE(row.rule);
    World world{row.policy, std::string(kPrices), {}};
    world.request.usageKnown = true;
    CHECK(said(world.judge(fitting(2))) == (row.over ? "OverBudget=deny" : ""));
  }
  World shipped{costBudget(1), "", {}};
  CHECK(said(shipped.judge(fitting(2))) == "");  // only the user's own prices count
}

TEST_CASE("what the namespace uses already counts, and an update replaces what its old object used") {
  World world{budget(fmt::format("memory: {}", 3 * kHolds3g)), "", {}};
  world.request.usageKnown = true;
  world.request.usage.memory = 2 * kHolds3g;
  CHECK(said(world.judge(fitting(1))) == "");
  CHECK(said(world.judge(fitting(2))) == "OverBudget=deny");
  const auto old = workloadOf(fitting(2));
  world.request.operation = Operation::Update;
  world.request.old = &old;
  CHECK(said(world.judge(fitting(3))) == "");
  CHECK(said(world.judge(fitting(4))) == "OverBudget=deny");
}

TEST_CASE("a request that does not raise its use passes, however much is in use") {
  World world{budget("memory: 1Gi"), "", {}};
  world.request.usageKnown = true;
  world.request.usage.memory = 100 * kHolds3g;
  const auto old = workloadOf(fitting(4));
  world.request.operation = Operation::Update;
  world.request.old = &old;
  CHECK(said(world.judge(fitting(4))) == "");
  CHECK(said(world.judge(fitting(3))) == "");
  CHECK(said(world.judge(fitting(5))) == "OverBudget=deny");
}

TEST_CASE("where the use of others decides and is not known, the verdict says so") {
  World world{budget(fmt::format("memory: {}", 2 * kHolds3g)), "", {}};
  auto judgement = world.judge(fitting(1));
  CHECK(said(judgement) == "");
  CHECK(judgement.unknown == std::vector<std::string>{"what else runs in namespace team-a"});
  world.request.usageKnown = true;
  CHECK(world.judge(fitting(1)).unknown == std::vector<std::string>{"autoscalers in namespace team-a"});
  world.request.autoscalersKnown = true;
  CHECK(world.judge(fitting(1)).unknown.empty());
  world.request.usageKnown = false;
  judgement = world.judge(fitting(3));
  CHECK(said(judgement) == "OverBudget=deny");  // alone too much: nothing unknown decides
}

TEST_CASE("the message says how much is taken, how much is in use and what the budget is") {
  World world{budget("memory: 60Gi, gpus: 0.75"), "", {}};
  world.request.usageKnown = true;
  world.request.usage = {kHolds3g, 500, 0};
  const auto message = finding(world.judge(fitting()), Code::OverBudget).message;
  CHECK(contains(message, "39.5 GiB, with 39.5 GiB already in use, of a budget of 60 GiB"));
  CHECK(contains(message, "0.5 GPUs, with 0.5 GPUs already in use, of a budget of 0.75 GPUs"));
  CHECK(contains(message, "team-a/p"));
}

namespace {
workload::Autoscaler scaling(std::string name, std::int64_t most, std::string target = "chat") {
  return {"HorizontalPodAutoscaler", "team-a", std::move(name), "apps", "Deployment", std::move(target), most, false};
}
}  // namespace

TEST_CASE("an object that is scaled counts with the autoscaler's maximum, or with more where it asks for more") {
  const auto four = scaling("chat", 4);
  const auto used = [&](int replicas) { return usageOf(workloadOf(fitting(replicas)), World{}.set(), Catalogue{}, {}, &four).memory; };
  CHECK(used(1) == 4 * kHolds3g);
  CHECK(used(4) == 4 * kHolds3g);
  CHECK(used(6) == 6 * kHolds3g);
  CHECK(used(0) == 0);  // turned off

  World world{budget("gpus: 1.5"), "", {}};
  world.request.usageKnown = world.request.autoscalersKnown = true;
  CHECK(said(world.judge(fitting(3))) == "");
  world.request.autoscaler = &four;
  CHECK(said(world.judge(fitting(1))) == "OverBudget=deny");
  CHECK(said(world.judge(fitting(0))) == "");

  // What stays under the counted maximum passes as long as what really runs keeps to the budget: an autoscaler that was allowed more
  // than there is does not get it. And down it always goes.
  const auto old = workloadOf(fitting(1)), many = workloadOf(fitting(9)), off = workloadOf(fitting(0));
  world.request.operation = Operation::Update;
  world.request.old = &old;
  CHECK(said(world.judge(fitting(3))) == "");
  CHECK(said(world.judge(fitting(4))) == "OverBudget=deny");
  CHECK(contains(finding(world.judge(fitting(4)), Code::OverBudget).message, "takes 2 GPUs, with 0 GPUs already in use, of a budget of 1.5 GPUs; ask"));
  CHECK(said(world.judge(fitting(5))) == "OverBudget=deny");
  world.request.written.gpuMillis = 500 + 1000;  // its own, and others
  world.request.usage.gpuMillis = 2000 + 5000;   // of which an autoscaler may make much more
  CHECK(said(world.judge(fitting(1))) == "");
  CHECK(said(world.judge(fitting(2))) == "OverBudget=deny");
  world.request.written = world.request.usage = {};
  world.request.old = &many;
  CHECK(said(world.judge(fitting(8))) == "");
  world.request.old = &off;  // turned on again it counts with all that it may become
  CHECK(said(world.judge(fitting(1))) == "OverBudget=deny");
}

TEST_CASE("the message names the autoscaler that decides, and those of what is in use") {
  const auto own = scaling("chat", 4), other = scaling("other", 6, "other"), third = scaling("third", 9, "third");
  World world{budget("gpus: 1.5"), "", {}};
  world.request.usageKnown = world.request.autoscalersKnown = true;
  world.request.autoscaler = &own;
  const auto message = [&](int replicas) { return finding(world.judge(fitting(replicas)), Code::OverBudget).message; };
  CHECK(contains(message(1), "this object takes 2 GPUs, with 0 GPUs already in use, of a budget of 1.5 GPUs; it counts with 4 replicas, the maximum of "
                             "HorizontalPodAutoscaler chat; ask for less, lower that maximum, or have the budget raised"));
  CHECK_FALSE(contains(message(5), "the maximum of"));  // it is its own replicas that count
  CHECK(contains(message(5), "lower the replicas"));
  const std::vector<const workload::Autoscaler*> inUse{&own, &other, &third};
  world.request.autoscalersInUse = &inUse;
  CHECK(contains(message(5), "; in use includes the maximum of HorizontalPodAutoscaler other (6), HorizontalPodAutoscaler third (9); ask for less"));
  const std::vector<const workload::Autoscaler*> many{&other, &third, &other, &third, &other};
  world.request.autoscalersInUse = &many;
  CHECK(contains(message(5), "HorizontalPodAutoscaler other (6) and 2 more"));
}

TEST_CASE("pods of a rollout are said where they pass the budget for a while, and deny nothing") {
  World world{budget("gpus: 2"), "", {}};
  world.request.usageKnown = world.request.autoscalersKnown = true;
  const auto old = workloadOf(fitting(4));
  world.request.operation = Operation::Update;
  world.request.old = &old;
  CHECK(world.judge(fitting(4)).notes.empty());
  world.request.surge = 1;
  const auto judgement = world.judge(fitting(4));
  CHECK(said(judgement) == "");
  CHECK(judgement.decision == Action::Allow);
  CHECK(judgement.notes == std::vector<std::string>{"while it rolls out, 1 more pod runs: takes 2.5 GPUs, with 0 GPUs already in use, of a budget of 2 GPUs (team-a/p)"});
  CHECK(world.judge(fitting(3)).notes.empty());  // there is room for it
  World audited = world;
  audited.policies = h100Policy("  budget: {gpus: 2}", "p", "audit");
  CHECK(audited.judge(fitting(4)).notes.empty());  // audit says nothing
}
