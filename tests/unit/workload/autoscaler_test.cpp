#include "workload/autoscaler.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "json/document.hpp"

using namespace rightslice;
using namespace rightslice::workload;

namespace {

constexpr std::string_view kHpa = "HorizontalPodAutoscaler", kKeda = "ScaledObject";

std::optional<Autoscaler> readOne(std::string_view spec, std::string_view kind = kHpa) {
  const auto document = json::Document::parse(fmt::format(R"({{"metadata":{{"name":"a","namespace":"team"}},"spec":{}}})", spec));
  REQUIRE(document);
  return readAutoscaler(document->root(), kind);
}

constexpr std::string_view kTarget = R"("scaleTargetRef":{"apiVersion":"apps/v1","kind":"Deployment","name":"chat"})";
std::optional<Autoscaler> hpa(std::string_view more) { return readOne(fmt::format("{{{}{}}}", kTarget, more)); }
std::optional<Autoscaler> keda(std::string_view target, std::string_view more = "") {
  return readOne(fmt::format(R"({{"scaleTargetRef":{{{}}}{}}})", target, more), kKeda);
}

Workload deployment(int replicas, std::string_view name = "chat") {
  const auto document = json::Document::parse(fmt::format(
      R"({{"apiVersion":"apps/v1","kind":"Deployment","metadata":{{"name":"{}","namespace":"team"}},"spec":{{"replicas":{},"template":{{"spec":{{"containers":[]}}}}}}}})",
      name, replicas));
  return read(document->root());
}

}  // namespace

TEST_CASE("what scales what, and up to how many") {
  const auto one = hpa(R"(,"minReplicas":2,"maxReplicas":8)");
  REQUIRE(one);
  CHECK(*one == Autoscaler{"HorizontalPodAutoscaler", "team", "a", "apps", "Deployment", "chat", 8, false});
  CHECK(one->title() == "HorizontalPodAutoscaler a");
  const auto named = keda(R"("apiVersion":"argoproj.io/v1alpha1","kind":"Rollout","name":"chat")", R"(,"maxReplicaCount":5)");
  REQUIRE(named);
  CHECK(*named == Autoscaler{"ScaledObject", "team", "a", "argoproj.io", "Rollout", "chat", 5, true});
}

TEST_CASE("KEDA's own defaults: a Deployment of apps, and 100") {
  const auto bare = keda(R"("name":"chat")");
  REQUIRE(bare);
  CHECK(*bare == Autoscaler{"ScaledObject", "team", "a", "apps", "Deployment", "chat", 100, true});
}

TEST_CASE("what says no target or no possible maximum scales nothing") {
  CHECK_FALSE(hpa(""));  // maxReplicas is required
  CHECK_FALSE(hpa(R"(,"maxReplicas":-1)"));
  CHECK_FALSE(hpa(R"(,"maxReplicas":"8")"));
  CHECK_FALSE(readOne("null"));
  CHECK_FALSE(readOne(R"({"maxReplicas":8})"));
  CHECK_FALSE(readOne(R"({"maxReplicas":8,"scaleTargetRef":{"kind":"Deployment"}})"));
  CHECK_FALSE(keda(R"("name":"chat")", R"(,"maxReplicaCount":null)"));
  CHECK(hpa(R"(,"maxReplicas":99999999999)")->most == 2147483647);
}

TEST_CASE("the kinds are told by group, in any version") {
  CHECK(isAutoscaler("autoscaling/v2", kHpa));
  CHECK(isAutoscaler("autoscaling/v1", kHpa));
  CHECK(isAutoscaler("keda.sh/v1alpha1", kKeda));
  CHECK_FALSE(isAutoscaler("example.io/v1", kHpa));
  CHECK_FALSE(isAutoscaler("autoscaling/v2", kKeda));
  CHECK_FALSE(isAutoscaler("autoscaling/v1", "Scale"));
}

TEST_CASE("what counts: the maximum, or more where more is asked for; nothing of a target that is turned off") {
  const Autoscaler plain = *hpa(R"(,"maxReplicas":8)"), zero = *hpa(R"(,"minReplicas":0,"maxReplicas":8)");
  CHECK(plain.counted(1) == 8);
  CHECK(plain.counted(8) == 8);
  CHECK(plain.counted(20) == 20);
  CHECK(plain.counted(0) == 0);  // an HPA leaves a target of 0 alone
  CHECK(zero.counted(0) == 8);
  CHECK(keda(R"("name":"chat")", R"(,"maxReplicaCount":3)")->counted(0) == 3);
}

TEST_CASE("an index by target: same namespace, group and kind; of several the largest, of equals the ScaledObject") {
  auto small = *hpa(R"(,"maxReplicas":4)"), large = *hpa(R"(,"maxReplicas":8)"), made = *keda(R"("name":"chat")", R"(,"maxReplicaCount":8)");
  small.name = "small";
  const auto nameOf = [](const Autoscaler* each) { return each == nullptr ? std::string("none") : each->title(); };
  const Autoscalers all({small, made, large});
  CHECK(nameOf(all.of(deployment(1))) == "ScaledObject a");
  CHECK(nameOf(Autoscalers({large, made, small}).of(deployment(1))) == "ScaledObject a");
  CHECK(nameOf(Autoscalers({small, large}).of(deployment(1))) == "HorizontalPodAutoscaler a");
  CHECK(all.of(deployment(1, "other")) == nullptr);
  CHECK(all.of("apps", "StatefulSet", "team", "chat") == nullptr);
  CHECK(all.of("apps", "Deployment", "other-team", "chat") == nullptr);
  CHECK(all.of("", "Deployment", "team", "chat") == nullptr);
  CHECK(Autoscalers().of(deployment(1)) == nullptr);
}

TEST_CASE("pods of an object that is scaled; what has no replicas of its own is not") {
  const auto chat = deployment(2);
  const auto eight = *hpa(R"(,"maxReplicas":8)");
  CHECK(podsOf(chat.templates.at(0), nullptr) == 2);
  CHECK(podsOf(chat.templates.at(0), &eight) == 8);
  CHECK(raises(chat, &eight));
  CHECK_FALSE(raises(deployment(8), &eight));
  CHECK_FALSE(raises(chat, nullptr));
  const auto job = json::Document::parse(
      R"({"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"j"},"spec":{"parallelism":3,"template":{"spec":{"containers":[]}}}})");
  auto three = read(job->root());
  CHECK(podsOf(three.templates.at(0), &eight) == 3);
  scaleTo(three, 9);
  CHECK(three.templates.at(0).replicas == 3);
  auto scaled = chat;
  scaleTo(scaled, 5);
  CHECK(scaled.templates.at(0).replicas == 5);
}
