// What is planned for a cluster: pools, what is left alone and why, patches, and the words of PodDisruptionBudgets.
#include <doctest/doctest.h>

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "fixture.hpp"
#include "observe/plan/node_match.hpp"
#include "observe/plan/plan.hpp"

using namespace rightslice;
using namespace rightslice::observe;
using namespace rightslice::observe::plan;

namespace {

constexpr std::string_view kH100 = "NVIDIA-H100-80GB-HBM3";

std::string nodeOf(std::string_view name, std::string_view product, int gpus, std::string_view slices, std::string_view labels = "", std::string_view spec = "") {
  return fmt::format("---\napiVersion: v1\nkind: Node\n"
                     "metadata: {{name: {}, labels: {{nvidia.com/gpu.product: {}, nvidia.com/gpu.count: '{}', nvidia.com/mig.strategy: mixed{}}}}}\n"
                     "spec: {{{}}}\nstatus: {{capacity: {{{}}}, allocatable: {{{}}}, conditions: [{{type: Ready, status: 'True'}}]}}\n",
                     name, product, gpus, labels, spec, slices, slices);
}

std::string podOf(std::string_view name, std::string_view limits, std::string_view node, std::string_view spec = "") {
  const std::string status =
      node.empty() ? "phase: Pending, conditions: [{type: PodScheduled, status: 'False', reason: Unschedulable, message: none}]" : "phase: Running";
  return fmt::format("---\napiVersion: v1\nkind: Pod\nmetadata: {{name: {}, namespace: a, uid: {}, labels: {{app: {}}}}}\n"
                     "spec: {{nodeName: '{}'{}, containers: [{{name: main, image: x, resources: {{limits: {{{}}}}}}}]}}\nstatus: {{{}}}\n",
                     name, name, name, node, spec, limits, status);
}

std::string leftOf(const std::string& yaml) {
  const Look look(yaml);
  const Fleet fleet = fleetOf(look.snapshot, look.seen, true);
  REQUIRE_FALSE(fleet.nodes.empty());
  return fleet.nodes[0].left;
}

}  // namespace

TEST_CASE("what cannot be seen through is left as it is, and why is said") {
  CHECK(leftOf(nodeOf("g", kH100, 2, "nvidia.com/mig-3g.40gb: 4")).empty());
  CHECK(leftOf(nodeOf("g", "Unheard-Of", 1, "nvidia.com/mig-3g.40gb: 2")) == "its GPU product is not known");
  CHECK(leftOf(nodeOf("g", "RTX-PRO-5000-Blackwell-48GB", 1, "nvidia.com/gpu: 1")).starts_with("the catalogue does not know where slices of"));
  CHECK(leftOf(nodeOf("g", kH100, 1, "nvidia.com/mig-3g.40gb: 2", "", "unschedulable: true")) == "it is cordoned");
  CHECK(leftOf(nodeOf("g", kH100, 1, "nvidia.com/mig-3g.40gb: 2", ", nvidia.com/mig.config.state: pending")) == "its nvidia.com/mig.config.state is pending");
  CHECK(leftOf(nodeOf("g", kH100, 1, "nvidia.com/gpu: 4", ", nvidia.com/gpu.replicas: '4'")) == "its GPUs are shared in time");
  for (const char* strategy : {"single", "none"}) {
    auto whole = nodeOf("g", kH100, 1, "nvidia.com/gpu: 1");
    whole.replace(whole.find("mixed"), 5, strategy);
    CHECK(leftOf(whole).starts_with(fmt::format("its strategy is {}", strategy)));
  }
  CHECK(leftOf(nodeOf("g", kH100, 1, "nvidia.com/mig-4g.40gb: 2")) == "what it offers does not go on the GPUs that it says it has");
  CHECK(leftOf(nodeOf("g", kH100, 1, "nvidia.com/mig-1g.10gb: 7") + podOf("p", "nvidia.com/mig-3g.40gb: 1", "g")) ==
        "pods hold slices that it does not offer any more");
  CHECK(leftOf(nodeOf("g", kH100, 2, "nvidia.com/mig-4g.40gb: 2") + podOf("p", "nvidia.com/mig-4g.40gb: 2", "g")) ==
        "a pod on it asks for more than one GPU holds");
  SUBCASE("what is held is not known, or not by whom") {
    auto snapshot = snapshotOf(nodeOf("g", kH100, 1, "nvidia.com/mig-3g.40gb: 2"));
    (*snapshot.nodes)[0].facts.requested["nvidia.com/mig-3g.40gb"] = 1;
    const Look look(std::move(snapshot));
    CHECK(fleetOf(look.snapshot, look.seen, true).nodes[0].left == "pods that were not read hold slices of it");
    auto unknown = snapshotOf(nodeOf("g", kH100, 1, "nvidia.com/mig-3g.40gb: 2"));
    (*unknown.nodes)[0].facts.requestedKnown = false;
    const Look other(std::move(unknown));
    CHECK(fleetOf(other.snapshot, other.seen, true).nodes[0].left == "what is held on it is not known");
  }
}

