// Which workloads a label selector leaves, and what of the others still counts.
#include "observe/selector.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "fixture.hpp"
#include "observe/split.hpp"

using namespace rightslice;
using namespace rightslice::observe;

namespace {

bool matches(std::string_view selector, std::string_view labels) {
  const auto parsed = Selector::parse(selector);
  REQUIRE_MESSAGE(parsed, selector);
  const auto document = json::Document::parse(labels);
  REQUIRE(document);
  return parsed->matches(document->root());
}

std::string pod(std::string_view name, std::string_view labels, std::string_view owner = "") {
  return fmt::format("---\napiVersion: v1\nkind: Pod\nmetadata: {{name: {0}, namespace: a, uid: {0}, labels: {{{1}}}{2}}}\nspec: {{nodeName: n1, containers: [{{name: main, "
                     "image: x, resources: {{limits: {{nvidia.com/mig-1g.10gb: 1}}}}}}]}}\nstatus: {{phase: Running}}\n",
                     name, labels, owner.empty() ? "" : fmt::format(", ownerReferences: [{{apiVersion: apps/v1, kind: StatefulSet, name: {0}, uid: {0}, controller: true}}]", owner));
}

std::string set(std::string_view name, std::string_view labels) {
  return fmt::format("---\napiVersion: apps/v1\nkind: StatefulSet\nmetadata: {{name: {0}, namespace: a, uid: {0}, labels: {{{1}}}}}\nspec: {{template: {{spec: {{containers: "
                     "[{{name: main, image: x, resources: {{limits: {{nvidia.com/mig-1g.10gb: 1}}}}}}]}}}}}}\n",
                     name, labels);
}

constexpr std::string_view kNode = "---\napiVersion: v1\nkind: Node\nmetadata: {name: n1, labels: {nvidia.com/gpu.product: NVIDIA-H100-80GB-HBM3, nvidia.com/gpu.count: '1', "
                                   "nvidia.com/mig.strategy: mixed}}\nstatus: {capacity: {nvidia.com/mig-1g.10gb: 7}, allocatable: {nvidia.com/mig-1g.10gb: 7}, conditions: "
                                   "[{type: Ready, status: 'True'}]}\n";

}  // namespace

TEST_CASE("selectors mean what they mean to kubectl") {
  struct Row {
    const char* selector;
    const char* labels;
    bool matches;
  };
  const Row rows[] = {{"app=chat", R"({"app":"chat"})", true},
                      {"app==chat", R"({"app":"chat"})", true},
                      {"app=chat", R"({"app":"chatty"})", false},
                      {"app=chat", "{}", false},
                      {"app!=chat", R"({"app":"chat"})", false},
                      {"app!=chat", "{}", true},
                      {"app=chat,tier=gold", R"({"app":"chat"})", false},
                      {" app = chat , tier in ( gold, silver ) ", R"({"app":"chat","tier":"silver"})", true},
                      {"tier notin (gold)", "{}", true},
                      {"tier notin (gold)", R"({"tier":"gold"})", false},
                      {"example.com/team", R"({"example.com/team":""})", true},
                      {"!example.com/team", R"({"example.com/team":""})", false},
                      {"!canary", "{}", true},
                      {"app=", R"({"app":""})", true},
                      {"in in (in)", R"({"in":"in"})", true}};
  for (const Row& row : rows) {
    CAPTURE(row.selector);
    CHECK(matches(row.selector, row.labels) == row.matches);
  }
  for (const char* wrong : {"", "=a", "a=b,", "a in b", "a in (b", "a b", "a>1", "(a)", "a=b c"}) {
    CAPTURE(wrong);
    CHECK_FALSE(Selector::parse(wrong));
  }
}

TEST_CASE("what others wait for is no dark slice") {
  auto waiting = pod("stranger", "");
  waiting.replace(waiting.find("nodeName: n1, "), 14, "");
  waiting.replace(waiting.find("phase: Running"), 14, "phase: Pending");
  std::string all = std::string(kNode) + pod("mine", "app: chat");
  for (int i = 0; i < 6; ++i) {
    auto one = waiting;
    for (auto at = one.find("stranger"); at != std::string::npos; at = one.find("stranger")) one.replace(at, 8, fmt::format("other-{}", i));
    all += one;
  }
  auto snapshot = snapshotOf(all);
  select(snapshot, *Selector::parse("app=chat"));
  const Look look(std::move(snapshot));
  CHECK(look.seen.workloads.size() == 1);
  CHECK(look.findings(Code::Dark).empty());
}

TEST_CASE("a workload is chosen by its own labels with all its pods, and what others hold stays held") {
  auto snapshot = snapshotOf(std::string(kNode) + set("chat", "app: chat") + pod("chat-0", "", "chat") + set("other", "") + pod("other-0", "app: chat", "other") +
                             pod("bare", "app: chat") + pod("stranger", ""));
  select(snapshot, *Selector::parse("app=chat"));
  const Look look(std::move(snapshot));
  std::string names;
  for (const auto& each : look.seen.workloads) names += each.judgement.kind + " " + each.judgement.name + ";";
  CHECK(names == "Pod bare;StatefulSet chat;");
  CHECK(look.seen.placement.deployed[1].pods.size() == 1);
  const auto& slice = look.seen.placement.boards.at(0).slices.at(0);
  CHECK(slice.asked == 4);
  CHECK(slice.offered == 7);
  CHECK(look.findings(Code::Dark).size() == 1);
  const auto split = splitOf(look.snapshot, look.seen, 0, gpu::Catalogue::builtIn(), {});
  CHECK(split.unknown == "held by pods that were not looked at");
  for (const auto& part : split.parts)
    if (part.bucket == Bucket::Unknown) CHECK(part.units * 8 == 2 * split.unitsPerGpu);
}
