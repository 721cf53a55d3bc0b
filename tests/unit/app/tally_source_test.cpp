#include "app/tally_source.hpp"

#include <doctest/doctest.h>

#include "app/policy_status.hpp"
#include "json/document.hpp"
#include "policy/load.hpp"
#include "written.hpp"

using namespace rightslice;
using namespace rightslice::app;
using policy::Code;

namespace {

RunningText deployment(const std::string& name, std::string_view footprint, const std::string& ns = "team-a", std::string_view profile = "1g.10gb") {
  return {"Deployment", ns, name, "u-" + name, std::make_shared<const std::string>(fmt::format(
                            R"({{"apiVersion":"apps/v1","kind":"Deployment","metadata":{{"name":"{}","namespace":"{}","uid":"u-{}"}},"spec":{{"template":{{)"
                            R"("metadata":{{"annotations":{{"rightslice.io/footprint":"{}"}}}},)"
                            R"("spec":{{"containers":[{{"name":"c","resources":{{"limits":{{"nvidia.com/mig-{}":"1"}}}}}}]}}}}}}}})",
                            name, ns, name, footprint, profile))};
}

struct Setting {
  explicit Setting(const std::string& text) {
    policy::LoadOptions options;
    options.gpus = &gpu::Catalogue::builtIn();
    options.today = today;
    auto loaded = policy::load(text, "p.yaml", options);
    for (const auto& each : loaded.diagnostics) FAIL_CHECK(each.text());
    policies = policy::PolicySet(std::move(loaded.policies), std::move(loaded.exceptions));
  }
  admission::Environment environment() const { return {&policies, {}, &surroundings, today}; }
  Date today = *Date::parse("2026-06-01");
  policy::PolicySet policies;
  workload::Surroundings surroundings;
};

const std::string kGpus = "  gpus: [NVIDIA-H100-80GB-HBM3]\n  slices: {offered: [1g.10gb, 3g.40gb]}\n  load: {concurrency: 4, context: 2048}\n";

std::int64_t found(const PolicyTally& tally, Code code) { return tally.findings[static_cast<std::size_t>(code)]; }

std::string undersizedException(std::string_view name, std::string_view expires) {
  return fmt::format("apiVersion: rightslice.io/v1alpha1\nkind: SliceException\nmetadata: {{name: {}, namespace: team-a, creationTimestamp: \"2026-04-01T00:00:00Z\"}}\n"
                     "spec: {{name: legacy, findings: [Undersized], owner: o, reason: r, expires: \"{}\"}}\n---\n",
                     name, expires);
}

}  // namespace

TEST_CASE("each policy counts by itself what it judges, whatever its mode") {
  const Setting setting(written::policy("team-a", "audit", kGpus + "  actions: {Oversized: rewrite}\n") +
                        "apiVersion: rightslice.io/v1alpha1\nkind: ClusterSlicePolicy\nmetadata: {name: all}\nspec:\n  mode: enforce\n" + kGpus + "---\n");
  TallySource source;
  REQUIRE(source.take({deployment("fits", "6Gi"), deployment("small", "30Gi"), deployment("wide", "6Gi", "team-a", "3g.40gb"),
                       deployment("other", "30Gi", "team-b")},
                      setting.environment(), "1"));
  const auto tally = source.current();
  REQUIRE(tally->policies.size() == 2);
  const PolicyTally& own = tally->policies.at("team-a/default");
  CHECK(own.matched == 3);
  CHECK(own.wouldDeny == 1);
  CHECK(own.wouldRewrite == 1);
  CHECK(found(own, Code::Undersized) == 1);
  CHECK(found(own, Code::Oversized) == 1);
  const PolicyTally& all = tally->policies.at("all");
  CHECK(all.matched == 4);
  CHECK(all.wouldDeny == 2);
  CHECK(all.wouldRewrite == 0);
  CHECK(countedText(own) == R"({"matchedWorkloads":3,"wouldDeny":1,"wouldRewrite":1,"findings":[{"code":"Undersized","workloads":1},{"code":"Oversized","workloads":1}],)"
                            R"("summary":"Undersized 1, Oversized 1"})");
  CHECK(countedText(PolicyTally{}).find(R"("summary":"none")") != std::string::npos);
}

TEST_CASE("what an exception lifts is counted with the exception, until it expires") {
  const Setting setting(written::policy("team-a", "enforce", kGpus) + undersizedException("long", "2026-07-31") + undersizedException("soon", "2026-06-10") +
                        undersizedException("past", "2026-05-31"));
  TallySource source;
  REQUIRE(source.take({deployment("legacy", "30Gi"), deployment("other", "30Gi")}, setting.environment(), "1"));
  const auto tally = source.current();
  CHECK(tally->policies.at("team-a/default").matched == 2);
  CHECK(tally->policies.at("team-a/default").wouldDeny == 1);
  CHECK(found(tally->policies.at("team-a/default"), Code::Undersized) == 1);
  CHECK(tally->exceptions == std::map<std::string, std::int64_t>{{"team-a/long", 1}, {"team-a/past", 0}, {"team-a/soon", 1}});
  std::vector<std::string> texts;
  for (const policy::Exception& each : setting.policies.allExceptions()) texts.push_back(countedText(standingOf(each, setting.today, tally.get())));
  CHECK(texts == std::vector<std::string>{R"({"state":"active","daysLeft":60,"usedBy":1})", R"({"state":"expired","daysLeft":-1,"usedBy":0})",
                                          R"({"state":"expiring","daysLeft":9,"usedBy":1})"});
  CHECK(countedText(standingOf(setting.policies.allExceptions().front(), setting.today, nullptr)) == R"({"state":"active","daysLeft":60})");
}

