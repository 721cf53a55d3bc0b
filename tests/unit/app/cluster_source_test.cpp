#include "app/cluster_source.hpp"

#include <doctest/doctest.h>

#include "../kube/scripted_server.hpp"
#include "app/status_writer.hpp"
#include "app/surroundings_source.hpp"
#include "json/document.hpp"
#include "written.hpp"

using namespace rightslice;
using namespace rightslice::app;
using scripted::eventually;
using scripted::Peer;
using scripted::Seen;

namespace {

kube::Pace quick() {
  kube::Pace pace;
  pace.firstBackOff = std::chrono::milliseconds(5);
  pace.lastBackOff = std::chrono::milliseconds(20);
  pace.absent = std::chrono::milliseconds(50);
  return pace;
}

std::string list(const std::string& items) { return R"({"kind":"XList","metadata":{"resourceVersion":"1"},"items":[)" + items + "]}"; }

std::string served(const std::string& name, const std::string& spec, const std::string& status = "{}") {
  return R"({"metadata":{"namespace":"team-a","name":")" + name + R"(","uid":"u-)" + name + R"(","generation":4,"resourceVersion":"1"},"spec":)" + spec +
         R"(,"status":)" + status + "}";
}

/// A cluster of which each list says what the test wants; watches are silent.
struct FakeCluster {
  std::map<std::string, std::string> lists{
      {"/slicepolicies", served("default", R"({"mode":"audit"})")},
      {"/clusterslicepolicies", ""},
      {"/sliceexceptions", ""},
      {"/namespaces", R"({"metadata":{"name":"team-a","labels":{"tier":"gold"}}})"},
      {"/nodes", R"({"metadata":{"name":"gpu-1"},"status":{"allocatable":{"nvidia.com/mig-1g.10gb":"7"}}},{"metadata":{"name":"cpu-1"}})"},
      {"/pods", R"({"metadata":{"namespace":"a","name":"p"},"spec":{"nodeName":"gpu-1","containers":[{"resources":{"limits":{"nvidia.com/mig-1g.10gb":"2"}}}]}},
                   {"metadata":{"namespace":"b","name":"p"},"spec":{"nodeName":"gpu-1","containers":[{"resources":{"limits":{"nvidia.com/mig-1g.10gb":"1"}}}]}})"}};
  std::map<std::string, int> refusals{};
  std::map<std::string, std::string> answers{};   ///< by the whole path
  std::atomic<bool> devices{true};                ///< false: the API of DRA went
  std::atomic<int> patchStatus{200};
  std::atomic<bool> nodesChange{false};   // once, by the watch of nodes

  scripted::Server server{[this](const Peer& peer, const Seen& seen) {
    if (seen.method == "PATCH") return peer.answer(patchStatus, R"({"message":"said no"})");
    if (seen.has("watch=1") && (devices || !seen.has("/apis/resource.k8s.io"))) {
      peer.begin();
      if (seen.has("/nodes?")) {
        peer.holdUntil([&] { return nodesChange.load(); });
        if (nodesChange) peer.chunk(R"({"type":"MODIFIED","object":{"metadata":{"name":"gpu-1","resourceVersion":"2"},"status":{"allocatable":{"nvidia.com/mig-3g.40gb":"2"}}}})" "\n");
      }
      peer.holdUntil([&] { return !devices && seen.has("/apis/resource.k8s.io"); });
      return false;
    }
    const std::string path = seen.target.substr(0, seen.target.find('?'));
    if (!devices && seen.has("/apis/resource.k8s.io")) return peer.answer(404, "{}");
    if (const auto answer = answers.find(path); answer != answers.end()) return peer.answer(200, answer->second);
    const std::string name = path.substr(path.rfind('/'));
    if (const auto refusal = refusals.find(name); refusal != refusals.end()) return peer.answer(refusal->second, R"({"message":"not for you"})");
    return peer.answer(200, list(lists.contains(name) ? lists.at(name) : ""));
  }};

  std::unique_ptr<ClusterSource> follow(bool absentIsEmpty = false) {
    kube::Config config;
    config.server = *kube::parseUrl(server.url());
    config.source = "a test";
    auto source = std::make_unique<ClusterSource>(std::move(config), absentIsEmpty, ClusterTells{}, quick());
    source->start();
    return source;
  }
};

const written::Clock kClock;

StatusWriter::Options quickly(int mostWait) {
  StatusWriter::Options options;
  options.mostWait = std::chrono::milliseconds(mostWait);
  options.numbers = std::chrono::milliseconds(200);
  options.follow = std::chrono::milliseconds(5);
  return options;
}

WatchReport watchOf(const ClusterSource& source, std::string_view resource) {
  for (const WatchReport& each : source.watches())
    if (each.resource == resource) return each;
  return {};
}

bool settled(const ClusterSource& source) {
  const auto watches = source.watches();
  return std::none_of(watches.begin(), watches.end(), [](const WatchReport& each) { return each.phase == "starting"; });
}

}  // namespace

TEST_CASE("policies, namespaces, nodes and what is requested on them") {
  FakeCluster fake;
  const auto source = fake.follow();
  REQUIRE(eventually([&] { return source->policies(kClock.now()).known && source->facts() && watchOf(*source, "pods").phase == "synced"; }));
  const auto policies = source->policies(kClock.now());
  REQUIRE(policies.objects.size() == 1);
  CHECK(policies.objects[0].place() == "slicepolicies.rightslice.io/team-a/default");
  CHECK(kClock.now() - policies.confirmed < std::chrono::seconds(10));
  const auto facts = source->facts();
  REQUIRE(facts->nodes);
  REQUIRE(facts->nodes->size() == 1);
  CHECK(facts->nodes->front().allocatable == Counts{{"nvidia.com/mig-1g.10gb", 7}});
  CHECK(facts->nodes->front().requested == Counts{{"nvidia.com/mig-1g.10gb", 3}});
  CHECK(facts->namespaces->at("team-a").at("tier") == "gold");
  CHECK(fake.server.count("/api/v1/pods?fieldSelector=status.phase%21%3DSucceeded%2Cstatus.phase%21%3DFailed&limit=250") == 1);
  CHECK(source->policy("slicepolicies", "team-a/default"));
  CHECK_FALSE(source->policy("slicepolicies", "team-b/default"));
}

TEST_CASE("what is counted while nodes change is of the nodes that were published, and is counted again with the new ones") {
  FakeCluster fake;
  const auto source = fake.follow();
  REQUIRE(eventually([&] { return settled(*source); }));   // else the version may move for another reason
  SurroundingsSource surroundings("", {}, true);
  surroundings.take(*source->facts());
  CHECK(surroundings.basis() == fmt::format("{}/", source->basisVersion()));
  const std::string before = surroundings.basis();
  const auto version = source->basisVersion();
  fake.nodesChange = true;
  REQUIRE(eventually([&] { return source->basisVersion() != version; }));
  // Between two polls: whoever counts now counts with the nodes of before, and says so.
  CHECK(surroundings.current()->nodes->front().allocatable == Counts{{"nvidia.com/mig-1g.10gb", 7}});
  CHECK(surroundings.basis() == before);
  surroundings.take(*source->facts());
  CHECK(surroundings.current()->nodes->front().allocatable == Counts{{"nvidia.com/mig-3g.40gb", 2}});
  CHECK(surroundings.basis() != before);
}

TEST_CASE("what runs is read of every kind, children left out, and known when all of it was read") {
  FakeCluster fake;
  const std::string pods = R"("spec":{"nodeName":"n","containers":[{"name":"c","resources":{"limits":{"nvidia.com/mig-1g.10gb":"2"}}}]})";
  const std::string tmpl = R"("spec":{"template":{"spec":{"containers":[{"name":"c","resources":{"limits":{"nvidia.com/mig-1g.10gb":"2"}}}]}}})";
  const std::string owned = R"(,"ownerReferences":[{"apiVersion":"apps/v1","kind":"Deployment","name":"d","uid":"u","controller":true}])";
  fake.lists["/pods"] = R"({"metadata":{"namespace":"a","name":"p"},)" + pods + R"(},{"metadata":{"namespace":"a","name":"child")" + owned + "}," + pods + "}";
  fake.lists["/deployments"] = R"({"metadata":{"namespace":"a","name":"d","uid":"u"},)" + tmpl + "}";
  fake.lists["/replicasets"] = R"({"metadata":{"namespace":"a","name":"d-1")" + owned + "}," + tmpl + "}";
  const auto source = fake.follow();
  REQUIRE(eventually([&] { return source->running().has_value(); }));
  std::vector<std::string> kinds;
  const auto running = *source->running();
  for (const RunningText& each : running) kinds.push_back(each.kind);
  CHECK(kinds == std::vector<std::string>{"Pod", "Deployment"});

  FakeCluster refused;
  refused.refusals = {{"/jobs", 403}};
  const auto partly = refused.follow();
  REQUIRE(eventually([&] { return watchOf(*partly, "jobs.batch").phase == "refused" && partly->facts(); }));
  CHECK_FALSE(partly->running());
}

TEST_CASE("what the role does not let it read is unknown, but for policies") {
  FakeCluster fake;
  fake.refusals = {{"/nodes", 403}, {"/namespaces", 403}, {"/pods", 403}};
  const auto source = fake.follow();
  REQUIRE(eventually([&] { return source->policies(kClock.now()).known && source->facts(); }));
  CHECK_FALSE(source->facts()->nodes);
  CHECK_FALSE(source->facts()->namespaces);
  CHECK(watchOf(*source, "nodes").settled);
  CHECK_FALSE(watchOf(*source, "nodes").decides);
  CHECK(watchOf(*source, "nodes").trouble == "HTTP 403: not for you");

  FakeCluster closed;
  closed.refusals = {{"/slicepolicies", 403}};
  const auto refused = closed.follow(true);
  REQUIRE(eventually([&] { return watchOf(*refused, "slicepolicies.rightslice.io").phase == "refused"; }));
  CHECK_FALSE(watchOf(*refused, "slicepolicies.rightslice.io").settled);
  CHECK_FALSE(refused->policies(kClock.now()).known);
}

namespace {

constexpr const char* kDeviceApi = R"({"resources":[{"name":"deviceclasses"},{"name":"resourceclaims"},{"name":"resourceclaimtemplates"},{"name":"resourceslices"}]})";

/// Taken by the API server, and nested too deep for us.
std::string odd(const std::string& ns, const std::string& name) {
  return R"({"metadata":{"namespace":")" + ns + R"(","name":")" + name + R"(","resourceVersion":"1"},"spec":{"x":)" + std::string(200, '[') + std::string(200, ']') + "}}";
}

}  // namespace

TEST_CASE("what an object that cannot be read has or holds is unknown; a policy is there and bad; and all else is read") {
  FakeCluster fake;
  fake.answers["/apis/resource.k8s.io/v1"] = kDeviceApi;
  fake.lists["/resourceclaims"] = R"({"metadata":{"namespace":"a","name":"c"},"spec":{"devices":{"requests":[]}}},)" + odd("tenant", "x");
  fake.lists["/slicepolicies"] += "," + odd("tenant", "p");
  const auto source = fake.follow();
  REQUIRE(eventually([&] { return source->policies(kClock.now()).known && source->facts() && source->running(); }));
  const auto policies = source->policies(kClock.now());
  REQUIRE(policies.objects.size() == 2);
  CHECK(policies.objects[0].unread.empty());
  CHECK(policies.objects[1].place() == "slicepolicies.rightslice.io/tenant/p");
  CHECK(policies.objects[1].unread == "not valid JSON: nested deeper than 128 levels");
  REQUIRE(eventually([&] { return source->facts()->devices.claims.has_value(); }));
  CHECK(source->facts()->devices.claims->contains("a/c"));
  CHECK_FALSE(source->facts()->devices.claims->contains("tenant/x"));
  CHECK(watchOf(*source, "resourceclaims.resource.k8s.io").unread == 1);
  REQUIRE(eventually([&] { return watchOf(*source, "pods").phase == "synced" && source->facts()->nodes->front().requestedKnown; }));

  FakeCluster pods;
  pods.lists["/pods"] += "," + odd("a", "odd");
  const auto unsure = pods.follow();
  REQUIRE(eventually([&] { return watchOf(*unsure, "pods").phase == "synced" && unsure->facts(); }));
  CHECK_FALSE(unsure->facts()->nodes->front().requestedKnown);
  FakeCluster nodes;
  nodes.lists["/nodes"] += "," + odd("", "odd");
  const auto without = nodes.follow();
  REQUIRE(eventually([&] { return watchOf(*without, "nodes").phase == "synced" && without->facts(); }));
  CHECK_FALSE(without->facts()->nodes);
}

TEST_CASE("that the API of DRA went is a change of the facts, whatever was kept of it") {
  FakeCluster fake;
  fake.answers["/apis/resource.k8s.io/v1"] = kDeviceApi;
  fake.lists["/deviceclasses"] = R"({"metadata":{"name":"gpu.nvidia.com"}})";   // one list that is emptied, and three that were empty
  const auto source = fake.follow();
  const auto known = [&] {
    const auto facts = source->facts();
    return facts && facts->devices.classes && facts->devices.claims && facts->devices.templates && watchOf(*source, "resourceslices.resource.k8s.io").phase == "synced";
  };
  REQUIRE(eventually(known));
  const auto facts = source->factsVersion(), basis = source->basisVersion();
  fake.devices = false;
  REQUIRE(eventually([&] { return watchOf(*source, "deviceclasses.resource.k8s.io").phase == "absent"; }));
  CHECK(source->factsVersion() > facts);
  CHECK(source->basisVersion() > basis);
}

TEST_CASE("a server without our definitions has no policies only where there are others") {
  for (const bool others : {false, true}) {
    FakeCluster fake;
    fake.refusals = {{"/slicepolicies", 404}, {"/clusterslicepolicies", 404}, {"/sliceexceptions", 404}};
    const auto source = fake.follow(others);
    REQUIRE(eventually([&] {
      return watchOf(*source, "slicepolicies.rightslice.io").phase == "absent" && watchOf(*source, "sliceexceptions.rightslice.io").phase == "absent" &&
             watchOf(*source, "clusterslicepolicies.rightslice.io").phase == "absent";
    }));
    CHECK(source->policies(kClock.now()).known == others);
  }
}

TEST_CASE("the status of a policy is applied once, with its verdict") {
  FakeCluster fake;
  const auto source = fake.follow();
  REQUIRE(eventually([&] { return source->policies(kClock.now()).known; }));
  std::ostringstream lines;
  host::Log log(host::Level::Info, lines);
  StatusWriter writer(*source, log, quickly(10));
  writer.start();
  const auto objects = source->policies(kClock.now()).objects;
  const std::map<std::string, PolicyStatus> verdicts{{"slicepolicies.rightslice.io/team-a/default", {{false, "InvalidValue", "spec.mode: no"}, ""}}};
  for (int i = 0; i < 3; ++i) writer.want(objects, verdicts);
  REQUIRE(eventually([&] { return fake.server.count("fieldManager") == 1; }));
  writer.want(objects, verdicts);
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  CHECK(fake.server.count("fieldManager") == 1);
  const auto seen = fake.server.seen();
  const auto patch = std::find_if(seen.begin(), seen.end(), [](const Seen& each) { return each.method == "PATCH"; });
  CHECK(patch->target == "/apis/rightslice.io/v1alpha1/namespaces/team-a/slicepolicies/default/status?fieldManager=rightslice&force=true");
  CHECK(patch->has("Content-Type: application/apply-patch+yaml"));
  const auto body = json::Document::parse(patch->body);
  REQUIRE(body);
  CHECK(body->root().find("/metadata/uid").stringOr("") == "u-default");
  CHECK(body->root().find("/status/observedGeneration").integer() == 4);
  CHECK(body->root().find("/status/conditions/0/status").stringOr("") == "False");
  CHECK(body->root().find("/status/conditions/0/reason").stringOr("") == "InvalidValue");
  CHECK(body->root().find("/status/conditions/0/message").stringOr("") == "spec.mode: no");
  writer.stop();
}

TEST_CASE("what the status says already is not said again, and a refusal is told") {
  FakeCluster fake;
  fake.lists["/slicepolicies"] = served("default", R"({"mode":"audit"})",
                                        R"({"conditions":[{"type":"Accepted","status":"True","reason":"Accepted","message":"in force","observedGeneration":4}],
                                        "lastAccepted":{"generation":4,"text":"x"}})");
  fake.patchStatus = 403;
  const auto source = fake.follow();
  REQUIRE(eventually([&] { return source->policies(kClock.now()).known; }));
  std::ostringstream lines;
  {
    host::Log log(host::Level::Info, lines);
    StatusWriter writer(*source, log, quickly(0));
    writer.start();
    const auto objects = source->policies(kClock.now()).objects;
    const std::string place = objects.front().place();
    writer.want(objects, {{place, {{true, "Accepted", "in force"}, ""}}});
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    CHECK(fake.server.count("fieldManager") == 0);
    writer.want(objects, {{place, {{true, "Accepted", "something else"}, ""}}});
    CHECK(eventually([&] { return fake.server.count("fieldManager") == 1; }));
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    writer.stop();
  }
  CHECK(lines.str().find("HTTP 403: said no") != std::string::npos);
}

