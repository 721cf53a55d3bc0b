#include "app/review_service.hpp"

#include <doctest/doctest.h>

#include <sstream>
#include <stdexcept>

#include "json/document.hpp"
#include "written.hpp"

using namespace rightslice;
using namespace rightslice::app;

namespace {

constexpr std::string_view kObject =
    R"({"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"chat"},"spec":{"template":{"metadata":{"annotations":{"rightslice.io/footprint":"30Gi"}},)"
    R"("spec":{"containers":[{"name":"c","resources":{"limits":{"nvidia.com/mig-1g.10gb":"1"}}}]}}}})";

std::string reviewOf(std::string_view more = "") {
  return fmt::format(R"({{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{{"uid":"u-1","operation":"CREATE","namespace":"team-a",)"
                     R"("userInfo":{{"username":"ann"}},"object":{}{}}}}})",
                     kObject, more);
}

struct Instance {
  Instance() {
    policy::LoadOptions options;
    options.gpus = &gpu::Catalogue::builtIn();
    auto loaded = policy::load(written::policy("team-a", "enforce", "  gpus: [NVIDIA-H100-80GB-HBM3]\n"), "p.yaml", options);
    policies = std::make_shared<const policy::PolicySet>(std::move(loaded.policies), std::move(loaded.exceptions));
  }
  http::Response ask(const std::string& body, std::chrono::milliseconds left = std::chrono::seconds(60)) {
    http::Request request;
    request.body = body;
    request.deadline = std::chrono::steady_clock::now() + left;
    return service.review(admission::Path::Validate, request);
  }
  bool counted(std::string_view series) const { return metrics.text().find(series) != std::string::npos; }

  std::shared_ptr<const policy::PolicySet> policies;
  std::shared_ptr<const workload::Surroundings> surroundings = std::make_shared<const workload::Surroundings>();
  bool throws = false;
  std::vector<admission::Event> told;
  std::function<std::optional<workload::Claim>(const admission::MissingClaim&, std::chrono::milliseconds)> claim;
  written::Clock clock;
  host::Metrics metrics;
  std::ostringstream lines;
  host::Log log{host::Level::Info, lines};
  ReviewService service{{[this] {
                           if (throws) throw std::runtime_error("a bug");
                           return policies;
                         },
                         [this] { return surroundings; }, {}, std::nullopt, {}, {}, [this](admission::Event event) { told.push_back(std::move(event)); },
                         [this](const admission::MissingClaim& missing, std::chrono::milliseconds limit) { return claim ? claim(missing, limit) : std::nullopt; }},
                        metrics, log, clock};
};

}  // namespace

TEST_CASE("a review is answered, counted, and logged with its uid when it is not a plain yes") {
  Instance instance;
  const auto response = instance.ask(reviewOf());
  CHECK(response.status == 200);
  const auto answer = json::Document::parse(response.body).value();
  CHECK(answer.root()["response"]["allowed"].boolean() == false);
  CHECK(instance.counted(R"(rightslice_review_total{decision="deny",operation="CREATE",path="validate"} 1)"));
  CHECK(instance.counted(R"(rightslice_review_duration_seconds_count{path="validate"} 1)"));
  CHECK(instance.counted(R"(rightslice_findings_total{action="deny",code="Undersized"} 1)"));
  CHECK(instance.lines.str().find(R"("uid":"u-1")") != std::string::npos);
  CHECK(instance.lines.str().find(R"("findings":"Undersized")") != std::string::npos);
}

TEST_CASE("what happened to an object is told, and a late answer is not") {
  Instance instance;
  instance.ask(reviewOf());
  REQUIRE(instance.told.size() == 1);
  CHECK(instance.told.front().reason == admission::EventReason::Denied);
  CHECK(instance.told.front().name == "chat");
  instance.ask(reviewOf(), std::chrono::milliseconds(-1));
  CHECK(instance.told.size() == 1);
}

