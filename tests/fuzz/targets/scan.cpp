// What a cluster holds, and what its metrics say: objects as kubectl prints them, and behind a line "%%%" the text of a /metrics endpoint. Whoever may make a
// pod writes both, and neither may end a look, say anything in another's name, or make money that is not there.
#include <map>

#include "harness.hpp"
#include "json/yaml.hpp"
#include "observe/audit/report_object.hpp"
#include "observe/audit/report_result.hpp"
#include "observe/collector.hpp"
#include "observe/facts_bundle.hpp"
#include "observe/history/difference.hpp"
#include "observe/history/record.hpp"
#include "observe/metrics/joiner.hpp"
#include "observe/metrics/recorded.hpp"
#include "observe/observation.hpp"
#include "observe/observation_json.hpp"
#include "observe/page/page.hpp"
#include "observe/plan/plan.hpp"
#include "observe/plan/worth.hpp"
#include "observe/report.hpp"
#include "policy/load.hpp"

using namespace rightslice;
using namespace rightslice::observe;
using fuzz::require;

namespace {

constexpr std::size_t kMostInput = 24U << 10;   // a look at more is slow under sanitizers, and no other
constexpr std::string_view kBorder = "\n%%%\n", kTakenAt = "2026-06-01T00:00:00Z";
constexpr std::int64_t kTakenAtMs = 1'780'272'000'000, kHour = 3600;

const policy::PolicySet& policies() {
  static const policy::PolicySet made = [] {
    auto loaded = policy::load(R"(
apiVersion: rightslice.io/v1alpha1
kind: ClusterSlicePolicy
metadata: {name: all}
spec: {mode: enforce, load: {concurrency: 8, context: 4096}}
)",
                               "policy.yaml", {});
    return policy::PolicySet(std::move(loaded.policies), std::move(loaded.exceptions));
  }();
  return made;
}

const workload::RateBook& book() {
  static const workload::RateBook made = *workload::readRateBook(
      "{currency: EUR, date: '2026-05-01', gpuHour: {NVIDIA-H100-80GB-HBM3: 2.7, NVIDIA-A100-SXM4-80GB: 1.234567, NVIDIA-A30: 0.01}}", "prices.yaml");
  return made;
}

Snapshot snapshotOf(std::string_view objects, std::string_view text) {
  Snapshot out;
  out.source = "fuzz";
  out.takenAt = kTakenAt;
  out.heldKnown = true;
  Collector collector(out);
  json::eachYaml(objects, [&](Result<json::YamlDocument> document, int) {
    if (!document) return;
    const auto root = document->document.root();
    if (!root["items"].isArray()) collector.any(root);
    for (const json::View each : root["items"].elements()) collector.any(each);
  });
  for (const char* resource : {"pods", "nodes", "namespaces"}) out.coverage.add({resource, "", Seen::State::Read, "", 1});
  collector.finish({true, true, true, true, true, true, true, true});
  if (text.empty()) return out;
  auto recorded = metrics::readRecorded(text, "metrics.txt", "", kTakenAtMs);
  if (!recorded) {
    require(recorded.error().where.starts_with("metrics.txt") || recorded.error().message.find("metrics.txt") != std::string::npos, "an error names the file",
            recorded.error().where);
    return out;
  }
  metrics::Joiner joiner(out, gpu::Catalogue::builtIn(), metrics::windowOf(kTakenAtMs, kHour));
  std::vector<metrics::Recorded> all;
  all.push_back(std::move(*recorded));
  metrics::addTo(joiner, std::move(all));
  out.measured = std::make_shared<const metrics::Measurements>(joiner.finish());
  return out;
}

/// The text of a writer that prints piece by piece, which must be JSON.
template <class Write>
json::Document jsonOf(std::string_view what, const Write& write) {
  std::string text;
  write([&](std::string_view piece) { text += piece; });
  auto document = json::Document::parse(text);
  require(document.has_value(), "what is written is JSON", std::string(what) + ": " + text);
  return std::move(*document);
}

std::int64_t cents(json::View number) {
  const double value = number.number().value_or(0) * 100;
  return static_cast<std::int64_t>(value < 0 ? value - 0.5 : value + 0.5);
}

std::int64_t sumOf(json::View buckets) {
  std::int64_t sum = 0;
  for (const auto [name, value] : buckets.members()) {
    require(cents(value) >= 0, "no bucket is negative", name);
    sum += cents(value);
  }
  return sum;
}

void checkMoney(json::View money) {
  if (!money["total"].exists()) return;
  const std::int64_t total = cents(money["total"]);
  require(sumOf(money["buckets"]) == total, "the buckets are the spend", money.text());
  for (const char* view : {"namespaces", "workloads", "models", "products", "nodes"}) {
    std::int64_t sum = 0;
    for (const json::View row : money[view].elements()) {
      require(sumOf(row["buckets"]) == cents(row["total"]), "the buckets of a row are its total", row.text());
      sum += cents(row["total"]);
    }
    require(sum == total, "each view adds up to the spend", std::string(view) + money.text());
  }
  require(cents(money["savings"]["realisable"]) <= cents(money["savings"]["list"]), "nobody saves more than all", money.text());
}