TEST_CASE("a condition keeps its time as long as it stays the same") {
  PolicyObject object;
  object.kind = "SlicePolicy";
  object.name = "x";
  object.condition = Condition{true, "Accepted", "in force", "2026-01-01T00:00:00Z", 1};
  CHECK(statusText(object, {{true, "Accepted", "other"}, ""}, "2026-02-02T00:00:00Z").find("2026-01-01T00:00:00Z") != std::string::npos);
  CHECK(statusText(object, {{false, "X", "other"}, ""}, "2026-02-02T00:00:00Z").find("2026-02-02T00:00:00Z") != std::string::npos);
}

TEST_CASE("one that does not lead writes nothing, and writes what is left when it leads") {
  FakeCluster fake;
  const auto source = fake.follow();
  REQUIRE(eventually([&] { return source->policies(kClock.now()).known; }));
  std::ostringstream lines;
  host::Log log(host::Level::Info, lines);
  std::atomic<bool> leads{false};
  auto options = quickly(0);
  options.leads = [&] { return leads.load(); };
  StatusWriter writer(*source, log, options);
  writer.start();
  const auto objects = source->policies(kClock.now()).objects;
  writer.want(objects, {{objects.front().place(), {{true, "Accepted", "in force"}, ""}}});
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  CHECK(fake.server.count("fieldManager") == 0);
  leads = true;
  CHECK(eventually([&] { return fake.server.count("fieldManager") == 1; }));
  writer.stop();
}

