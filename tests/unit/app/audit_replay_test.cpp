#include "app/audit_replay.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "policy/load.hpp"

using namespace rightslice;
using app::AuditEvent;
using app::AuditReplay;
using Use = AuditEvent::Use;
using policy::Action;

namespace {

constexpr std::string_view kPolicy = R"(
apiVersion: rightslice.io/v1alpha1
kind: SlicePolicy
metadata: {name: default, namespace: team-a}
spec:
  mode: enforce
  gpus: [NVIDIA-H100-80GB-HBM3]
  slices: {offered: [1g.10gb, 1g.20gb, 3g.40gb]}
  load: {concurrency: 8, context: 4096}
  actions: {Oversized: deny}
  budget: {gpus: 1}
)";

std::string deployment(std::string_view profile, std::string_view footprint = "6Gi", int replicas = 1, std::string_view more = "") {
  return fmt::format(R"({{"apiVersion":"apps/v1","kind":"Deployment","metadata":{{"name":"chat","namespace":"team-a"{3}}},"spec":{{"replicas":{2},"template":{{
    "metadata":{{"annotations":{{"rightslice.io/footprint":"{1}"}}}},"spec":{{"containers":[{{"name":"m","resources":{{"limits":{{"nvidia.com/mig-{0}":"1"}}}}}}]}}}}}}}})",
                     profile, footprint, replicas, more);
}

struct Event {
  std::string verb = "create", level = "RequestResponse", object = deployment("1g.10gb"), response = "", subresource = "", annotations = "",
              stage = "ResponseComplete", uri = "/apis/apps/v1/namespaces/team-a/deployments", resource = "deployments", user = "alice";
  int code = 201;

  std::string text() const {
    return fmt::format(R"({{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"{}","auditID":"id","stage":"{}","requestURI":"{}","verb":"{}",
      "user":{{"username":"{}","groups":["g"]}},"objectRef":{{"resource":"{}","namespace":"team-a","name":"chat","apiGroup":"apps","subresource":"{}"}},
      "responseStatus":{{"code":{}}},"requestReceivedTimestamp":"t","annotations":{{{}}}{}{}}})",
                       level, stage, uri, verb, user, resource, subresource, code, annotations, object.empty() ? "" : ",\"requestObject\":" + object,
                       response.empty() ? "" : ",\"responseObject\":" + response);
  }
};

Use useOf(const Event& event) {
  const auto document = json::Document::parse(event.text());
  REQUIRE_MESSAGE(document, event.text());
  return app::readAuditEvent(document->root()).use;
}

struct Log {
  Log() {
    policy::LoadOptions options;
    options.gpus = catalogue.gpus;
    options.today = *Date::parse("2026-06-01");
    auto loaded = policy::load(kPolicy, "policy.yaml", options);
    REQUIRE(loaded.ok());
    policies = policy::PolicySet(std::move(loaded.policies), {});
    replay.emplace(admission::Environment{&policies, catalogue, &surroundings, options.today}, std::vector<std::string>{"system:trusted"});
  }
  /// The decision of now; nothing where none is made.
  std::optional<Action> take(const Event& event) {
    const auto document = json::Document::parse(event.text());
    REQUIRE_MESSAGE(document, event.text());
    const auto read = app::readAuditEvent(document->root());
    const auto replayed = replay->take(read);
    unknown = replayed ? replayed->now.unknown : std::vector<std::string>{};
    return replayed ? std::optional(replayed->now.decision) : std::nullopt;
  }

  policy::Catalogue catalogue;
  policy::PolicySet policies;
  workload::Surroundings surroundings;
  std::optional<AuditReplay> replay;
  std::vector<std::string> unknown;
};

const std::string kBefore = "Deployment chat before the update";
bool says(const std::vector<std::string>& list, const std::string& text) { return std::find(list.begin(), list.end(), text) != list.end(); }

}  // namespace

TEST_CASE("what an event tells of") {
  const std::string denied = R"("validate.rightslice.io/decision":"deny")";
  const std::string scale = R"({"kind":"Scale","spec":{"replicas":3}})";
  struct Row {
    const char* name;
    Event event;
    Use use;
  };
  const Row rows[] = {
      {"a creation", {}, Use::Judged},
      {"at level Request", {.level = "Request"}, Use::Judged},
      {"an update", {.verb = "update", .code = 200}, Use::Judged},
      {"denied by this webhook", {.annotations = denied, .code = 403}, Use::Judged},
      {"denied by another", {.code = 403}, Use::Refused},
      {"a conflict", {.verb = "update", .code = 409}, Use::Refused},
      {"level Metadata", {.level = "Metadata", .object = ""}, Use::LevelTooLow},
      {"a patch with what came of it", {.verb = "patch", .object = R"({"spec":{}})", .response = deployment("1g.10gb"), .code = 200}, Use::Judged},
      {"a patch alone", {.verb = "patch", .level = "Request", .object = R"({"spec":{}})", .code = 200}, Use::PatchOnly},
      {"a patch that is a list", {.verb = "patch", .level = "Request", .object = "[]", .code = 200}, Use::PatchOnly},
      {"a patch that was denied", {.verb = "patch", .object = "{}", .response = R"({"kind":"Status"})", .annotations = denied, .code = 403}, Use::PatchOnly},
      {"cut short", {.object = "", .annotations = R"("audit.k8s.io/truncated":"true")"}, Use::Truncated},
      {"a dry run", {.uri = "/x?fieldManager=kubectl&dryRun=All"}, Use::DryRun},
      {"an early stage", {.stage = "RequestReceived"}, Use::OtherStage},
      {"a panic", {.stage = "Panic"}, Use::OtherStage},
      {"reading", {.verb = "get", .object = "", .code = 200}, Use::OtherRequest},
      {"a status", {.verb = "update", .subresource = "status", .code = 200}, Use::OtherRequest},
      {"another resource", {.resource = "configmaps"}, Use::OtherRequest},
      {"deleting", {.verb = "delete", .object = "", .code = 200}, Use::Deleted},
      {"scaling", {.verb = "update", .object = scale, .subresource = "scale", .code = 200}, Use::Scaled},
      {"scaling by a patch", {.verb = "patch", .level = "Request", .object = R"({"spec":{"replicas":3}})", .subresource = "scale", .code = 200}, Use::Scaled},
      {"scaling by a patch of another form", {.verb = "patch", .level = "Request", .object = "[]", .subresource = "scale", .code = 200}, Use::PatchOnly},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    CHECK(useOf(row.event) == row.use);
  }
  for (const char* text : {"null", "[]", "{}", R"({"kind":"Event","apiVersion":"audit.k8s.io/v1beta1"})", R"({"kind":"Event","apiVersion":"v1"})"})
    CHECK(app::readAuditEvent(json::Document::parse(text)->root()).use == Use::NoEvent);
}