TEST_CASE("a node with a pod that no drain evicts is left as it is") {
  const auto left = [](std::string_view owner) {
    std::string pod = podOf("p", "nvidia.com/mig-3g.40gb: 1", "g");
    pod.insert(pod.find(", labels:"), fmt::format(", ownerReferences: [{{apiVersion: v1, kind: {}, name: o, uid: o, controller: true}}]", owner));
    return leftOf(nodeOf("g", kH100, 1, "nvidia.com/mig-3g.40gb: 2") + pod);
  };
  CHECK(left("DaemonSet") == "no drain evicts pod a/p: take its DaemonSet o off the node first, by a selector or a taint");
  CHECK(left("Node") == "pod a/p on it is made by a file on the node, and no drain evicts it");
  CHECK(left("StatefulSet").empty());
}

TEST_CASE("nodes that pods tell apart are pools of their own") {
  const std::string two = nodeOf("a", kH100, 1, "nvidia.com/mig-3g.40gb: 2", ", zone: x") + nodeOf("b", kH100, 1, "nvidia.com/mig-3g.40gb: 2", ", zone: y");
  const auto pools = [](const std::string& yaml) {
    const Look look(yaml);
    return fleetOf(look.snapshot, look.seen, true).pools.size();
  };
  CHECK(pools(two + podOf("p", "nvidia.com/mig-3g.40gb: 1", "a")) == 1);
  CHECK(pools(two + podOf("p", "nvidia.com/mig-3g.40gb: 1", "a", ", nodeSelector: {zone: x}")) == 2);
  CHECK(pools(two + nodeOf("c", kH100, 1, "nvidia.com/mig-3g.40gb: 2", "", "taints: [{key: team, value: b, effect: NoSchedule}]")) == 2);
  CHECK(pools(two + nodeOf("c", "NVIDIA-A100-SXM4-80GB", 1, "nvidia.com/mig-3g.40gb: 2")) == 2);
}

TEST_CASE("two half empty GPUs become one, and the other is spare") {
  const Look look(nodeOf("a", kH100, 1, "nvidia.com/mig-3g.40gb: 2") + nodeOf("b", kH100, 1, "nvidia.com/mig-3g.40gb: 2") +
                  podOf("p", "nvidia.com/mig-3g.40gb: 1", "a") +
                  podOf("q", "nvidia.com/mig-3g.40gb: 1", "b"));
  const Plan plan = planOf(look.snapshot, look.seen, true);
  REQUIRE(plan.target.pools.size() == 1);
  CHECK(plan.target.pools[0].needed == 1);
  CHECK(plan.target.pools[0].atLeast == 1);
  CHECK(plan.configs.empty());
  REQUIRE(plan.migration.steps.size() == 1);
  CHECK(plan.migration.steps[0].kind == Step::Kind::Release);
  CHECK(plan.migration.steps[0].moves.size() == 1);
  CHECK(migPartedYaml(plan) == "# nothing is to be cut anew\nversion: v1\n");
  int spare = 0;
  for (const auto& node : plan.target.nodes) spare += node.gpus[0].fate == GpuTarget::Fate::Spare ? 1 : 0;
  CHECK(spare == 1);
}

