#include "app/cluster_look.hpp"

#include <doctest/doctest.h>

#include <map>

#include "../kube/scripted_server.hpp"

using namespace rightslice;
using namespace rightslice::app;
using scripted::Peer;
using scripted::Seen;

namespace {

constexpr const char* kPod = R"({"metadata":{"namespace":"team-a","name":"p","uid":"u-p"},"spec":{"nodeName":"gpu-1",
  "containers":[{"name":"m","resources":{"limits":{"nvidia.com/mig-1g.10gb":"2"}}}]}})";
constexpr const char* kDeployment = R"({"metadata":{"namespace":"team-b","name":"d","uid":"u-d"},"spec":{"template":{"spec":{
  "containers":[{"name":"m","resources":{"limits":{"nvidia.com/mig-1g.10gb":"1"}}}]}}}})";
constexpr const char* kIdle = R"({"metadata":{"namespace":"team-b","name":"idle"},"spec":{"template":{"spec":{"containers":[{"name":"m"}]}}}})";

/// Lists by path; what is not there is 404, as of a resource that the server does not know.
struct FakeCluster {
  std::map<std::string, std::string> lists{
      {"/apis/rightslice.io/v1alpha1/slicepolicies", R"({"metadata":{"namespace":"team-a","name":"default"},"spec":{"mode":"audit"}})"},
      {"/apis/rightslice.io/v1alpha1/clusterslicepolicies", ""},
      {"/apis/rightslice.io/v1alpha1/sliceexceptions", ""},
      {"/api/v1/namespaces", R"({"metadata":{"name":"team-a","labels":{"tier":"gold"}}})"},
      {"/api/v1/nodes", R"({"metadata":{"name":"gpu-1"},"status":{"allocatable":{"nvidia.com/mig-1g.10gb":"7"}}})"},
      {"/api/v1/pods", kPod},
      {"/apis/apps/v1/deployments", std::string(kDeployment) + "," + kIdle}};
  std::map<std::string, std::string> objects{};
  std::set<std::string> refused{};

  scripted::Server server{[this](const Peer& peer, const Seen& seen) {
    const std::string path = seen.target.substr(0, seen.target.find('?'));
    if (refused.contains(path)) return peer.answer(403, R"({"message":"not for you"})");
    if (const auto object = objects.find(path); object != objects.end()) return peer.answer(200, object->second);
    const auto list = lists.find(path);
    if (list == lists.end()) return peer.answer(404, R"({"message":"not found"})");
    return peer.answer(200, R"({"kind":"XList","metadata":{"resourceVersion":"1"},"items":[)" + list->second + "]}");
  }};

  ClusterLook look() const {
    kube::Config config;
    config.server = *kube::parseUrl(server.url());
    config.source = "a test";
    return ClusterLook(std::move(config));
  }
};

const ClusterLook::Progress kSilent = [](std::string_view) {};

const workload::Kind& deployment() { return *workload::findKind("apps/v1", "Deployment"); }

}  // namespace

TEST_CASE("one look tells policies, namespaces, nodes with what is requested on them, and what runs with GPUs") {
  FakeCluster fake;
  auto look = fake.look();
  const auto snapshot = look.snapshot({}, kSilent);
  REQUIRE_MESSAGE(snapshot, snapshot.error().message);
  REQUIRE(snapshot->policies.size() == 1);
  CHECK(snapshot->policies[0].place() == "slicepolicies.rightslice.io/team-a/default");
  REQUIRE(snapshot->namespaces);
  CHECK(snapshot->namespaces->at("team-a").at("tier") == "gold");
  REQUIRE(snapshot->nodes);
  CHECK(snapshot->nodes->at(0).requested.at("nvidia.com/mig-1g.10gb") == 2);
  REQUIRE(snapshot->running.size() == 2);
  CHECK(snapshot->running[0].name == "p");
  CHECK(snapshot->running[1].name == "d");
  CHECK(snapshot->runningKnown("team-a"));
  CHECK(snapshot->unread.empty());
  CHECK(fake.server.count("watch=") == 0);
}

TEST_CASE("what may not be read is said, and is not taken for nothing") {
  FakeCluster fake;
  fake.refused = {"/apis/rightslice.io/v1alpha1/clusterslicepolicies", "/api/v1/namespaces", "/api/v1/nodes", "/api/v1/pods"};
  auto look = fake.look();
  const auto snapshot = look.snapshot({}, kSilent);
  REQUIRE(snapshot);
  CHECK_FALSE(snapshot->namespaces);
  CHECK_FALSE(snapshot->nodes);
  CHECK_FALSE(snapshot->runningKnown("team-a"));
  CHECK(snapshot->running.size() == 1);
  CHECK(snapshot->unreadPolicies("team-a") == std::vector<std::string>{"clusterslicepolicies.rightslice.io"});
  REQUIRE(snapshot->unread.size() == 4);
  CHECK(snapshot->unread[0].reason == "not for you");
}

