#include "admission/reviewer.hpp"

#include <doctest/doctest.h>

#include "admission/verdict.hpp"
#include "base/limits.hpp"
#include "written.hpp"

using namespace rightslice;
using namespace rightslice::admission;
using written::Setting;

namespace {

const std::string kDenyOversized = "  actions: {Oversized: deny}\n";
const std::string kRewrite = "  actions: {Oversized: rewrite, Undersized: rewrite}\n";

std::string annotation(const Answer& answer, std::string_view key) {
  const auto body = written::parsed(answer);
  return std::string(body.root()["response"]["auditAnnotations"][key].stringOr("(absent)"));
}

}  // namespace

TEST_CASE("mode, finding and path decide between denial, warning, patch and silence") {
  struct Case {
    const char *mode, *actions;
    std::string object;
    Path path;
    bool allowed;
    std::string_view decision, wouldBe;
    bool warns, patched;
  };
  const Case cases[] = {
      {"enforce", "", written::fitting(), Path::Validate, true, "allow", "", false, false},
      {"enforce", "", written::undersized(), Path::Validate, false, "deny", "", false, false},
      {"enforce", "", written::oversized(), Path::Validate, true, "warn", "", true, false},
      {"enforce", kDenyOversized.c_str(), written::oversized(), Path::Validate, false, "deny", "", false, false},
      {"warn", kDenyOversized.c_str(), written::oversized(), Path::Validate, true, "warn", "deny", true, false},
      {"audit", kDenyOversized.c_str(), written::oversized(), Path::Validate, true, "allow", "deny", false, false},
      {"audit", "", written::fitting(), Path::Validate, true, "allow", "allow", false, false},
      {"enforce", "", written::undersized(), Path::Mutate, true, "warn", "", false, false},
      {"enforce", kRewrite.c_str(), written::oversized(), Path::Mutate, true, "rewrite", "", true, true},
      {"enforce", kRewrite.c_str(), written::undersized(), Path::Mutate, true, "rewrite", "", true, true},
      {"enforce", kRewrite.c_str(), written::oversized(), Path::Validate, true, "warn", "", true, false},
      {"warn", kRewrite.c_str(), written::oversized(), Path::Mutate, true, "warn", "rewrite", false, false},
      {"audit", kRewrite.c_str(), written::oversized(), Path::Mutate, true, "allow", "rewrite", false, false},
  };
  for (const Case& each : cases) {
    CAPTURE(each.mode);
    CAPTURE(each.actions);
    CAPTURE(each.object);
    CAPTURE(static_cast<int>(each.path));
    const auto answer = Setting(written::policy(each.mode, each.actions)).ask(written::review(each.object), each.path);
    CAPTURE(answer.body);
    CHECK(answer.allowed == each.allowed);
    CHECK(answer.decision == each.decision);
    CHECK(answer.wouldBe == each.wouldBe);
    CHECK(answer.patched == each.patched);
    const auto body = written::parsed(answer);
    CHECK(body.root()["response"]["warnings"].exists() == each.warns);
    CHECK(annotation(answer, "decision") == each.decision);
    CHECK(annotation(answer, "would-be") == (each.wouldBe.empty() ? "(absent)" : each.wouldBe));
  }
}

TEST_CASE("what cannot be read is warned of, but not in audit") {
  std::string object = written::fitting();
  const auto at = object.find("\"containers\"");
  REQUIRE(at != std::string::npos);
  object.insert(at, R"("initContainers":"none",)");
  for (const auto& [mode, warns] : {std::pair("enforce", true), std::pair("warn", true), std::pair("audit", false)}) {
    CAPTURE(mode);
    const auto answer = Setting(written::policy(mode, "")).ask(written::review(object), Path::Validate);
    CHECK(answer.allowed);
    CHECK(written::parsed(answer).root()["response"]["warnings"].exists() == warns);
  }
}

TEST_CASE("would-be of a review is that of check: the rewritten object is judged too") {
  const std::string policies = written::policy("audit", kRewrite + "  budget: {memory: 20Gi}\n");
  const Setting setting(policies);
  const auto answer = setting.ask(written::review(written::undersized()), Path::Validate);
  const auto checked =
      verdict(json::Document::parse(written::undersized()).value(), "default", setting.environment(), policy::Request{});
  REQUIRE(checked.wouldBe);
  CHECK(*checked.wouldBe == policy::Action::Deny);  // the slice that fits passes the budget
  CHECK(answer.wouldBe == "deny");
  CHECK(answer.decision == "allow");
}

TEST_CASE("a denial has one cause per finding that is not allowed, and a message that can be acted on") {
  const Setting setting(written::policy("enforce", kDenyOversized));
  const auto answer = setting.ask(written::review(written::oversized()), Path::Validate, {{}, "https://docs.example/"});
  const auto body = written::parsed(answer);
  const auto status = body.root()["response"]["status"];
  CHECK(status["code"].integer() == 403);
  CHECK(status["reason"].stringOr("") == "Forbidden");
  const std::string message(status["message"].stringOr(""));
  for (const char* part : {"Oversized", "server", "nvidia.com/mig-3g.40gb", "39.5 GiB", "6 GiB", "nvidia.com/mig-1g.10gb", "team-a/default", "enforce",
                           "https://docs.example/policies/findings/Oversized.md"}) {
    CAPTURE(message);
    CHECK(message.find(part) != std::string::npos);
  }
  REQUIRE(status["details"]["causes"].size() == 1);
  const auto cause = status["details"]["causes"].at(0);
  CHECK(cause["reason"].stringOr("") == "Oversized");
  CHECK(cause["field"].stringOr("") == "/spec/template/spec/containers/0/resources/limits/nvidia.com~1mig-3g.40gb");
}