TEST_CASE("only what changed is judged again, in steps, and the same counts are the same value") {
  const Setting setting(written::policy("team-a", "enforce", kGpus));
  TallySource source;
  std::vector<RunningText> many;
  for (int i = 0; i < 200; ++i) many.push_back(deployment("d-" + std::to_string(i), "30Gi"));
  int calls = 1;
  CHECK_FALSE(source.take(many, setting.environment(), "1", std::chrono::milliseconds(0)));
  CHECK_FALSE(source.current());
  while (!source.take(many, setting.environment(), "1", std::chrono::milliseconds(1))) ++calls;
  CHECK(calls < 200);
  const auto first = source.current();
  CHECK(first->policies.at("team-a/default").wouldDeny == 200);
  CHECK(source.take(many, setting.environment(), "1", std::chrono::milliseconds(0)));  // nothing is judged: no time is needed
  CHECK(source.current() == first);
  many.pop_back();
  CHECK(source.take(many, setting.environment(), "1", std::chrono::milliseconds(0)));
  CHECK(source.current()->policies.at("team-a/default").wouldDeny == 199);
  CHECK_FALSE(source.take(many, setting.environment(), "2", std::chrono::milliseconds(0)));
}

TEST_CASE("what is written of a status is what is read of it, in whatever order the server keeps its members") {
  PolicyTally tally;
  tally.matched = 3;
  tally.findings[static_cast<std::size_t>(Code::TightFit)] = 2;
  PolicyObject object;
  object.kind = "SlicePolicy";
  object.name = "x";
  object.generation = 1;
  const PolicyStatus status{{true, "Accepted", "in force"}, countedText(tally)};
  const std::string text = statusText(object, status, "2026-02-02T00:00:00Z");
  const auto written = json::Document::parse(text).value();
  CHECK(countedText(written.root()["status"]) == status.counted);
  CHECK(written.root()["status"]["lastEvaluationTime"].stringOr("") == "2026-02-02T00:00:00Z");
  CHECK(written.root()["status"]["matchedWorkloads"].integer() == 3);
  const auto stored = json::Document::parse(R"({"summary":"TightFit 2","findings":[{"code":"TightFit","workloads":2}],"wouldRewrite":0,"wouldDeny":0,)"
                                            R"("matchedWorkloads":3,"observedGeneration":1})").value();
  CHECK(countedText(stored.root()) == status.counted);
  CHECK(countedText(json::Document::parse(R"({"observedGeneration":1})").value().root()).empty());

  object.counted = status.counted;
  object.evaluated = "2026-01-01T00:00:00Z";
  CHECK(statusText(object, status, "2026-02-02T00:00:00Z").find(R"("lastEvaluationTime":"2026-01-01T00:00:00Z")") != std::string::npos);
  object.condition = Condition{true, "Accepted", "in force", "2026-01-01T00:00:00Z", 1};
  object.lastGeneration = 1;
  CHECK(said(object, status));
  CHECK_FALSE(said(object, {status.verdict, countedText(PolicyTally{})}));
  CHECK(statusText(object, {status.verdict, ""}, "2026-02-02T00:00:00Z").find("lastEvaluationTime") == std::string::npos);  // not known any more
}

TEST_CASE("an accepted text is kept in the status, and a bad one carries it along") {
  const auto last = [](const PolicyObject& object, bool accepted) {
    const auto written = json::Document::parse(statusText(object, {{accepted, accepted ? "Accepted" : "Bad", "m"}, ""}, "2026-02-02T00:00:00Z")).value();
    const auto kept = written.root()["status"]["lastAccepted"];
    return std::pair(kept["generation"].integer().value_or(0), std::string(kept["text"].stringOr("")));
  };
  PolicyObject object;
  object.kind = "SlicePolicy";
  object.name = "x";
  object.generation = 2;
  object.text = "spec: {mode: audit}\n";
  CHECK(last(object, true) == std::pair(std::int64_t{2}, object.text));
  CHECK(last(object, false).first == 0);
  object.lastGeneration = 1;
  object.lastText = "before";
  CHECK(last(object, false) == std::pair(std::int64_t{1}, std::string("before")));
  CHECK(last(object, true).first == 2);

  const PolicyStatus good{{true, "Accepted", "m"}, ""};
  object.condition = Condition{true, "Accepted", "m", "", 2};
  CHECK_FALSE(said(object, good));  // not kept yet
  object.lastGeneration = 2;
  CHECK(said(object, good));
  object.lastGeneration = 0;
  object.text = std::string(kMostLastText + 1, 'x');
  CHECK(said(object, good));
  CHECK(last(object, true).first == 0);
}
