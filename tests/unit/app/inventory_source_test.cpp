#include "app/inventory_source.hpp"

#include <doctest/doctest.h>

#include "policy/load.hpp"
#include "written.hpp"

using namespace rightslice;
using namespace rightslice::app;

namespace {

RunningText deployment(const std::string& name, int replicas) {
  return {"Deployment", "team-a", name, "u-" + name, std::make_shared<const std::string>(fmt::format(
                            R"({{"apiVersion":"apps/v1","kind":"Deployment","metadata":{{"name":"{}","namespace":"team-a","uid":"u-{}"}},"spec":{{"replicas":{},)"
                            R"("template":{{"spec":{{"containers":[{{"name":"c","resources":{{"limits":{{"nvidia.com/mig-1g.10gb":"1"}}}}}}]}}}}}}}})",
                            name, name, replicas)), "apps"};
}

struct Setting {
  explicit Setting(std::string_view more) {
    policy::LoadOptions options;
    options.gpus = &gpu::Catalogue::builtIn();
    auto loaded = policy::load(written::policy("team-a", "enforce", more), "p.yaml", options);
    REQUIRE(loaded.ok());
    policies = policy::PolicySet(std::move(loaded.policies), {});
  }
  admission::Environment environment() const { return {&policies, {}, &surroundings, {}}; }
  policy::PolicySet policies;
  workload::Surroundings surroundings;
};

}  // namespace

TEST_CASE("use is computed where there is a budget, once for what did not change") {
  const Setting budget("  gpus: [NVIDIA-H100-80GB-HBM3]\n  budget: {gpus: 4}\n");
  InventorySource source;
  const auto one = deployment("one", 1), two = deployment("two", 2);
  source.take({one, two}, budget.environment(), "1");
  const auto first = source.current();
  CHECK(first->usage("team-a").gpuMillis == 375);
  CHECK(first->usage("team-b").gpuMillis == 0);
  CHECK(first->byUid("u-two")->name == "two");
  CHECK(first->byUid("") == nullptr);
  source.take({two}, budget.environment(), "1");
  CHECK(source.current()->usage("team-a").gpuMillis == 250);
  CHECK(source.current()->find("apps", "Deployment", "team-a", "two") == first->find("apps", "Deployment", "team-a", "two"));
  source.take({two}, budget.environment(), "2");
  CHECK(source.current()->find("apps", "Deployment", "team-a", "two") != first->find("apps", "Deployment", "team-a", "two"));
}

TEST_CASE("without a budget owners are known and nothing is added up") {
  const Setting none("");
  InventorySource source;
  source.take({deployment("one", 1)}, none.environment(), "1");
  CHECK(source.current()->usage("team-a").gpuMillis == 0);
  CHECK(source.current()->byUid("u-one") != nullptr);
}

TEST_CASE("what takes too long goes on with the next call") {
  const Setting budget("  gpus: [NVIDIA-H100-80GB-HBM3]\n  budget: {gpus: 4}\n");
  InventorySource source;
  std::vector<RunningText> many;
  for (int i = 0; i < 200; ++i) many.push_back(deployment("d-" + std::to_string(i), 1));
  int calls = 1;
  CHECK_FALSE(source.take(many, budget.environment(), "1", nullptr, std::chrono::milliseconds(0)));
  CHECK_FALSE(source.current());
  while (!source.take(many, budget.environment(), "1", nullptr, std::chrono::milliseconds(1))) ++calls;
  CHECK(calls < 200);
  CHECK(source.current()->usage("team-a").gpuMillis == 25'000);
}

TEST_CASE("a change of what scales an object counts it anew, and nothing else") {
  const Setting budget("  gpus: [NVIDIA-H100-80GB-HBM3]\n  budget: {gpus: 4}\n");
  InventorySource source;
  auto one = deployment("one", 1), two = deployment("two", 2);
  one.group = two.group = "apps";
  const auto scaledTo = [](std::int64_t most) {
    return std::make_shared<const workload::Autoscalers>(
        std::vector<workload::Autoscaler>{{"HorizontalPodAutoscaler", "team-a", "h", "apps", "Deployment", "one", most, false}});
  };
  source.take({one, two}, budget.environment(), "1", scaledTo(4));
  const auto first = source.current();
  CHECK(first->usage("team-a").gpuMillis == 750);
  CHECK(first->written("team-a").gpuMillis == 375);
  REQUIRE(first->autoscalersInUse("team-a").size() == 1);
  CHECK(first->autoscalersInUse("team-a").front()->most == 4);
  CHECK(first->autoscalersInUse("team-b").empty());
  source.take({one, two}, budget.environment(), "1", scaledTo(8));
  CHECK(source.current()->usage("team-a").gpuMillis == 1250);
  CHECK(source.current()->find("apps", "Deployment", "team-a", "two") == first->find("apps", "Deployment", "team-a", "two"));
  source.take({one, two}, budget.environment(), "1", std::make_shared<const workload::Autoscalers>());
  CHECK(source.current()->usage("team-a").gpuMillis == 375);
  CHECK(source.current()->autoscalersKnown());
  source.take({one, two}, budget.environment(), "1");
  CHECK_FALSE(source.current()->autoscalersKnown());
}
