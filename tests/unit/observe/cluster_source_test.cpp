// One look at a cluster: what is asked, what is refused, what fails alone, and a list that changes under our feet.
#include "observe/cluster_source.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <map>
#include <set>

#include "../kube/scripted_server.hpp"

using namespace rightslice;
using namespace rightslice::observe;
using scripted::Peer;

namespace {

constexpr const char* kPod = R"({"metadata":{"namespace":"team-a","name":"p","uid":"u-p","ownerReferences":[{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"d-1","uid":"u-r","controller":true}]},
  "spec":{"nodeName":"gpu-1","containers":[{"name":"m","resources":{"limits":{"nvidia.com/mig-1g.10gb":"1"}}}]},"status":{"phase":"Running"}})";
constexpr const char* kOther = R"({"metadata":{"namespace":"team-b","name":"q","uid":"u-q"},
  "spec":{"nodeName":"gpu-1","containers":[{"name":"m","resources":{"limits":{"nvidia.com/mig-1g.10gb":"2"}}}]},"status":{"phase":"Running"}})";
constexpr const char* kTemplate = R"("template":{"spec":{"containers":[{"name":"m","resources":{"limits":{"nvidia.com/mig-1g.10gb":"1"}}}]}})";

/// Lists by path; what is not there is 404, as of a resource that the server does not know.
struct FakeCluster {
  std::map<std::string, std::string> lists{
      {"/apis/rightslice.io/v1alpha1/slicepolicies", R"({"metadata":{"namespace":"team-a","name":"default"},"spec":{"mode":"audit"}})"},
      {"/apis/rightslice.io/v1alpha1/clusterslicepolicies", ""},
      {"/apis/rightslice.io/v1alpha1/sliceexceptions", ""},
      {"/api/v1/namespaces", R"({"metadata":{"name":"team-a"}},{"metadata":{"name":"team-b"}})"},
      {"/api/v1/nodes", R"({"metadata":{"name":"gpu-1"},"status":{"allocatable":{"nvidia.com/mig-1g.10gb":"7"}}})"},
      {"/api/v1/pods", std::string(kPod) + "," + kOther},
      {"/api/v1/namespaces/team-a/pods", kPod},
      {"/apis/autoscaling/v2/horizontalpodautoscalers", ""},
      {"/apis/apps/v1/deployments", std::string(R"({"metadata":{"namespace":"team-a","name":"d","uid":"u-d"},"spec":{)") + kTemplate + "}}"},
      {"/apis/apps/v1/replicasets", std::string(R"({"metadata":{"namespace":"team-a","name":"d-1","uid":"u-r","ownerReferences":[{"apiVersion":"apps/v1",
         "kind":"Deployment","name":"d","uid":"u-d","controller":true}]},"spec":{)") + kTemplate + "}}"}};
  std::set<std::string> refused{}, broken{};
  bool known = true;                       ///< false: our token is not good
  std::atomic<int> changes{0};             ///< how often the second page of the pods is gone

  scripted::Server server{[this](const Peer& peer, const scripted::Seen& seen) {
    const std::string path = seen.target.substr(0, seen.target.find('?'));
    if (!known) return peer.answer(401, R"({"message":"who are you"})");
    if (path == "/version") return peer.answer(200, "{}");
    if (refused.contains(path)) return peer.answer(403, R"({"message":"not for you"})");
    if (broken.contains(path)) return peer.answer(400, R"({"message":"conversion failed"})");
    const auto list = lists.find(path);
    if (list == lists.end()) return peer.answer(404, R"({"message":"not found"})");
    const bool second = seen.target.find("continue=next") != std::string::npos;
    if (second && changes-- > 0) return peer.answer(410, R"({"message":"expired"})");
    const bool paged = path == "/api/v1/pods" && changes > 0 && !second;
    return peer.answer(200, R"({"kind":"XList","metadata":{"resourceVersion":"1","continue":")" + std::string(paged ? "next" : "") + R"("},"items":[)" + list->second + "]}");
  }};

  Result<ClusterLook> look(const std::set<std::string>& namespaces = {}) {
    kube::Config config;
    config.server = *kube::parseUrl(server.url());
    config.source = "a test";
    return ClusterSource(std::move(config)).look(namespaces, "2026-06-01T00:00:00Z", [](std::string_view) {});
  }
};

Seen::State stateOf(const Snapshot& snapshot, std::string_view resource, std::string_view ns = "") {
  for (const Seen& each : snapshot.coverage.entries())
    if (each.resource == resource && each.ns == ns) return each.state;
  FAIL("nothing is said of ", std::string(resource));
  return Seen::State::Failed;
}

}  // namespace

