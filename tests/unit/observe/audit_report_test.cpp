#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "json/document.hpp"
#include "observe/audit/figures.hpp"
#include "observe/audit/history_writer.hpp"
#include "observe/audit/report_object.hpp"

#include "fixture.hpp"

namespace rightslice::observe::audit {
namespace {

const ReportKind& kPolicyReport = *findReportKind("policyreport");
const ReportKind& kOpenReport = *findReportKind("openreports");

ReportResult resultOf(std::string name, std::string code = "Oversized", Severity severity = Severity::Medium, Outcome outcome = Outcome::Warn) {
  ReportResult out;
  out.severity = severity;
  out.outcome = outcome;
  out.code = std::move(code);
  out.rule = "team-a/default";
  out.subject = {"apps/v1", "Deployment", "team-a", std::move(name), "uid-1"};
  out.message = "asks for nvidia.com/mig-3g.40gb, 1g.10gb would do";
  out.properties = {{"container", "model"}, {"monthlyWaste", "12.50 USD"}};
  return out;
}

/// What a server would hold after the changes of one look: bodies by namespace.
class Server {
 public:
  explicit Server(const ReportKind& of = kPolicyReport) : kind_(of) {}

  struct Done {
    std::vector<std::string> told;   // "create team-a"
    ReportCounts counts;
  };
  Done look(std::vector<NamespaceResults> results, const Coverage& coverage = {}, std::string takenAt = "2026-06-01T08:00:00Z", std::set<std::string> scope = {},
            const ReportLimits& limits = {}) {
    std::vector<StoredReport> stored;
    for (const auto& [ns, body] : bodies_) {
      auto report = readReport(json::Document::parse(body)->root());
      REQUIRE(report);
      stored.push_back(std::move(*report));
    }
    Done out;
    out.counts = changesOf(kind_, {results, coverage, scope, takenAt}, stored, [&](ReportChange change) {
      using Kind = ReportChange::Kind;
      out.told.push_back((change.kind == Kind::Create ? "create " : change.kind == Kind::Update ? "update " : "delete ") + change.ns);
      if (change.kind == Kind::Delete) bodies_.erase(change.ns);
      else bodies_[change.ns] = std::move(change.body);
    }, limits);
    return out;
  }
  const std::string& body(const std::string& ns) { return bodies_.at(ns); }
  std::string& edit(const std::string& ns) { return bodies_.at(ns); }
  json::Document parsed(const std::string& ns) { return *json::Document::parse(bodies_.at(ns)); }
  bool has(const std::string& ns) const { return bodies_.contains(ns); }