TEST_CASE("numbers are written at once the first time, then no more often than they may; a verdict waits for nothing") {
  FakeCluster fake;
  const auto source = fake.follow();
  REQUIRE(eventually([&] { return source->policies(kClock.now()).known; }));
  std::ostringstream lines;
  host::Log log(host::Level::Info, lines);
  std::vector<admission::Event> told;
  std::mutex mutex;
  auto options = quickly(0);
  options.numbers = std::chrono::hours(1);
  options.tell = [&](admission::Event event) {
    const std::lock_guard lock(mutex);
    told.push_back(std::move(event));
  };
  StatusWriter writer(*source, log, options);
  writer.start();
  const auto objects = source->policies(kClock.now()).objects;
  const auto want = [&](const PolicyVerdict& verdict, const std::string& counted) { writer.want(objects, {{objects.front().place(), {verdict, counted}}}); };
  const PolicyVerdict good{true, "Accepted", "in force"};
  want(good, "");
  REQUIRE(eventually([&] { return fake.server.count("fieldManager") == 1; }));
  want(good, R"({"matchedWorkloads":1})");
  REQUIRE(eventually([&] { return fake.server.count("fieldManager") == 2; }));
  want(good, R"({"matchedWorkloads":2})");
  std::this_thread::sleep_for(std::chrono::milliseconds(150));
  CHECK(fake.server.count("fieldManager") == 2);
  want({false, "UnknownGpu", "spec.gpus[0]: no"}, R"({"matchedWorkloads":2})");
  CHECK(eventually([&] { return fake.server.count("fieldManager") == 3; }));
  writer.stop();
  REQUIRE(told.size() == 1);
  CHECK(told.front().reason == admission::EventReason::NotAccepted);
  CHECK(told.front().name == "default");
  CHECK(told.front().note == "UnknownGpu: spec.gpus[0]: no");
}

TEST_CASE("what scales workloads: none where there is no such resource, unknown where it may not be read") {
  FakeCluster fake;
  fake.lists["/horizontalpodautoscalers"] =
      R"({"metadata":{"namespace":"a","name":"h"},"spec":{"maxReplicas":8,"scaleTargetRef":{"apiVersion":"apps/v1","kind":"Deployment","name":"d"}}})";
  fake.refusals = {{"/scaledobjects", 404}};
  const auto source = fake.follow();
  REQUIRE(eventually([&] { return source->running().has_value(); }));
  const auto known = source->autoscalers();
  REQUIRE(known);
  CHECK(known->size() == 1);
  CHECK(known->of("apps", "Deployment", "a", "d")->most == 8);
  const auto absent = watchOf(*source, "scaledobjects.keda.sh");
  CHECK(absent.phase == "absent");
  CHECK(absent.settled);
  CHECK(absent.trouble.empty());

  FakeCluster refused;
  refused.refusals = {{"/horizontalpodautoscalers", 403}};
  const auto partly = refused.follow();
  REQUIRE(eventually([&] { return partly->running().has_value(); }));
  CHECK_FALSE(partly->autoscalers());
}
