#include "admission/inventory.hpp"

#include <doctest/doctest.h>

#include "admission/scale.hpp"
#include "written.hpp"

using namespace rightslice;
using namespace rightslice::admission;
using written::Setting;

namespace {

std::string deployment(std::string_view name, int replicas, std::string_view more = "") {
  return fmt::format(R"({{"metadata":{{"name":"{}","namespace":"team-a","uid":"u-{}","annotations":{{"long":"{}"}}{}}},"spec":{{"replicas":{},"template":{{"spec":)"
                     R"({{"containers":[{{"name":"c","resources":{{"limits":{{"nvidia.com/mig-1g.10gb":"1"}}}}}}]}}}}}},"status":{{}}}})",
                     name, name, std::string(2000, 'x'), more, replicas);
}

std::optional<std::string> kept(std::string_view object, std::string_view apiVersion = "apps/v1", std::string_view kind = "Deployment") {
  const auto document = json::Document::parse(object);
  REQUIRE(document);
  return runningText(document->root(), apiVersion, kind);
}

/// A snapshot of Deployments, with the use that `environment` gives them.
Inventory inventoryOf(const Environment& environment, std::initializer_list<std::pair<const char*, int>> objects,
                      std::vector<workload::Autoscaler> scaling = {}) {
  const auto autoscalers = std::make_shared<const workload::Autoscalers>(std::move(scaling));
  std::vector<std::shared_ptr<const Running>> out;
  for (const auto& [name, replicas] : objects) {
    const auto text = kept(deployment(name, replicas));
    REQUIRE(text);
    const auto read = readRunning(*text);
    auto made = std::make_shared<Running>();
    made->group = "apps";
    made->kind = "Deployment";
    made->ns = "team-a";
    made->name = name;
    made->uid = read->uid;
    made->text = std::make_shared<const std::string>(*text);
    const auto* autoscaler = autoscalers->of(*read);
    if (autoscaler != nullptr) made->autoscaler = *autoscaler;
    made->raised = workload::raises(*read, autoscaler);
    made->usage = policy::usageOf(*read, *environment.policies, environment.catalogue, *environment.surroundings, autoscaler);
    made->written = policy::usageOf(*read, *environment.policies, environment.catalogue, *environment.surroundings);
    out.push_back(std::move(made));
  }
  return Inventory(std::move(out), autoscalers);
}

std::string reviewOf(std::string_view operation, std::string_view object, std::string_view old = "null", std::string_view subResource = "",
                     std::string_view name = "chat") {
  const bool scale = !subResource.empty();
  return fmt::format(R"({{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{{"uid":"u","kind":{{"group":"{}","version":"v1","kind":"{}"}},)"
                     R"("resource":{{"group":"apps","version":"v1","resource":"deployments"}},"subResource":"{}","name":"{}","namespace":"team-a",)"
                     R"("operation":"{}","userInfo":{{"username":"jane"}},"object":{},"oldObject":{}}}}})",
                     scale ? "autoscaling" : "apps", scale ? "Scale" : "Deployment", subResource, name, operation, object, old);
}

std::string scale(int replicas) {
  return fmt::format(R"({{"apiVersion":"autoscaling/v1","kind":"Scale","metadata":{{"name":"chat","namespace":"team-a"}},"spec":{{"replicas":{}}}}})", replicas);
}

std::string asObject(std::string text) { return text.insert(1, R"("apiVersion":"apps/v1","kind":"Deployment",)"); }

const std::string kBudget = "  budget: {gpus: 0.5}\n";  // four slices of 1g.10gb, an eighth each

}  // namespace