TEST_CASE("a slice that waits is cut where nothing runs, and the budget of a drain is named") {
  const std::string budget = "---\napiVersion: policy/v1\nkind: PodDisruptionBudget\n"
                             "metadata: {name: keep, namespace: a}\nspec: {selector: {matchLabels: {app: p}}}\nstatus: {disruptionsAllowed: 0}\n";
  const std::string waits = podOf("w", "nvidia.com/mig-3g.40gb: 1", "");
  const Look idle(nodeOf("a", kH100, 1, "nvidia.com/mig-1g.10gb: 7") + nodeOf("b", kH100, 1, "nvidia.com/gpu: 1") + podOf("p", "nvidia.com/gpu: 1", "b") + waits);
  const Plan plan = planOf(idle.snapshot, idle.seen, true);
  REQUIRE(plan.configs.size() == 1);
  CHECK(migPartedYaml(plan) ==
        "version: v1\nmig-configs:\n  # a\n  rightslice-1:\n    - devices: all\n      mig-enabled: true\n      mig-devices:\n        \"1g.10gb\": 4\n        "
        "\"3g.40gb\": 1\n");
  REQUIRE(plan.migration.steps.size() == 1);
  CHECK(plan.migration.steps[0].starts.size() == 1);
  CHECK(plan.migration.steps[0].stops.empty());

  auto snapshot = snapshotOf(nodeOf("a", kH100, 1, "nvidia.com/mig-1g.10gb: 7") + podOf("p", "nvidia.com/mig-1g.10gb: 1", "a") + waits + budget);
  REQUIRE(snapshot.pods.size() == 2);
  snapshot.budgets = std::vector<Budget>{*readBudget(json::parseYaml(budget.substr(4)).documents[0].document.root())};
  const Look busy(std::move(snapshot));
  const Plan other = planOf(busy.snapshot, busy.seen, true);
  REQUIRE(other.migration.steps.size() == 1);
  const Step& step = other.migration.steps[0];
  CHECK(step.stops.size() == 1);                    // there is no other node for it
  CHECK(step.starts.size() == 2);
  CHECK(step.alone.size() == 1);                    // nothing makes the pod anew
  REQUIRE(step.budgets.size() == 1);
  CHECK(step.budgets[0].name == "keep");
  CHECK(step.budgets[0].allowed == 0);
}

TEST_CASE("what to know before a node is cut is said") {
  const auto notes = [](std::string yaml) {
    const Look look(yaml + podOf("w", "nvidia.com/mig-1g.34gb: 1", "") + podOf("v", "nvidia.com/mig-1g.10gb: 1", ""));
    const Plan plan = planOf(look.snapshot, look.seen, true);
    return notesOn(look.seen, plan, 0);
  };
  CHECK(notes(nodeOf("a", kH100, 1, "nvidia.com/mig-3g.40gb: 2")).empty());
  CHECK(notes(nodeOf("a", kH100, 1, "nvidia.com/mig-1g.10gb: 7")).empty());   // not cut anew
  CHECK(notes(nodeOf("a", kH100, 1, "nvidia.com/gpu: 1")).size() == 1);
  const auto inferred = notes(nodeOf("a", "NVIDIA-B300-SXM6-AC", 1, "nvidia.com/mig-7g.269gb: 1"));
  REQUIRE(inferred.size() == 1);
  CHECK(inferred[0].starts_with("where slices of B300 may lie was not printed by its driver"));
  auto untold = nodeOf("a", kH100, 1, "nvidia.com/mig-3g.40gb: 2");
  untold.erase(untold.find(", nvidia.com/mig.strategy: mixed"), 32);
  CHECK(notes(untold).front().starts_with("nvidia.com/mig.strategy of the node is not told"));
}

TEST_CASE("more than there is room for is said, and nothing is cut for it; what else waits is planned for") {
  const std::string node = nodeOf("a", kH100, 1, "nvidia.com/mig-3g.40gb: 2"), runs = podOf("p", "nvidia.com/mig-3g.40gb: 1", "a");
  const Look look(node + runs + podOf("big", "nvidia.com/mig-7g.80gb: 1", ""));
  const Plan plan = planOf(look.snapshot, look.seen, true);
  CHECK(plan.target.pools[0].impossible.empty());
  REQUIRE(plan.fleet.outside.size() == 1);
  CHECK(plan.fleet.outside[0].why == "it would take 2 GPUs, and there are 1");
  CHECK(plan.configs.empty());
  CHECK(plan.migration.steps.empty());

  const Look more(node + runs + podOf("big", "nvidia.com/mig-7g.80gb: 1", "") + podOf("s1", "nvidia.com/mig-1g.10gb: 1", "") +
                  podOf("s2", "nvidia.com/mig-4g.40gb: 1", "") + podOf("s3", "nvidia.com/mig-4g.40gb: 1", ""));
  const Plan other = planOf(more.snapshot, more.seen, true);
  std::set<std::string> outside;
  for (const auto& each : other.fleet.outside) outside.insert(more.snapshot.pods[*other.fleet.needs[each.need].pod].name);
  CHECK(outside == std::set<std::string>{"big", "s2", "s3"});   // the smallest go first
  CHECK(other.configs.size() == 1);
}