TEST_CASE("an object that cannot be read is said, what hangs on it is unknown, and the others of its list are there") {
  FakeCluster fake;
  fake.lists["/api/v1/pods"] += R"(,{"metadata":{"namespace":"team-b","name":"odd"},"spec":{"a":1,"a":2}})";
  fake.lists["/apis/rightslice.io/v1alpha1/slicepolicies"] += R"(,{"metadata":{"namespace":"team-b","name":"odd"},"spec":{"a":"\udc00"}})";
  auto look = fake.look();
  const auto snapshot = look.snapshot({}, kSilent);
  REQUIRE_MESSAGE(snapshot, snapshot.error().message);
  CHECK(snapshot->policies.size() == 1);
  CHECK(snapshot->running.size() == 2);
  REQUIRE(snapshot->nodes);
  CHECK_FALSE(snapshot->nodes->front().requestedKnown);
  CHECK_FALSE(snapshot->runningKnown("team-b"));
  CHECK(snapshot->unreadPolicies("team-b") == std::vector<std::string>{"slicepolicies.rightslice.io"});
  REQUIRE(snapshot->unread.size() == 2);
  CHECK(snapshot->unread[1].resource == "pods");
  CHECK(snapshot->unread[1].reason.starts_with("team-b/odd cannot be read: not valid JSON: the key \"a\" stands twice"));
}

TEST_CASE("of a few namespaces only they are asked for, each by itself") {
  FakeCluster fake;
  const std::string slices = "/apis/rightslice.io/v1alpha1/namespaces/";
  fake.lists[slices + "team-a/slicepolicies"] = R"({"metadata":{"namespace":"team-a","name":"own"},"spec":{"mode":"audit"}})";
  fake.objects["/api/v1/namespaces/team-a"] = R"({"kind":"Namespace","metadata":{"name":"team-a","labels":{"tier":"gold"}}})";
  fake.lists["/apis/apps/v1/namespaces/team-b/deployments"] = kDeployment;
  fake.refused = {slices + "team-b/slicepolicies", "/apis/apps/v1/namespaces/team-a/deployments", "/api/v1/namespaces/team-b"};
  auto look = fake.look();
  const auto snapshot = look.snapshot({"team-a", "team-b"}, kSilent);
  REQUIRE_MESSAGE(snapshot, snapshot.error().message);
  REQUIRE(snapshot->policies.size() == 1);
  CHECK(snapshot->policies[0].name == "own");
  REQUIRE(snapshot->namespaces);
  CHECK(snapshot->namespaces->size() == 1);
  CHECK(snapshot->running.size() == 1);
  CHECK_FALSE(snapshot->runningKnown("team-a"));
  CHECK(snapshot->runningKnown("team-b"));
  CHECK(snapshot->unreadPolicies("team-a").empty());
  CHECK(snapshot->unreadPolicies("team-b").size() == 1);
  REQUIRE(snapshot->nodes);   // what is held on them is held by pods of all namespaces
  CHECK(snapshot->nodes->at(0).requestedKnown);
  CHECK(snapshot->nodes->at(0).requested.at("nvidia.com/mig-1g.10gb") == 2);
  fake.refused.insert("/api/v1/pods");
  CHECK_FALSE(look.snapshot({"team-a"}, kSilent)->nodes->at(0).requestedKnown);
}

TEST_CASE("an object is there, is not there, or may not be read") {
  FakeCluster fake;
  const std::string deployments = "/apis/apps/v1/namespaces/team-b/deployments/";
  fake.objects[deployments + "d"] = R"({"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"d"}})";
  fake.refused = {deployments + "hidden"};
  auto look = fake.look();
  const auto state = [&](std::string_view name) {
    const auto found = look.object(deployment(), "team-b", name);
    REQUIRE(found);
    return found->state;
  };
  CHECK(state("d") == LiveObject::State::Found);
  CHECK(state("other") == LiveObject::State::Absent);
  CHECK(state("hidden") == LiveObject::State::Unread);
  CHECK(state("") == LiveObject::State::Absent);
}

TEST_CASE("a server that does not answer is an error") {
  kube::Config config;
  {
    FakeCluster fake;
    config.server = *kube::parseUrl(fake.server.url());
  }
  ClusterLook look(std::move(config));
  CHECK_FALSE(look.snapshot({}, kSilent));
}