TEST_CASE("what is kept of an object that runs") {
  const auto text = kept(deployment("chat", 2));
  REQUIRE(text);
  CHECK(text->find("xxx") == std::string::npos);
  CHECK(text->find("status") == std::string::npos);
  CHECK(readRunning(*text)->uid == "u-chat");
  const auto owner = [](const char* apiVersion, const char* kind) {
    return fmt::format(R"(,"ownerReferences":[{{"apiVersion":"{}","kind":"{}","name":"o","uid":"x","controller":true}}])", apiVersion, kind);
  };
  CHECK_FALSE(kept(deployment("chat", 2, owner("apps/v1", "Deployment")), "apps/v1", "ReplicaSet"));
  CHECK(kept(deployment("chat", 2, owner("example.io/v1", "Thing"))));  // nobody counts its owner
  CHECK_FALSE(kept(R"({"metadata":{"name":"x"},"spec":{"template":{"spec":{"containers":[{"name":"c"}]}}}})"));
  auto job = deployment("j", 1);
  job.replace(job.find(R"("status":{})"), 11, R"("status":{"conditions":[{"type":"Complete","status":"True"}]})");
  CHECK_FALSE(kept(job, "batch/v1", "Job"));
}

TEST_CASE("a budget counts what runs in the namespace") {
  const Setting setting(written::policy("enforce", kBudget));
  auto environment = setting.environment();
  const auto three = inventoryOf(environment, {{"one", 1}, {"two", 2}});
  environment.inventory = &three;
  const auto ask = [&](const std::string& review) { return answer(review, Path::Validate, environment, {}); };
  CHECK(ask(reviewOf("CREATE", asObject(deployment("chat", 1)))).decision != "deny");
  const auto over = ask(reviewOf("CREATE", asObject(deployment("chat", 2))));
  CHECK(over.decision == "deny");
  CHECK(over.findings.find("OverBudget") != std::string::npos);
  CHECK(over.body.find("takes 0.25 GPUs, with 0.375 GPUs already in use, of a budget of 0.5 GPUs") != std::string::npos);
  // An update is counted once: with what it was or with what it becomes, also where the old one was not seen yet.
  CHECK(ask(reviewOf("UPDATE", asObject(deployment("two", 3)), asObject(deployment("two", 2)), "", "two")).decision != "deny");
  CHECK(ask(reviewOf("UPDATE", asObject(deployment("two", 4)), asObject(deployment("two", 2)), "", "two")).decision == "deny");
  CHECK(ask(reviewOf("UPDATE", asObject(deployment("new", 2)), asObject(deployment("new", 1)))).decision == "deny");
  CHECK(ask(reviewOf("UPDATE", asObject(deployment("new", 1)), asObject(deployment("new", 2)))).decision != "deny");
}

TEST_CASE("a child of an owner that is counted has no budget of its own") {
  const Setting setting(written::policy("enforce", kBudget + "  match: {kinds: [ReplicaSet]}\n"));
  auto environment = setting.environment();
  const auto full = inventoryOf(environment, {{"chat", 4}});
  environment.inventory = &full;
  auto child = deployment("chat-1", 4, R"(,"ownerReferences":[{"apiVersion":"apps/v1","kind":"Deployment","name":"chat","uid":"u-chat","controller":true}])");
  child.insert(1, R"("apiVersion":"apps/v1","kind":"ReplicaSet",)");
  CHECK(answer(reviewOf("CREATE", child), Path::Validate, environment, {}).decision != "deny");
}

TEST_CASE("scale is judged against budgets only, and down it always goes") {
  const Setting setting(written::policy("enforce", kBudget + "  actions: {Undersized: deny, UnknownFootprint: deny}\n"));
  auto environment = setting.environment();
  const auto running = inventoryOf(environment, {{"one", 1}, {"chat", 2}});
  environment.inventory = &running;
  const auto ask = [&](int to, int from, std::string_view name = "chat") {
    return answer(reviewOf("UPDATE", scale(to), scale(from), "scale", name), Path::Validate, environment, {});
  };
  CHECK(ask(3, 2).decision == "allow");  // its unknown footprint is no matter here
  const auto over = ask(4, 2);
  CHECK(over.decision == "deny");
  CHECK(over.findings == "OverBudget");
  CHECK(over.body.find("takes 0.5 GPUs, with 0.125 GPUs already in use") != std::string::npos);
  CHECK(ask(0, 2).decision == "allow");
  CHECK(ask(8, 9).decision == "allow");  // too many still, but fewer
  CHECK(ask(100, 2, "not-seen").decision == "allow");
  CHECK(answer(reviewOf("UPDATE", scale(4), scale(2), "scale"), Path::Mutate, environment, {}).decision == "allow");
  environment.inventory = nullptr;
  CHECK(ask(100, 2).decision == "allow");
}