TEST_CASE("one look: pods, what owns them, nodes with what is held, and policies; only by lists") {
  FakeCluster fake;
  const auto found = fake.look();
  REQUIRE_MESSAGE(found, found.error().message);
  const Snapshot& snapshot = found->snapshot;
  CHECK(snapshot.source == "a test");
  CHECK(snapshot.pods.size() == 2);
  CHECK(snapshot.heldKnown);
  REQUIRE(snapshot.nodes);
  CHECK(snapshot.nodes->at(0).facts.requested.at("nvidia.com/mig-1g.10gb") == 3);
  CHECK(found->policies.size() == 1);
  CHECK(snapshot.namespaces->size() == 2);
  CHECK(stateOf(snapshot, "pods") == Seen::State::Read);
  CHECK(stateOf(snapshot, "inferenceservices.serving.kserve.io") == Seen::State::Absent);
  CHECK(snapshot.coverage.known("horizontalpodautoscalers.autoscaling"));
  CHECK(fake.server.count("watch=") == 0);
  CHECK(fake.server.count("exec") == 0);
}

TEST_CASE("what is refused is forbidden, and unknown; the rest is read") {
  FakeCluster fake;
  fake.refused = {"/api/v1/nodes", "/apis/autoscaling/v2/horizontalpodautoscalers", "/apis/apps/v1/replicasets"};
  const auto found = fake.look();
  REQUIRE(found);
  CHECK_FALSE(found->snapshot.nodes);
  CHECK(stateOf(found->snapshot, "nodes") == Seen::State::Forbidden);
  CHECK_FALSE(found->snapshot.autoscalersKnown("team-a"));
  CHECK_FALSE(found->snapshot.workloadsKnown("team-a"));
  CHECK(found->snapshot.pods.size() == 2);
}

TEST_CASE("a list that fails alone is told as failed; a server that does not know us is an error") {
  FakeCluster fake;
  fake.broken = {"/apis/apps/v1/deployments"};
  const auto found = fake.look();
  REQUIRE_MESSAGE(found, found.error().message);
  CHECK(stateOf(found->snapshot, "deployments.apps") == Seen::State::Failed);
  CHECK(found->snapshot.pods.size() == 2);
  fake.known = false;
  const auto refused = fake.look();
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message.find("401") != std::string::npos);
}

TEST_CASE("an object that cannot be read is told, what hangs on all of its list is unknown, and the others are read") {
  FakeCluster fake;
  fake.lists["/apis/apps/v1/deployments"] += R"(,{"metadata":{"namespace":"team-b","name":"odd"},"spec":{"a":1,"a":2}})";
  const auto found = fake.look();
  REQUIRE_MESSAGE(found, found.error().message);
  CHECK(stateOf(found->snapshot, "deployments.apps") == Seen::State::Failed);
  CHECK_FALSE(found->snapshot.workloadsKnown("team-a"));
  for (const Seen& each : found->snapshot.coverage.entries()) {
    if (each.resource != "deployments.apps") continue;
    CHECK(each.objects == 1);
    CHECK(each.reason.starts_with("1 of 2 objects cannot be read: team-b/odd: not valid JSON"));
  }
}

TEST_CASE("a list that changes while it is read is read anew, and nothing is doubled") {
  FakeCluster fake;
  fake.changes = 1;
  const auto found = fake.look();
  REQUIRE_MESSAGE(found, found.error().message);
  CHECK(found->snapshot.pods.size() == 2);
}

TEST_CASE("of one namespace: what others hold on the nodes is known, or said to be unknown") {
  FakeCluster fake;
  fake.lists["/apis/apps/v1/namespaces/team-a/deployments"] = fake.lists["/apis/apps/v1/deployments"];
  const auto found = fake.look({"team-a"});
  REQUIRE(found);
  CHECK(found->snapshot.pods.size() == 1);
  CHECK(found->snapshot.heldKnown);
  CHECK(found->snapshot.nodes->at(0).facts.requested.at("nvidia.com/mig-1g.10gb") == 3);
  fake.refused = {"/api/v1/pods"};
  const auto narrow = fake.look({"team-a"});
  REQUIRE(narrow);
  CHECK(narrow->snapshot.pods.size() == 1);
  CHECK_FALSE(narrow->snapshot.heldKnown);
  CHECK_FALSE(narrow->snapshot.nodes->at(0).facts.requestedKnown);
}