TEST_CASE("audit annotations tell policy, findings, and need, request and recommendation of the one container with a GPU") {
  const Setting setting(written::policy("enforce", kDenyOversized) + written::policy("audit", "", "second"));
  const auto one = setting.ask(written::review(written::oversized()));
  CHECK(annotation(one, "policy") == "team-a/default,team-a/second");
  CHECK(annotation(one, "findings") == "Oversized");
  CHECK(annotation(one, "need") == "6442450944");
  CHECK(annotation(one, "requested") == "nvidia.com/mig-3g.40gb:1");
  CHECK(annotation(one, "recommended") == "nvidia.com/mig-1g.10gb");
  const std::string two = written::container("nvidia.com/mig-3g.40gb", "a") + "," + written::container("nvidia.com/mig-1g.10gb", "b");
  const auto both = setting.ask(written::review(written::deployment(two)));
  for (const char* key : {"need", "requested", "recommended"}) CHECK(annotation(both, key) == "(absent)");
  const auto plain = written::parsed(setting.ask(written::review(written::fitting())));
  CHECK(plain.root()["response"]["auditAnnotations"]["recommended"].exists() == false);
}

TEST_CASE("DELETE, CONNECT and subresources are allowed without a judgement") {
  const Setting setting(written::policy("enforce", kDenyOversized));
  struct Case { const char *operation, *more; };
  for (const Case& each : {Case{"DELETE", ""}, Case{"CONNECT", ""}, Case{"UPDATE", R"(,"subResource":"status")"}, Case{"UPDATE", R"(,"subResource":"scale")"}}) {
    const auto answer = setting.ask(written::review(written::oversized(), each.more, each.operation));
    CAPTURE(answer.body);
    CHECK(answer.allowed);
    CHECK(answer.findings.empty());
    CHECK(annotation(answer, "findings") == "(absent)");
  }
}

TEST_CASE("the namespace of the request wins over that of the object") {
  const Setting setting(written::policy("enforce", kDenyOversized, "default", "team-b"));
  std::string text = written::review(written::oversized());
  CHECK(setting.ask(text).allowed);
  const std::string from = R"("namespace":"team-a","operation")";
  text.replace(text.find(from), from.size(), R"("namespace":"team-b","operation")");
  CHECK_FALSE(setting.ask(text).allowed);
}

TEST_CASE("an unrelated change of what was there before is a warning, a new request is denied") {
  const Setting setting(written::policy("enforce", kDenyOversized));
  const std::string old = R"(,"oldObject":)" + written::oversized();
  const auto kept = setting.ask(written::review(written::oversized(), old, "UPDATE"));
  CHECK(kept.allowed);
  CHECK(kept.decision == "warn");
  const std::string fitted = R"(,"oldObject":)" + written::fitting();
  CHECK_FALSE(setting.ask(written::review(written::oversized(), fitted, "UPDATE")).allowed);
}

TEST_CASE("what is no review gets 400, what is too large 413, and neither an AdmissionReview") {
  const Setting setting(written::policy("enforce"));
  const auto bad = setting.ask("{}");
  CHECK(bad.httpStatus == 400);
  CHECK_FALSE(bad.error.empty());
  CHECK(written::parsed(bad).root()["error"].stringOr("") == bad.error);
  CHECK(setting.ask(std::string(limits::kMaxBodyBytes + 1, ' ')).httpStatus == 413);
  CHECK(setting.ask(std::string(limits::kMaxBodyBytes, ' ')).httpStatus == 400);

  // Nor is an object judged that was made to hold up the webhook: what is denied must not get in behind that.
  std::string keys;
  for (std::size_t i = 0; i <= limits::kMaxAsks; ++i) keys += "\"rightslice.io/x" + std::to_string(i) + R"(":"1",)";
  std::string object = written::undersized();
  const std::string_view metadata = R"("metadata":{)";
  object.insert(object.find(metadata) + metadata.size(), R"("annotations":{)" + keys + R"("z":""},)");
  for (const Path path : {Path::Validate, Path::Mutate}) {
    const auto large = setting.ask(written::review(object), path);
    CHECK(large.httpStatus == 413);
    CHECK_FALSE(large.allowed);
    CHECK(large.error == "the object has 2002 annotations of rightslice.io; at most 2000 are judged");
  }
}

TEST_CASE("an object without a policy is allowed, and its uid is echoed however it looks") {
  const Setting setting(written::policy("enforce", "", "default", "elsewhere"));
  std::string text = written::review(written::undersized());
  text.replace(text.find("u-1"), 3, R"(\u0000\"<\ud83d\ude00)");
  const auto answer = setting.ask(text);
  CHECK(answer.allowed);
  CHECK(answer.policies.empty());
}

TEST_CASE("many findings never make an answer too long") {
  std::string containers;
  for (int i = 0; i < 60; ++i)
    containers += (i > 0 ? "," : "") + written::container("nvidia.com/mig-3g.40gb", "container-" + std::string(40, 'n') + std::to_string(i));
  const Setting denying(written::policy("enforce", kDenyOversized)), warning(written::policy("warn", kDenyOversized));
  CHECK_FALSE(denying.ask(written::review(written::deployment(containers))).allowed);
  const auto warned = written::parsed(warning.ask(written::review(written::deployment(containers))));
  CHECK(warned.root()["response"]["warnings"].size() == limits::kMaxWarnings);
}