TEST_CASE("a child is proven by an owner that runs") {
  const Setting setting(written::policy("enforce", "  actions: {UnknownFootprint: deny}\n"));
  auto environment = setting.environment();
  auto child = deployment("chat-1", 1, R"(,"ownerReferences":[{"apiVersion":"apps/v1","kind":"Deployment","name":"chat","uid":"u-chat","controller":true}])");
  child.insert(1, R"("apiVersion":"apps/v1","kind":"ReplicaSet",)");
  CHECK(answer(reviewOf("CREATE", child), Path::Validate, environment, {}).decision == "deny");
  const auto running = inventoryOf(environment, {{"chat", 1}});
  environment.inventory = &running;
  CHECK(answer(reviewOf("CREATE", child), Path::Validate, environment, {}).decision == "allow");
}

TEST_CASE("an autoscaler's maximum is what counts: it may go up to it, and others see it in use") {
  const Setting setting(written::policy("enforce", kBudget));
  auto environment = setting.environment();
  const workload::Autoscaler three{"HorizontalPodAutoscaler", "team-a", "busy", "apps", "Deployment", "chat", 3, false};
  const auto running = inventoryOf(environment, {{"chat", 1}, {"one", 1}}, {three});
  environment.inventory = &running;
  CHECK(running.usage("team-a").gpuMillis == 500);
  const auto scaledTo = [&](int to, int from) { return answer(reviewOf("UPDATE", scale(to), scale(from), "scale"), Path::Validate, environment, {}); };
  CHECK(scaledTo(3, 1).decision == "allow");
  CHECK(scaledTo(4, 1).decision == "deny");
  CHECK(scaledTo(0, 1).decision == "allow");
  const auto ask = [&](const std::string& review) { return answer(review, Path::Validate, environment, {}); };
  const auto another = ask(reviewOf("CREATE", asObject(deployment("new", 1)), "null", "", "new"));
  CHECK(another.decision == "deny");
  CHECK(another.body.find("with 0.5 GPUs already in use, of a budget of 0.5 GPUs; in use includes the maximum of HorizontalPodAutoscaler busy (3)") !=
        std::string::npos);
  // Its own update is no more than was counted before.
  CHECK(ask(reviewOf("UPDATE", asObject(deployment("chat", 2)), asObject(deployment("chat", 1)))).decision != "deny");
  const auto more = ask(reviewOf("UPDATE", asObject(deployment("chat", 4)), asObject(deployment("chat", 1))));
  CHECK(more.decision == "deny");
  CHECK(more.body.find("in use includes") == std::string::npos);  // what is in use beside it is not scaled
}

TEST_CASE("autoscalers that may not be read are unknown, where they could matter") {
  const Setting setting(written::policy("enforce", kBudget));
  auto environment = setting.environment();
  const Inventory unknown(std::vector<std::shared_ptr<const Running>>{});
  environment.inventory = &unknown;
  const auto document = json::Document::parse(asObject(deployment("chat", 1)));
  policy::Request request;
  request.usageKnown = true;
  request.autoscalersKnown = unknown.autoscalersKnown();
  CHECK(verdict(*document, "default", environment, request).unknown == std::vector<std::string>{"autoscalers in namespace team-a"});
}

TEST_CASE("an update that rolls out is warned of the pods beside it; one that only scales is not") {
  const Setting setting(written::policy("enforce", kBudget));
  auto environment = setting.environment();
  const auto running = inventoryOf(environment, {{"chat", 4}});
  environment.inventory = &running;
  auto now = asObject(deployment("chat", 4));
  const auto before = now;
  const auto ask = [&] { return answer(reviewOf("UPDATE", now, before), Path::Validate, environment, {}); };
  CHECK(ask().body.find("rolls out") == std::string::npos);
  now.replace(now.find(R"("name":"c")"), 10, R"("name":"c","image":"new")");
  const auto rolling = ask();
  CHECK(rolling.decision != "deny");
  CHECK(rolling.body.find("while it rolls out, 1 more pod runs: takes 0.625 GPUs, with 0 GPUs already in use, of a budget of 0.5 GPUs") != std::string::npos);
}
