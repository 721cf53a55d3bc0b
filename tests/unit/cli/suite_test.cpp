#include "cli/suite.hpp"

#include <doctest/doctest.h>

#include "cli/test_run.hpp"

using namespace rightslice;
using namespace rightslice::cli;
using policy::Action;
using policy::Code;

namespace {

constexpr const char* kHead = "apiVersion: rightslice.io/v1alpha1\nkind: PolicyTest\npolicies: [../policy.yaml]\n";
constexpr const char* kCase = "cases:\n- name: a case\n  manifest: {kind: Pod}\n  expect: {decision: deny}\n";

policy::Judgement judged(Action decision, std::vector<std::pair<Code, Action>> findings, std::string recommended = "") {
  policy::Judgement result;
  result.decision = decision;
  for (const auto& [code, action] : findings) {
    policy::Finding finding;
    finding.code = code;
    finding.action = action;
    result.findings.push_back(finding);
  }
  policy::ContainerJudgement container;
  container.name = "main";
  if (!recommended.empty()) {
    container.recommended.emplace();
    container.recommended->profile = recommended;
    container.recommended->resource = "nvidia.com/mig-" + recommended;
  }
  result.containers.push_back(container);
  return result;
}

}  // namespace

TEST_CASE("a suite is read with its paths resolved against its own folder") {
  const auto file =
      readSuites(std::string(kHead) + "surroundings: nodes.yaml\nnow: \"2026-06-01\"\n" + kCase, "a/b/x_test.yaml");
  REQUIRE(file.errors.empty());
  REQUIRE(file.suites.size() == 1);
  const Suite& suite = file.suites[0];
  CHECK(suite.name == "x_test");
  CHECK(suite.policies == std::vector<std::string>{"a/policy.yaml"});
  CHECK(suite.surroundings == "a/b/nodes.yaml");
  CHECK(suite.now == Date::parse("2026-06-01"));
  REQUIRE(suite.cases.size() == 1);
  CHECK(suite.cases[0].where == "a/b/x_test.yaml:7:3");
  CHECK(suite.cases[0].expect.decision == Action::Deny);
  CHECK_FALSE(suite.cases[0].expect.findings);
}

TEST_CASE("what is wrong in a suite is said with its place and a suggestion") {
  struct Row {
    std::string text, where, message;
  };
  const Row rows[] = {
      {std::string(kHead) + "cases:\n- name: a case\n  manifest: {kind: Pod}\n  expects: {decision: deny}\n",
       "t.yaml:7:3", "did you mean 'expect'"},
      {std::string(kHead) + "cases:\n- name: a case\n  manifest: {kind: Pod}\n  expect: {decision: no}\n",
       "t.yaml:7:12", "must be a text"},
      {std::string(kHead) + "cases:\n- name: a case\n  manifest: {kind: Pod}\n  expect: {findings: [Oversize]}\n",
       "t.yaml:7:23", "did you mean Oversized"},
      {std::string(kHead) + "cases:\n- name: a case\n  manifest: no-such.yaml\n  expect: {decision: deny}\n",
       "t.yaml:6:3", "no-such.yaml"},
      {std::string(kHead) + "cases: []\n", "t.yaml:4:1", "list of cases"},
      {"apiVersion: v1\nkind: PolicyTest\npolicies: [x]\n" + std::string(kCase), "t.yaml:1:1", "apiVersion must be"},
      {"apiVersion: rightslice.io/v1alpha1\nkind: PolicyTest\n" + std::string(kCase), "t.yaml", "at least one policy"},
      {std::string(kHead) + "now: 2026-13-01\n" + kCase, "t.yaml:4:1", "no day"},
      {std::string(kHead) + "cases: [\n", "t.yaml:", ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const auto file = readSuites(row.text, "t.yaml");
    REQUIRE_FALSE(file.errors.empty());
    CHECK(file.errors[0].where.starts_with(row.where));
    CHECK(file.errors[0].message.find(row.message) != std::string::npos);
  }
}

TEST_CASE("documents that are no suite are left alone") {
  const auto file = readSuites("apiVersion: v1\nkind: Pod\n", "t.yaml");
  CHECK(file.suites.empty());
  CHECK(file.errors.empty());
  CHECK(file.holdsOther);
}

TEST_CASE("findings are compared as a set, without those that an exception allows") {
  Expectation expect;
  expect.findings = {Code::Oversized, Code::SharedSlice};
  CHECK(compare(expect, judged(Action::Warn, {{Code::SharedSlice, Action::Warn},
                                              {Code::Oversized, Action::Deny},
                                              {Code::TightFit, Action::Allow}}))
            .empty());
  CHECK(compare(expect, judged(Action::Warn, {{Code::Oversized, Action::Deny}})) ==
        std::vector<std::string>{"findings: expected SharedSlice, Oversized, got Oversized; missing SharedSlice"});
  expect.findings = std::vector<Code>{};
  CHECK(compare(expect, judged(Action::Allow, {{Code::TightFit, Action::Warn}})) ==
        std::vector<std::string>{"findings: expected none, got TightFit; not expected TightFit"});
}

TEST_CASE("contains asks only for some of the findings") {
  Expectation expect;
  expect.contains = {Code::Oversized};
  CHECK(
      compare(expect, judged(Action::Warn, {{Code::Oversized, Action::Warn}, {Code::TightFit, Action::Warn}})).empty());
  CHECK(compare(expect, judged(Action::Warn, {{Code::Oversized, Action::Allow}})).size() == 1);
}

TEST_CASE("a recommendation is expected by profile, by resource, or not at all") {
  Expectation expect;
  for (const char* text : {"1g.10gb", "nvidia.com/mig-1g.10gb"}) {
    expect.recommended = text;
    CHECK(compare(expect, judged(Action::Warn, {}, "1g.10gb")).empty());
    CHECK(compare(expect, judged(Action::Warn, {}, "2g.20gb")).size() == 1);
    CHECK(compare(expect, judged(Action::Warn, {})).size() == 1);
  }
  expect.recommended = "none";
  CHECK(compare(expect, judged(Action::Warn, {})).empty());
  CHECK(compare(expect, judged(Action::Warn, {}, "1g.10gb")).size() == 1);
}

TEST_CASE("an absent wouldBe differs from an expected one") {
  Expectation expect;
  expect.wouldBe = Action::Deny;
  CHECK(compare(expect, judged(Action::Deny, {})) == std::vector<std::string>{"wouldBe: expected deny, got nothing"});
}