TEST_CASE("a pod that waits goes where it tolerates the taints, and such a node is not spare") {
  const std::string nodes = nodeOf("a", kH100, 1, "nvidia.com/mig-1g.10gb: 7", "", "taints: [{key: team, value: b, effect: NoSchedule}]");
  const auto outside = [&](std::string_view spec) {
    const Look look(nodes + podOf("w", "nvidia.com/mig-1g.10gb: 1", "", spec));
    const Plan plan = planOf(look.snapshot, look.seen, true);
    CHECK((plan.target.nodes[0].gpus[0].fate == GpuTarget::Fate::Spare) == !plan.fleet.outside.empty());
    return !plan.fleet.outside.empty();
  };
  CHECK(outside(""));
  CHECK_FALSE(outside(", tolerations: [{key: team, operator: Exists}]"));
  CHECK(outside(", tolerations: [{key: team, operator: Equal, value: c}]"));
}

TEST_CASE("taints are tolerated as the scheduler reads it") {
  const auto may = [](std::string_view tolerations, std::string taint) {
    const auto stream = json::parseYaml(fmt::format("tolerations: {}", tolerations));
    REQUIRE(stream.broken.empty());
    const auto choice = json::Document::parse(nodeChoice(stream.documents[0].document.root()));
    REQUIRE(choice);
    return tolerates(choice->root(), {std::move(taint)});
  };
  CHECK(may("[{operator: Exists}]", "team=b:NoSchedule"));
  CHECK(may("[{key: team, operator: Exists, effect: NoSchedule}]", "team=b:NoSchedule"));
  CHECK_FALSE(may("[{key: team, operator: Exists, effect: NoExecute}]", "team=b:NoSchedule"));
  CHECK(may("[{key: team, value: b}]", "team=b:NoSchedule"));
  CHECK_FALSE(may("[{key: team, value: b}]", "team:NoSchedule"));
  CHECK(may("[{key: team}]", "team:NoSchedule"));
  CHECK_FALSE(may("[{key: team, operator: Exists, tolerationSeconds: 300}]", "team:NoExecute"));
  CHECK(may("[]", "nvidia.com/gpu=present:NoSchedule"));
  CHECK_FALSE(may("[]", "team:NoSchedule"));
}

namespace {

constexpr std::string_view kOffers = "apiVersion: rightslice.io/v1alpha1\nkind: ClusterSlicePolicy\nmetadata: {name: all}\n"
                                     "spec: {mode: enforce, slices: {offered: [1g.10gb, 2g.20gb, 3g.40gb]}}\n";
constexpr std::string_view kSmallTemplate = "metadata: {annotations: {rightslice.io/footprint: 6Gi}}, spec: {containers: [{name: main, image: x, resources: "
                                            "{limits: {nvidia.com/mig-3g.40gb: '1'}}}]}";

/// A workload of one pod on the node that needs 6 GiB, and asks for a 3g.40gb.
std::string oneOf(std::string_view kind, std::string_view apiVersion, std::string_view spec = "") {
  std::string pod = podOf("p", "nvidia.com/mig-3g.40gb: 1", "a");
  pod.insert(pod.find(", labels:"), fmt::format(", annotations: {{rightslice.io/footprint: 6Gi}}, ownerReferences: [{{apiVersion: {}, kind: {}, name: o, uid: o, "
                                                "controller: true}}]", apiVersion, kind));
  return fmt::format("---\napiVersion: {}\nkind: {}\nmetadata: {{name: o, namespace: a, uid: o}}\nspec: {{replicas: 1{}, template: {{{}}}}}\n", apiVersion,
                     kind, spec, kSmallTemplate) +
         pod;
}

}  // namespace

