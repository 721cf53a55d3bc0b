#include "cli/report.hpp"

#include <doctest/doctest.h>

using namespace rightslice;
using namespace rightslice::cli;

namespace {

struct Sample {
  Sample() {
    file.name = "a b.yaml";
    file.text = "kind: Pod\nmetadata: {name: x}\nspec: {}\n";
    file.stream = json::parseYaml(file.text);
    object.file = &file;
    object.document = &file.stream.documents.at(0);
    judged.object = &object;
    judged.judgement.kind = "Pod";
    judged.judgement.ns = "default";
    judged.judgement.name = "x\x1b[31m";
    judged.judgement.policies = {"default/p"};
    judged.judgement.decision = policy::Action::Deny;
    policy::Finding finding;
    finding.code = policy::Code::Undersized;
    finding.action = policy::Action::Deny;
    finding.container = "main";
    finding.path = "/spec/containers/0";
    finding.message = "asks for <too> little & \"more\"";
    judged.judgement.findings.push_back(finding);
    judged.judgement.effective.push_back(policy::Action::Deny);
    judged.failed = true;
    summary.count(judged.judgement);
  }
  std::string show(std::unique_ptr<Report> (*make)(Sink)) {
    std::string out;
    const auto report = make([&out](std::string_view text) { out += text; });
    report->begin();
    report->add(judged);
    report->unreadable({"cannot read", "b.yaml:1:2"});
    ++summary.unreadable;
    report->end(summary);
    return out;
  }
  InputFile file;
  InputObject object;
  Judged judged;
  Summary summary;
};

}  // namespace

TEST_CASE("SARIF is JSON with rules, places and notifications") {
  Sample sample;
  const auto document = json::Document::parse(sample.show(sarifReport));
  REQUIRE(document);
  const json::View run = document->root().find("/runs/0");
  CHECK(run.find("/tool/driver/rules").size() == policy::kCodes);
  const json::View result = run.find("/results/0");
  CHECK(result["ruleId"].stringOr("") == "Undersized");
  CHECK(
      run.find("/tool/driver/rules").at(static_cast<std::size_t>(*result["ruleIndex"].integer()))["id"].stringOr("") ==
      "Undersized");
  CHECK(result["level"].stringOr("") == "error");
  CHECK(result.find("/locations/0/physicalLocation/artifactLocation/uri").stringOr("") == "a%20b.yaml");
  CHECK(result.find("/locations/0/physicalLocation/region/startLine").integer() == 3);
  CHECK(run.find("/invocations/0/executionSuccessful").boolean() == false);
  CHECK(run.find("/invocations/0/toolExecutionNotifications").size() == 1);
}

TEST_CASE("JUnit escapes what XML does not allow") {
  Sample sample;
  const std::string text = sample.show(junitReport);
  CHECK(text.find("tests=\"2\" failures=\"1\" errors=\"1\"") != std::string::npos);
  CHECK(text.find("&lt;too&gt; little &amp; &quot;more&quot;") != std::string::npos);
  CHECK(text.find('\x1b') == std::string::npos);
}

TEST_CASE("JSON has the summary and every result, and is one value") {
  Sample sample;
  const auto document = json::Document::parse(sample.show(jsonReport));
  REQUIRE(document);
  CHECK(document->root()["results"].size() == 1);
  CHECK(document->root().find("/summary/denied").integer() == 1);
  CHECK(document->root().find("/results/0/file").stringOr("") == "a b.yaml");
}

TEST_CASE("text says which mode would do otherwise, and of an enforced policy that another one would") {
  Sample sample;
  struct Row {
    policy::Mode mode;
    policy::Action does;
    std::string_view said;
  };
  const Row rows[] = {
      {policy::Mode::Audit, policy::Action::Allow, "a b.yaml:1  (audit mode; enforce would deny)\n"},
      {policy::Mode::Warn, policy::Action::Warn, "a b.yaml:1  (warn mode; enforce would deny)\n"},
      {policy::Mode::Enforce, policy::Action::Warn, "a b.yaml:1  (enforce mode; a policy that does not enforce yet would deny)\n"},
      {policy::Mode::Enforce, policy::Action::Deny, "a b.yaml:1\n"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.said);
    sample.judged.judgement.mode = row.mode;
    sample.judged.judgement.decision = row.does;
    sample.judged.judgement.wouldBe = policy::Action::Deny;
    const std::string text = sample.show([](Sink sink) { return textReport(std::move(sink), Style{}); });
    CHECK(text.find(row.said) != std::string::npos);
  }
}

TEST_CASE("text lets no control character through and ends with the count") {
  Sample sample;
  const std::string text = sample.show([](Sink sink) { return textReport(std::move(sink), Style{}); });
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK(text.starts_with("DENY    Pod default/x?[31m  a b.yaml:1\n"));
  CHECK(text.ends_with("\n1 object: 1 denied; 1 unreadable (see the errors)\n"));
}