TEST_CASE("the decision then is the strictest of our webhooks, of the user who acted") {
  const auto document = json::Document::parse(
      R"({"user":{"username":"admin"},"impersonatedUser":{"username":"bob","groups":["x"]},"annotations":{"mutate.rightslice.io/decision":"rewrite",
      "validate.rightslice.io/decision":"allow","validate.rightslice.io/would-be":"deny","other.example/decision":"deny","decision":"deny",
      "scale.rightslice.io/decision":"nonsense"}})");
  const auto event = app::readAuditEvent(document->root());
  CHECK(event.decision == Action::Rewrite);
  CHECK(event.wouldBe == Action::Deny);
  CHECK(event.user == "bob");
  CHECK(event.groups == std::vector<std::string>{"x"});
}

TEST_CASE("what was there before is the old object: the ratchet") {
  Log log;
  CHECK(log.take({.object = deployment("1g.10gb", "12Gi")}) == Action::Deny);   // it got in then
  CHECK(log.take({.verb = "update", .object = deployment("1g.10gb", "12Gi", 2), .code = 200}) == Action::Warn);
  CHECK(log.take({.verb = "update", .object = deployment("1g.10gb", "14Gi", 2), .code = 200}) == Action::Deny);
  CHECK(log.replay->kept() == 1);
  log.take({.verb = "delete", .object = "", .code = 200});
  CHECK(log.replay->kept() == 0);
  CHECK(log.take({.object = deployment("1g.10gb", "12Gi")}) == Action::Deny);
}

TEST_CASE("what was not seen, or changed unseen, is unknown and not guessed") {
  Log log;
  CHECK(log.take({.verb = "update", .object = deployment("1g.10gb", "12Gi"), .code = 200}) == Action::Deny);
  CHECK(says(log.unknown, kBefore));
  CHECK(log.take({.verb = "update", .object = deployment("1g.10gb", "12Gi", 2), .code = 200}) == Action::Warn);
  CHECK_FALSE(says(log.unknown, kBefore));
  CHECK_FALSE(log.take({.verb = "patch", .level = "Request", .object = "[]", .code = 200}));
  CHECK(log.take({.verb = "update", .object = deployment("1g.10gb", "12Gi", 2), .code = 200}) == Action::Deny);
  CHECK(says(log.unknown, kBefore));
}

TEST_CASE("what was denied then changed nothing") {
  Log log;
  const std::string denied = R"("validate.rightslice.io/decision":"deny")";
  CHECK(log.take({.annotations = denied, .code = 403}) == Action::Allow);
  CHECK(log.replay->kept() == 0);
}

TEST_CASE("a scaling is held to the budget, by what it scales") {
  Log log;
  const auto to = [](int replicas) {
    return Event{.verb = "update", .object = fmt::format(R"({{"kind":"Scale","spec":{{"replicas":{}}}}})", replicas), .subresource = "scale", .code = 200};
  };
  CHECK_FALSE(log.take(to(3)));
  CHECK(log.replay->unseen() == 1);
  CHECK(log.take({}) == Action::Allow);
  CHECK(log.take(to(4)) == Action::Allow);
  CHECK(says(log.unknown, "what else runs in namespace team-a"));
  CHECK(log.take(to(9)) == Action::Deny);   // 9/8 of a GPU by itself
  CHECK(log.take(to(9)) == Action::Allow);  // as many as before
  CHECK(log.take(to(2)) == Action::Allow);
}

TEST_CASE("most of a cluster has nothing to do with GPUs, and is not kept") {
  Log log;
  CHECK_FALSE(log.take({.object = R"({"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"chat"},"spec":{"template":{"spec":{"containers":[{"name":"m"}]}}}})"}));
  CHECK(log.replay->kept() == 0);
}

TEST_CASE("children are recorded only, where their owner was seen or a trusted controller makes them") {
  Log log;
  const std::string owned = R"(,"ownerReferences":[{"apiVersion":"apps/v1","kind":"Deployment","name":"chat","uid":"u","controller":true}])";
  const auto child = [&](std::string_view user) {
    std::string text = deployment("1g.10gb", "12Gi", 1, owned);
    text.replace(text.find("\"Deployment\""), 12, "\"ReplicaSet\"");
    return Event{.object = text, .resource = "replicasets", .user = std::string(user)};
  };
  CHECK(log.take(child("alice")) == Action::Deny);
  CHECK(log.take(child("system:trusted")) == Action::Allow);
  log.take({.object = deployment("1g.10gb", "12Gi")});
  CHECK(log.take(child("alice")) == Action::Allow);
  CHECK(log.replay->kept() == 1);
}