TEST_CASE("a GPU is not cut for a smaller slice by which nothing is gained") {
  const std::string small = oneOf("StatefulSet", "apps/v1"), node = nodeOf("a", kH100, 1, "nvidia.com/mig-3g.40gb: 2");
  const Look look(snapshotOf(node + small), kOffers);
  const Plan plan = planOf(look.snapshot, look.seen, true);
  REQUIRE(plan.advice.size() == 1);
  CHECK(plan.withoutGain == std::set<Index>{plan.advice[0].deployed});
  CHECK(plan.configs.empty());
  CHECK(plan.migration.steps.empty());
  SUBCASE("something waits for what is left beside it") {
    const Look waits(snapshotOf(node + small + podOf("w", "nvidia.com/mig-4g.40gb: 1", "") + podOf("v", "nvidia.com/mig-1g.10gb: 1", "")), kOffers);
    const Plan made = planOf(waits.snapshot, waits.seen, true);
    CHECK(made.fleet.outside.empty());
    CHECK(made.withoutGain.empty());
    CHECK(made.configs.size() == 1);
  }
  SUBCASE("the smaller slice is there") {
    const Look there(snapshotOf(nodeOf("a", kH100, 1, "nvidia.com/mig-3g.40gb: 1, nvidia.com/mig-1g.10gb: 4") + small), kOffers);
    const Plan made = planOf(there.snapshot, there.seen, true);
    CHECK(made.withoutGain.empty());
    CHECK(made.configs.empty());
    CHECK(made.migration.steps.size() == 1);
  }
}

TEST_CASE("what a patch cannot do, or not alone, is said") {
  const auto adviceFor = [](const std::string& yaml) {
    const Look look(nodeOf("a", kH100, 1, "nvidia.com/mig-3g.40gb: 1, nvidia.com/mig-1g.10gb: 4") + yaml);
    auto out = adviceOf(look.snapshot, look.seen);
    REQUIRE(out.size() == 1);
    return out[0];
  };
  const Advice job = adviceFor(oneOf("Job", "batch/v1"));
  CHECK(job.command.empty());
  CHECK(job.changes[0].obstacle == "the template of a Job cannot be changed: make it anew");
  CHECK(adviceFor(oneOf("ReplicaSet", "apps/v1")).afterwards.starts_with("a ReplicaSet does not replace its pods: delete them"));
  CHECK(adviceFor(oneOf("StatefulSet", "apps/v1", ", updateStrategy: {type: OnDelete}")).afterwards.starts_with("its update strategy is OnDelete"));
  const Advice part = adviceFor(oneOf("StatefulSet", "apps/v1", ", updateStrategy: {rollingUpdate: {partition: 2}}"));
  CHECK(part.afterwards.starts_with("pods with ordinals below its partition of 2"));
  const Advice set = adviceFor(oneOf("StatefulSet", "apps/v1"));
  CHECK(set.afterwards.empty());
  CHECK_FALSE(set.command.empty());
}

TEST_CASE("a smaller slice is not advised where what was measured speaks against it") {
  Look look(nodeOf("a", kH100, 1, "nvidia.com/mig-3g.40gb: 1, nvidia.com/mig-1g.10gb: 4") + oneOf("StatefulSet", "apps/v1"));
  REQUIRE(adviceOf(look.snapshot, look.seen).size() == 1);
  REQUIRE(look.seen.workloads.size() == 1);
  WorkloadState& state = look.seen.workloads[0];
  const auto withheld = [&](Code code, std::string aspect, std::string container) {
    state.findings.clear();
    Finding& found = state.findings.emplace_back();
    found.code = code;
    found.aspect = std::move(aspect);
    found.container = std::move(container);
    CHECK(sliceAdvice(state).empty() == adviceOf(look.snapshot, look.seen).empty());
    return sliceAdvice(state).empty();
  };
  CHECK(withheld(Code::NearCeiling, "KV cache", "main"));
  CHECK(withheld(Code::Drift, "traffic", "main"));
  CHECK_FALSE(withheld(Code::Drift, "image", "main"));
  CHECK_FALSE(withheld(Code::NearCeiling, "KV cache", "sidecar"));
}