void checkFindings(const std::vector<Finding>& findings) {
  for (const Finding& each : findings)
    for (const std::string& text : {each.message, each.remedy})
      require(text.find_first_of("\r\n") == std::string::npos, "a finding is one line", text);
}

std::string pageOf(const Report& report) {
  std::string text;
  writePage(report, {"0"}, [&](std::string_view piece) { text += piece; });
  return text;
}

std::size_t countOf(std::string_view text, std::string_view part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != std::string_view::npos; at = text.find(part, at + part.size())) ++count;
  return count;
}

/// How often each of these stands in the page of an empty cluster: nothing of a cluster adds one.
void checkPage(const std::string& page) {
  static const std::map<std::string_view, std::size_t> counts = [] {
    const Snapshot none = snapshotOf("", "");
    const workload::Surroundings around;
    const Observation seen = observe::observe(none, {{&policies(), {}, &around, *Date::parse("2026-06-01")}, {}, {}});
    const std::string empty = pageOf(*reportOf(none, seen, gpu::Catalogue::builtIn(), book()));
    std::map<std::string_view, std::size_t> made;
    for (const char* part : {"<script", "</script", "<style", "<iframe", "<img", "<link", "<object", "<meta", "<base", "<form"}) made[part] = countOf(empty, part);
    return made;
  }();
  for (const auto& [part, count] : counts) require(countOf(page, part) == count, "nothing of the cluster is markup", part);
}

void checkReports(const Report& report) {
  const audit::ReportKind& kind = *audit::findReportKind("policyreport");
  const auto results = audit::resultsOf(report);
  std::vector<audit::StoredReport> stored;
  const audit::Found found{results, report.snapshot.coverage, report.snapshot.scope, report.snapshot.takenAt};
  audit::changesOf(kind, found, stored, [&](audit::ReportChange&& change) {
    const auto body = json::Document::parse(change.body);
    require(body.has_value(), "a report is JSON", change.body);
    auto read = audit::readReport(body->root());
    require(read.has_value(), "a report of ours is known again", change.body);
    stored.push_back(std::move(*read));
  });
  const auto again = audit::changesOf(kind, found, stored, [](audit::ReportChange&& change) { require(false, "the same look changes no report", change.body); });
  require(again.unchanged == stored.size(), "each report is as it was");
}

void checkHistory(const Report& report) {
  const auto record = history::recordOf(report);
  require(record.has_value(), "a look can be kept", record ? "" : record.error().message);
  const auto known = history::applied({}, history::differenceOf({}, *record));
  require(history::differenceOf(known, *record).empty(), "the same look changes nothing that is known");
}

void checkPlan(const Snapshot& snapshot, const Observation& seen, const Report& report) {
  for (const bool recommended : {true, false}) {
    const auto made = plan::planOf(snapshot, seen, recommended);
    const auto worth = plan::worthOf(made, seen, report.money.money, report.money.savings);
    jsonOf("plan", [&](const auto& sink) { plan::writeJson(snapshot, seen, made, worth, sink); });
    for (const std::string& text : {plan::migPartedYaml(made), plan::kustomization(snapshot, seen, made)})
      require(json::parseYaml(text).broken.empty(), "what is proposed is YAML", text);
  }
}

}  // namespace

void fuzz::run(std::string_view input) {
  input = input.substr(0, kMostInput);
  const auto border = input.find(kBorder);
  const auto objects = input.substr(0, border), text = border == std::string_view::npos ? std::string_view() : input.substr(border + kBorder.size());
  const Snapshot snapshot = snapshotOf(objects, text);
  workload::Surroundings around;
  around.prices = book().book;
  surround(snapshot, around);
  const Looking looking{{&policies(), {}, &around, *Date::parse("2026-06-01")}, {}, {}};
  const Observation seen = observe::observe(snapshot, looking);
  const auto report = reportOf(snapshot, seen, gpu::Catalogue::builtIn(), book());
  require(report.has_value(), "a look can be told", report ? "" : report.error().message);
  for (const auto& each : seen.workloads) checkFindings(each.findings);
  for (const auto& each : seen.nodes) checkFindings(each);

  const auto write = [&](const Snapshot& of, const Report& told) {
    return jsonOf("scan", [&](const auto& sink) { writeJson(of, told.seen, sink, {{"money", moneyJson(of, told.seen, told.money, told.use)}}); });
  };
  const auto scan = write(snapshot, *report);
  std::size_t pods = 0;
  for (const auto& each : seen.placement.deployed) pods += each.pods.size();
  require(pods == snapshot.pods.size(), "each pod is of one workload");
  checkMoney(scan.root()["money"]);
  jsonOf("facts", [&](const auto& sink) { writeFactsBundle(snapshot, seen, "0", sink); });
  checkPage(pageOf(*report));
  checkReports(*report);
  checkHistory(*report);
  checkPlan(snapshot, seen, *report);

  const Snapshot second = snapshotOf(objects, text);
  const Observation seenAgain = observe::observe(second, looking);
  const auto again = reportOf(second, seenAgain, gpu::Catalogue::builtIn(), book());
  require(again.has_value(), "the same cluster gives the same look");
  const auto scanAgain = write(second, *again);
  require(scanAgain.root().equals(scan.root()), "the same cluster gives the same look", scan.root().text() + "\n" + scanAgain.root().text());
}