TEST_CASE("a dry run leaves no trace but metrics") {
  Instance instance;
  CHECK(instance.ask(reviewOf(R"(,"dryRun":true)")).status == 200);
  CHECK(instance.lines.str().empty());
  CHECK(instance.told.empty());
  CHECK(instance.counted(R"(rightslice_review_total{decision="deny",operation="CREATE",path="validate"} 1)"));
}

TEST_CASE("what gets no verdict has a status and a reason of its own, and is never allowed") {
  struct Case { const char* what; int status; const char* reason; };
  const auto check = [](Instance& instance, const http::Response& response, const Case& expected) {
    CAPTURE(expected.what);
    CHECK(response.status == expected.status);
    CHECK(response.body.find(fmt::format("\"reason\":\"{}\"", expected.reason)) != std::string::npos);
    CHECK(response.body.find("allowed") == std::string::npos);
    CHECK(instance.counted(fmt::format("rightslice_review_errors_total{{path=\"validate\",reason=\"{}\"}} 1", expected.reason)));
    CHECK(instance.lines.str().find(expected.reason) != std::string::npos);
  };
  Instance late, early, bad, broken;
  check(late, late.ask(reviewOf(), std::chrono::milliseconds(-1)), {"no time left", 500, "DeadlineExceeded"});
  early.policies = nullptr;
  check(early, early.ask(reviewOf()), {"no policies yet", 503, "NotReady"});
  check(bad, bad.ask("{}"), {"no review", 400, "BadRequest"});
  broken.throws = true;
  check(broken, broken.ask(reviewOf()), {"an exception", 500, "InternalError"});
}

TEST_CASE("a claim that is not known is looked for before the answer, and only then") {
  const std::string review = R"({"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u-1","operation":"CREATE","namespace":"team-a",
    "kind":{"group":"","version":"v1","kind":"Pod"},"resource":{"group":"","version":"v1","resource":"pods"},"name":"p","userInfo":{"username":"jo"},
    "object":{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","namespace":"team-a","annotations":{"rightslice.io/footprint":"30Gi"}},
      "spec":{"resourceClaims":[{"name":"gpu","resourceClaimTemplateName":"small"}],"containers":[{"name":"main","resources":{"claims":[{"name":"gpu"}]}}]}}}})";
  const auto claim = [] {
    const auto spec = json::Document::parse(R"j({"devices":{"requests":[{"name":"r","exactly":{"deviceClassName":"mig.nvidia.com",
      "selectors":[{"cel":{"expression":"device.attributes['gpu.nvidia.com'].profile == '1g.10gb'"}}]}}]}})j");
    std::vector<Error> malformed;
    return workload::readClaimSpec(spec->root(), "", malformed);
  };
  Instance instance;
  std::optional<workload::Claim> found;
  int asked = 0;
  instance.claim = [&](const admission::MissingClaim& missing, std::chrono::milliseconds limit) {
    ++asked;
    CHECK(missing.isTemplate);
    CHECK(missing.name == "small");
    CHECK(limit <= std::chrono::milliseconds(500));
    return found;
  };
  CHECK(instance.ask(review).body.find("\"allowed\":true") != std::string::npos);
  CHECK(instance.ask(review).body.find("ResourceClaimTemplate small is not known") != std::string::npos);
  CHECK(asked == 2);
  found = claim();
  const auto denied = instance.ask(review);
  CHECK(denied.body.find("\"allowed\":false") != std::string::npos);
  CHECK(denied.body.find("Undersized") != std::string::npos);
  // Known already: nobody is asked.
  auto surroundings = std::make_shared<workload::Surroundings>();
  surroundings->devices.templates.emplace().emplace("team-a/small", claim());
  instance.surroundings = surroundings;
  asked = 0;
  CHECK(instance.ask(review).body.find("\"allowed\":false") != std::string::npos);
  CHECK(instance.ask(reviewOf()).status == 200);
  CHECK(asked == 0);
}