TEST_CASE("a kustomization tests no quantity: manifests may write it in another way than the cluster") {
  const Look look(nodeOf("a", kH100, 1, "nvidia.com/mig-3g.40gb: 1, nvidia.com/mig-1g.10gb: 4") + oneOf("StatefulSet", "apps/v1"));
  const Plan plan = planOf(look.snapshot, look.seen, true);
  const std::string text = kustomization(look.snapshot, look.seen, plan);
  CHECK(text.find("\"op\":\"move\"") != std::string::npos);
  CHECK(text.find("\"op\":\"test\"") == std::string::npos);
  CHECK(plan.advice[0].command.find("\"op\":\"test\"") != std::string::npos);
}

TEST_CASE("a workload of which a pod has to stop is changed once, with all of its pods") {
  // Two of workload 0 that want a 1g.10gb, one on each node; a pod of 1 beside the first, which stays.
  Fleet fleet;
  const Slices two{{"3g.40gb", 2}}, seven{{"1g.10gb", 7}};
  fleet.nodes = {{0, "n0", {{false, two}}, ""}, {1, "n1", {{false, two}}, ""}};
  const Slices big{{"3g.40gb", 1}}, small{{"1g.10gb", 1}};
  fleet.needs = {{std::nullopt, 0, 0, big, small}, {std::nullopt, 0, 1, big, small}, {std::nullopt, 1, 0, big, big}};
  fleet.pools.push_back({*Cutting::of(*gpu::Catalogue::builtIn().find(kH100)), {0, 1}, {0, 1, 2}, 2});
  Target target;
  target.pools.resize(1);
  target.nodes = {{{{GpuTarget::Fate::Keep, {false, two}, {false, two}}}}, {{{GpuTarget::Fate::Recut, {false, two}, {false, seven}}}}};
  SUBCASE("by a rolling update, by which the other runs on until there is room") {
    const auto steps = migrationOf({}, fleet, target).steps;
    REQUIRE(steps.size() == 2);
    CHECK(steps[0].kind == Step::Kind::Change);
    CHECK(steps[0].stays == std::vector<std::size_t>{0, 1});
    CHECK(steps[0].stops.empty());
    CHECK(steps[1].kind == Step::Kind::Recut);
    CHECK(steps[1].stops == std::vector<std::size_t>{1});
    CHECK(steps[1].starts.size() == 2);
  }
  SUBCASE("by Recreate, which stops all") {
    fleet.recreated = {0};
    const auto steps = migrationOf({}, fleet, target).steps;
    REQUIRE(steps.size() == 2);
    CHECK(steps[0].oldFirst);
    CHECK(steps[0].stops == std::vector<std::size_t>{0, 1});
    CHECK(steps[1].stops.empty());
    CHECK(steps[1].starts.size() == 2);
  }
}

TEST_CASE("the patch of a workload does what is recommended, and tests what it changes") {
  const std::string args = "args: ['--model', 'Qwen/Qwen2.5-1.5B-Instruct', '--max-model-len', '4096', '--gpu-memory-utilization', '0.85']";
  const std::string yaml = nodeOf("a", kH100, 1, "nvidia.com/mig-3g.40gb: 1, nvidia.com/mig-1g.10gb: 2") +
                           "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: chat, namespace: a, uid: d, labels: {argocd.argoproj.io/instance: shop}}\n"
                           "spec: {replicas: 1, template: {spec: {containers: [{name: main, image: 'vllm/vllm-openai:v0.10.2', " +
                           args + ", resources: {limits: {nvidia.com/mig-3g.40gb: '1'}, requests: {nvidia.com/mig-3g.40gb: '1'}}}]}}}\n";
  const Look look(yaml);
  const auto advice = adviceOf(look.snapshot, look.seen);
  REQUIRE(advice.size() == 1);
  CHECK(advice[0].managedBy == "Argo CD application shop");
  CHECK(advice[0].changes[0].obstacle.empty());
  CHECK(advice[0].command.starts_with("kubectl -n a patch Deployment.v1.apps chat --type=json -p '["));
  const auto object = json::Document::parse(*look.snapshot.objects[0].text);
  REQUIRE(object);
  const auto changed = json::apply(*object, advice[0].patch);
  REQUIRE(changed);
  const json::View resources = changed->root()["spec"]["template"]["spec"]["containers"].at(0)["resources"];
  CHECK(resources.text() == R"({"limits":{"nvidia.com/mig-1g.10gb":"1"},"requests":{"nvidia.com/mig-1g.10gb":"1"}})");
  // Of an object that was changed meanwhile nothing is changed.
  CHECK_FALSE(json::apply(*changed, advice[0].patch));
}