 private:
  const ReportKind& kind_;
  std::map<std::string, std::string> bodies_;
};

Coverage without(std::string resource, std::string ns = {}) {
  Coverage out;
  out.add({std::move(resource), std::move(ns), Seen::State::Forbidden, "forbidden", 0});
  return out;
}

TEST_CASE("a report has the fields of its definition") {
  Server server;
  server.look({{"team-a", 3, {resultOf("chat")}}});
  CHECK(server.body("team-a") ==
        R"({"apiVersion":"wgpolicyk8s.io/v1alpha2","kind":"PolicyReport","metadata":{"name":"rightslice","namespace":"team-a",)"
        R"("labels":{"app.kubernetes.io/managed-by":"rightslice"},"annotations":{"rightslice.io/truncated-results":"0","rightslice.io/unread":""}},)"
        R"("scope":{"apiVersion":"v1","kind":"Namespace","name":"team-a"},"summary":{"pass":3,"fail":0,"warn":1,"error":0,"skip":0},)"
        R"("results":[{"source":"rightslice","policy":"Oversized","rule":"team-a/default","category":"GPU slices: declared","severity":"medium","result":"warn",)"
        R"("scored":false,"timestamp":{"seconds":1780300800,"nanos":0},)"
        R"("resources":[{"apiVersion":"apps/v1","kind":"Deployment","namespace":"team-a","name":"chat","uid":"uid-1"}],)"
        R"("message":"asks for nvidia.com/mig-3g.40gb, 1g.10gb would do","properties":{"container":"model","monthlyWaste":"12.50 USD"}}]})");
  Server open(kOpenReport);
  open.look({{"", 0, {resultOf("node", "Dark")}}});
  CHECK(open.body("").starts_with(
      R"({"apiVersion":"openreports.io/v1alpha1","kind":"ClusterReport","metadata":{"name":"rightslice","labels":{"app.kubernetes.io/managed-by":"rightslice"},)"
      R"("annotations":{"rightslice.io/truncated-results":"0","rightslice.io/unread":""}},"source":"rightslice","configuration":{"limits":{"maxResults":200}},"summary":{)"));
}

TEST_CASE("a look that finds the same writes nothing, whenever it is taken") {
  Server server;
  const std::vector<NamespaceResults> same{{"team-a", 1, {resultOf("chat")}}, {"team-b", 4, {}}};
  CHECK(server.look(same).told == std::vector<std::string>{"create team-a"});
  const std::string before = server.body("team-a");
  const auto again = server.look(same, {}, "2026-06-02T08:00:00Z");
  CHECK(again.told.empty());
  CHECK(again.counts.unchanged == 1);
  CHECK(server.body("team-a") == before);
}

TEST_CASE("what somebody edited in a report of ours is put right") {
  Server server;
  server.look({{"team-a", 1, {resultOf("chat")}}});
  auto& text = server.edit("team-a");
  text.replace(text.find("\"warn\":1"), 8, "\"warn\":0");
  CHECK(server.look({{"team-a", 1, {resultOf("chat")}}}).told == std::vector<std::string>{"update team-a"});
}

TEST_CASE("a result keeps the time when it was found first, also where its message changes") {
  Server server;
  server.look({{"team-a", 0, {resultOf("chat")}}});
  auto other = resultOf("chat");
  other.message = "asks for more than it did";
  server.look({{"team-a", 0, {other, resultOf("new")}}}, {}, "2026-06-02T08:00:00Z");
  const auto document = server.parsed("team-a");
  CHECK(document.root().find("/results/0/timestamp/seconds").integer() == 1780300800);
  CHECK(document.root().find("/results/0/message").string() == "asks for more than it did");
  CHECK(document.root().find("/results/1/timestamp/seconds").integer() == 1780387200);
}

TEST_CASE("a namespace in which nothing is found any more has no report") {
  Server server;
  server.look({{"team-a", 0, {resultOf("chat")}}, {"team-b", 0, {resultOf("other")}}});
  CHECK(server.look({{"team-a", 1, {}}}).told == std::vector<std::string>{"delete team-a", "delete team-b"});
}

TEST_CASE("namespaces that were not looked at stay as they are") {
  Server server;
  server.look({{"team-a", 0, {resultOf("chat")}}, {"team-b", 0, {resultOf("other")}}});
  CHECK(server.look({{"team-a", 1, {}}}, {}, "2026-06-01T08:00:00Z", {"team-a"}).told == std::vector<std::string>{"delete team-a"});
  CHECK(server.has("team-b"));
}

TEST_CASE("what could not be looked for is unknown, and stays") {
  Server server;
  server.look({{"team-a", 0, {resultOf("chat"), resultOf("other")}}});
  // The rights are gone: one of the two is still seen.
  const auto less = server.look({{"team-a", 0, {resultOf("chat")}}}, without("deployments.apps"));
  CHECK(less.told == std::vector<std::string>{"update team-a"});
  CHECK(less.counts.kept == 1);
  const auto document = server.parsed("team-a");
  CHECK(document.root()["results"].size() == 2);
  CHECK(document.root().find("/results/1/properties/unconfirmedWithout").string() == "deployments.apps");
  CHECK(document.root().find("/metadata/annotations/rightslice.io~1unread").string() == "deployments.apps");
  // Still without: the same, and nothing is written.
  CHECK(server.look({{"team-a", 0, {resultOf("chat")}}}, without("deployments.apps")).told.empty());
  // The rights are back, and it is not there.
  CHECK(server.look({{"team-a", 1, {resultOf("chat")}}}).told == std::vector<std::string>{"update team-a"});
  CHECK(server.parsed("team-a").root()["results"].size() == 1);
}

TEST_CASE("rights that were never there hold nothing up") {
  Server server;
  const auto coverage = without("horizontalpodautoscalers.autoscaling");
  server.look({{"team-a", 0, {resultOf("chat")}}}, coverage);
  CHECK(server.look({{"team-a", 1, {}}}, coverage).told == std::vector<std::string>{"delete team-a"});
}

TEST_CASE("a look that could read nothing of a namespace does not end its report") {
  Server server;
  server.look({{"team-a", 0, {resultOf("chat")}}, {"team-b", 0, {resultOf("other")}}});
  const auto told = server.look({}, without("pods", "team-a")).told;
  CHECK(told == std::vector<std::string>{"update team-a", "delete team-b"});
  CHECK(server.has("team-a"));
}

TEST_CASE("a report is bounded, by its results and by its bytes, and says how many are not listed") {
  Server server;
  std::vector<ReportResult> many;
  for (int i = 0; i < 300; ++i) many.push_back(resultOf(fmt::format("w{:03}", i), i == 299 ? "Undersized" : "Oversized", i == 299 ? Severity::High : Severity::Medium));
  std::sort(many.begin(), many.end());
  server.look({{"team-a", 0, many}});
  auto document = server.parsed("team-a");
  CHECK(document.root()["results"].size() == 201);
  CHECK(document.root().find("/results/0/policy").string() == "Undersized");
  CHECK(document.root().find("/results/1/resources/0/name").string() == "w000");
  CHECK(document.root().find("/results/200/properties/truncated").string() == "100");
  CHECK(document.root().find("/metadata/annotations/rightslice.io~1truncated-results").string() == "100");
  CHECK(document.root().find("/summary/warn").integer() == 300);
  CHECK(server.look({{"team-a", 0, many}}, {}, "2026-06-02T08:00:00Z").told.empty());
  ReportLimits small;
  small.bytes = 20'000;
  Server tight;
  tight.look({{"team-a", 0, many}}, {}, "2026-06-01T08:00:00Z", {}, small);
  CHECK(tight.body("team-a").size() < 20'000);
  CHECK(tight.parsed("team-a").root()["results"].size() > 10);
}

TEST_CASE("a report of others is never ours") {
  const auto read = [](std::string_view text) { return readReport(json::Document::parse(text)->root()).has_value(); };
  CHECK(read(R"({"metadata":{"name":"rightslice","labels":{"app.kubernetes.io/managed-by":"rightslice"}}})"));
  CHECK_FALSE(read(R"({"metadata":{"name":"rightslice","labels":{"app.kubernetes.io/managed-by":"kyverno"}}})"));
  CHECK_FALSE(read(R"({"metadata":{"name":"rightslice"}})"));
  CHECK_FALSE(read(R"({"metadata":{"name":"other","labels":{"app.kubernetes.io/managed-by":"rightslice"}}})"));
}

constexpr std::string_view kCluster = R"(
apiVersion: v1
kind: Node
metadata: {name: n1, labels: {nvidia.com/gpu.product: NVIDIA-H100-80GB-HBM3, nvidia.com/gpu.count: "1", nvidia.com/mig.strategy: mixed}}
status:
  capacity: {nvidia.com/mig-3g.40gb: "2"}
  allocatable: {nvidia.com/mig-3g.40gb: "2"}
  conditions: [{type: Ready, status: "True"}]
---
apiVersion: v1
kind: Pod
metadata: {name: chat, namespace: team-a, uid: u1, annotations: {rightslice.io/footprint: 6Gi}}
spec:
  nodeName: n1
  nodeSelector: {nvidia.com/gpu.product: NVIDIA-H100-80GB-HBM3}
  containers: [{name: model, image: x, resources: {limits: {nvidia.com/mig-3g.40gb: "1"}}}]
status: {phase: Running, containerStatuses: [{name: model, state: {running: {}}}]}
)";

constexpr std::string_view kOffered = R"(
apiVersion: rightslice.io/v1alpha1
kind: ClusterSlicePolicy
metadata: {name: all}
spec: {mode: enforce, load: {concurrency: 8, context: 4096}, slices: {offered: [1g.10gb, 3g.40gb]}}
)";

TEST_CASE("what is declared and what runs are one result where they are one finding") {
  const Look look(snapshotOf(kCluster), kOffered);
  const auto report = reportOf(look.snapshot, look.seen, gpu::Catalogue::builtIn(), {});
  REQUIRE(report);
  const auto results = resultsOf(*report);
  REQUIRE(results.size() == 2);
  CHECK(results[0].ns.empty());
  REQUIRE(results[0].results.size() >= 1);
  CHECK(results[0].results[0].code == "Dark");
  CHECK(results[0].results[0].subject == Subject{"v1", "Node", "", "n1", ""});
  CHECK(results[0].results[0].property("slice") == "nvidia.com/mig-3g.40gb");
  const auto& ofTeam = results[1].results;
  REQUIRE(std::count_if(ofTeam.begin(), ofTeam.end(), [](const auto& each) { return each.code == "Oversized"; }) == 1);
  const auto& oversized = ofTeam.front();
  CHECK(oversized.subject == Subject{"v1", "Pod", "team-a", "chat", "u1"});
  CHECK(oversized.rule == "all");
  CHECK(oversized.property("slice") == "nvidia.com/mig-3g.40gb");
  CHECK(oversized.property("recommended") == "nvidia.com/mig-1g.10gb");
  CHECK(oversized.property("confidence") == "high");
  const Figures figures = figuresOf(*report, results);
  CHECK(std::find(figures.slices.begin(), figures.slices.end(), Series{{"NVIDIA-H100-80GB-HBM3", "3g.40gb", "held"}, 1}) != figures.slices.end());
  CHECK(std::find(figures.slices.begin(), figures.slices.end(), Series{{"NVIDIA-H100-80GB-HBM3", "3g.40gb", "free"}, 1}) != figures.slices.end());
  CHECK(std::find(figures.findings.begin(), figures.findings.end(), Series{{"team-a", "Oversized"}, 1}) != figures.findings.end());
}

TEST_CASE("metrics have no more series than their bounds, and lose no finding") {
  const Look look(kCluster);
  const auto report = reportOf(look.snapshot, look.seen, gpu::Catalogue::builtIn(), {});
  std::vector<NamespaceResults> results;
  for (int i = 0; i < 500; ++i) {
    NamespaceResults each{fmt::format("team-{:03}", i), 0, {}};
    for (int k = 0; k <= i % 7; ++k) each.results.push_back(resultOf(fmt::format("w{}", k)));
    each.results.push_back(resultOf("lifted", "TightFit", Severity::Info, Outcome::Skip));
    results.push_back(std::move(each));
  }
  const Figures figures = figuresOf(*report, results, {.namespaces = 10});
  CHECK(figures.findings.size() == 11);
  double all = 0;
  for (const Series& each : figures.findings) all += each.value;
  double wanted = 0;
  for (int i = 0; i < 500; ++i) wanted += i % 7 + 1;
  CHECK(all == wanted);
  CHECK(figures.findings.front() == Series{{"(others)", "Oversized"}, wanted - 70});
  CHECK(figures.findings[1] == Series{{"team-006", "Oversized"}, 7});
}

TEST_CASE("each look is kept once, however old it is; and what is wrong with the place is said without its password") {
  const auto folder = std::filesystem::temp_directory_path() / fmt::format("rightslice-audit-{}", static_cast<const void*>(&kCluster));
  std::filesystem::create_directories(folder);
  const auto keep = [&](HistoryWriter& history, const std::string& takenAt, std::string_view yaml) {
    const Look look(snapshotOf(yaml, takenAt), kOffered);
    return history.keep(*reportOf(look.snapshot, look.seen, gpu::Catalogue::builtIn(), {}), {});
  };
  HistoryWriter history({(folder / "looks.db").string(), {}});
  const auto first = keep(history, "2020-06-01T00:00:00Z", kCluster);
  CHECK_MESSAGE(first.outcome == "written", first.trouble);
  CHECK(first.opened > 0);
  CHECK(keep(history, "2020-06-01T00:00:00Z", kCluster).outcome == "already");
  const auto same = keep(history, "2020-06-01T01:00:00Z", kCluster);
  CHECK(same.outcome == "written");
  CHECK(same.opened == 0);
  HistoryWriter again({(folder / "looks.db").string(), {}});   // of another process
  CHECK(keep(again, "2020-06-01T02:00:00Z", kCluster).opened == 0);
  CHECK(keep(history, "2020-06-01T01:59:00Z", kCluster).outcome == "already");   // another was a moment faster
  CHECK(keep(again, "2030-01-01T00:00:00Z", kCluster).outcome == "written");
  const auto blocked = keep(history, "2020-06-01T03:00:00Z", kCluster);
  CHECK(blocked.outcome == "failed");
  CHECK(blocked.trouble.find("keeps a look of 2030-01-01T00:00:00Z, later than this one") != std::string::npos);
  HistoryWriter nowhere({"postgresql://somebody:geheim@127.0.0.1:1/db", {}});
  const auto failed = keep(nowhere, "2020-06-01T00:00:00Z", kCluster);
  CHECK(failed.outcome == "failed");
  CHECK(failed.trouble.find("geheim") == std::string::npos);
  std::filesystem::remove_all(folder);
}

TEST_CASE("what is not known is no series") {
  Snapshot snapshot = snapshotOf(kCluster);
  snapshot.heldKnown = false;
  for (Node& each : *snapshot.nodes) each.facts.requestedKnown = false;
  const Look look(std::move(snapshot));
  const auto report = reportOf(look.snapshot, look.seen, gpu::Catalogue::builtIn(), {});
  const Figures figures = figuresOf(*report, resultsOf(*report));
  REQUIRE(figures.slices.size() == 1);
  CHECK(figures.slices[0] == Series{{"NVIDIA-H100-80GB-HBM3", "3g.40gb", "offered"}, 2});
  CHECK(figures.cost.empty());   // there is no price
}

}  // namespace
}  // namespace rightslice::observe::audit