TEST_CASE("what a change saves is told of one pod, however many there are") {
  const auto cost = [](int replicas) {
    const std::string yaml = nodeOf("a", kH100, 4, "nvidia.com/mig-3g.40gb: 4, nvidia.com/mig-1g.10gb: 14") +
                             fmt::format("---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: chat, namespace: a, uid: d, annotations: {{rightslice.io/footprint: 6Gi}}}}\n"
                                         "spec: {{replicas: {}, template: {{spec: {{containers: [{{name: main, image: x, resources: {{limits: {{nvidia.com/mig-3g.40gb: '1'}}}}}}]}}}}}}\n",
                                         replicas);
    const Look look(yaml);
    const auto advice = adviceOf(look.snapshot, look.seen);
    REQUIRE(advice.size() == 1);
    REQUIRE(advice[0].changes[0].cost);
    const auto& of = *advice[0].changes[0].cost;
    return std::pair(of.requestedCents, of.recommendedCents.value_or(-1));
  };
  CHECK(cost(2) == cost(1));
  CHECK(cost(4) == cost(1));
  CHECK(cost(1) == std::pair<std::int64_t, std::int64_t>(156585, 39146));
  CHECK(cost(0) == std::pair<std::int64_t, std::int64_t>(0, 0));
}

TEST_CASE("labels choose nodes as the scheduler reads them") {
  workload::Node node;
  node.name = "g";
  node.labels = {{"zone", "x"}, {"size", "8"}};
  const auto may = [&](std::string_view spec) {
    const auto stream = json::parseYaml(spec);
    REQUIRE(stream.broken.empty());
    const auto choice = json::Document::parse(nodeChoice(stream.documents[0].document.root()));
    REQUIRE(choice);
    return mayRunOn(choice->root(), node);
  };
  const auto term = [](std::string_view expression) {
    return fmt::format("affinity: {{nodeAffinity: {{requiredDuringSchedulingIgnoredDuringExecution: {{nodeSelectorTerms: [{}]}}}}}}", expression);
  };
  CHECK(may("{}"));
  CHECK(may("nodeSelector: {zone: x}"));
  CHECK_FALSE(may("nodeSelector: {zone: y}"));
  CHECK(may(term("{matchExpressions: [{key: zone, operator: In, values: [y, x]}]}")));
  CHECK_FALSE(may(term("{matchExpressions: [{key: zone, operator: NotIn, values: [y, x]}]}")));
  CHECK(may(term("{matchExpressions: [{key: rack, operator: NotIn, values: [a]}]}")));
  CHECK(may(term("{matchExpressions: [{key: size, operator: Gt, values: ['7']}]}")));
  CHECK_FALSE(may(term("{matchExpressions: [{key: size, operator: Lt, values: ['7']}]}")));
  CHECK(may(term("{matchExpressions: [{key: zone, operator: In, values: [y]}]}, {matchFields: [{key: metadata.name, operator: In, values: [g]}]}")));
  CHECK_FALSE(may(term("{}")));
  CHECK_FALSE(may(term("{matchExpressions: [{key: zone, operator: Unheard, values: [x]}]}")));
}

TEST_CASE("which pods a budget is over") {
  Pod pod;
  pod.ns = "a";
  pod.labels = std::make_shared<const std::string>(R"({"app":"p","tier":"gold"})");
  const auto covers = [&](std::string_view spec, std::string_view ns = "a") {
    const auto stream = json::parseYaml(fmt::format("metadata: {{name: b, namespace: {}}}\nspec: {{{}}}\n", ns, spec));
    return readBudget(stream.documents[0].document.root())->covers(pod);
  };
  CHECK(covers("selector: {matchLabels: {app: p}}"));
  CHECK_FALSE(covers("selector: {matchLabels: {app: p}}", "b"));
  CHECK_FALSE(covers("selector: {matchLabels: {app: q}}"));
  CHECK(covers("selector: {}"));
  CHECK_FALSE(covers(""));
  CHECK(covers("selector: {matchExpressions: [{key: tier, operator: In, values: [gold]}, {key: canary, operator: DoesNotExist}]}"));
  CHECK_FALSE(covers("selector: {matchExpressions: [{key: tier, operator: NotIn, values: [gold]}]}"));
}
