#include "host/metrics.hpp"

#include <doctest/doctest.h>

#include <string>
#include <thread>
#include <vector>

using namespace rightslice::host;

namespace {
bool has(const std::string& text, std::string_view line) { return text.find(line) != std::string::npos; }
}  // namespace

TEST_CASE("the table holds every metric at its place, with a Prometheus name, and no label of high cardinality") {
  for (std::size_t i = 0; i < kMetrics; ++i) {
    const MetricRow& row = metricRows()[i];
    CHECK(static_cast<std::size_t>(row.id) == i);
    CHECK(row.name.starts_with("rightslice_"));
    CHECK(row.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == std::string_view::npos);
    CHECK(row.name.ends_with("_total") == (row.kind == MetricRow::Kind::Counter));
    // Of namespaces there is one label, whose values are bounded (observe/audit/figures.hpp). It is not called `namespace`: a scrape has that for its target.
    const std::string labels = "," + std::string(row.labels) + ",";
    for (const char* banned : {"namespace", "user", "name", "uid", "object"}) CHECK(labels.find(std::string(",") + banned + ",") == std::string::npos);
    CHECK((row.labels.find("namespace") == std::string_view::npos || row.id == Metric::AuditFindings));
    CHECK(has(metricsReference(), std::string("| `") + std::string(row.name) + "` |"));
  }
}

TEST_CASE("counts, gauges and histograms appear with their labels") {
  Metrics metrics;
  metrics.count(Metric::Reviews, {"validate", "CREATE", "deny"});
  metrics.count(Metric::Reviews, {"validate", "CREATE", "deny"}, 2);
  metrics.set(Metric::PolicyFilesBad, 3);
  metrics.add(Metric::Connections, 2);
  metrics.add(Metric::Connections, -1);
  metrics.observe(Metric::ReviewDuration, 0.0003, {"mutate"});
  const std::string text = metrics.text();
  CHECK(has(text, R"(rightslice_review_total{decision="deny",operation="CREATE",path="validate"} 3)"));
  CHECK(has(text, "rightslice_policy_files_bad 3"));
  CHECK(has(text, "rightslice_connections 1"));
  CHECK(has(text, R"(rightslice_review_duration_seconds_bucket{path="mutate",le="0.00025"} 0)"));
  CHECK(has(text, R"(rightslice_review_duration_seconds_bucket{path="mutate",le="0.0005"} 1)"));
  CHECK(has(text, R"(rightslice_review_duration_seconds_count{path="mutate"} 1)"));
}

TEST_CASE("a series without labels is zero from the start") {
  CHECK(has(Metrics().text(), "rightslice_policy_files_bad 0"));
}

TEST_CASE("an info metric shows what holds now and nothing of before") {
  Metrics metrics;
  metrics.info(Metric::PolicySetInfo, {"aaaa"});
  metrics.info(Metric::PolicySetInfo, {"bbbb"});
  metrics.info(Metric::PolicySetInfo, {"bbbb"});
  const std::string text = metrics.text();
  CHECK_FALSE(has(text, "aaaa"));
  CHECK(has(text, R"(rightslice_policy_set_info{digest="bbbb"} 1)"));
}

TEST_CASE("counting from several threads loses nothing") {
  Metrics metrics;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int n = 0; n < 1000; ++n) metrics.count(Metric::HttpRequests, {n % 2 == 0 ? "200" : "400"});
    });
  for (auto& thread : threads) thread.join();
  CHECK(has(metrics.text(), R"(rightslice_http_requests_total{code="200"} 2000)"));
  CHECK(has(metrics.text(), R"(rightslice_http_requests_total{code="400"} 2000)"));
}

TEST_CASE("the series of a replaced gauge are those that were given last") {
  Metrics metrics;
  metrics.replace(Metric::PolicyFindings, {{{"a", "Oversized"}, 2}, {{"b", "TightFit"}, 1}});
  CHECK(metrics.text().find("rightslice_policy_finding_workloads{code=\"Oversized\",policy=\"a\"} 2\n") != std::string::npos);
  metrics.replace(Metric::PolicyFindings, {{{"a", "Oversized"}, 3}});
  CHECK(metrics.text().find("rightslice_policy_finding_workloads{code=\"Oversized\",policy=\"a\"} 3\n") != std::string::npos);
  CHECK(metrics.text().find("policy=\"b\"") == std::string::npos);
  metrics.replace(Metric::PolicyFindings, {});
  CHECK(metrics.text().find("rightslice_policy_finding_workloads{") == std::string::npos);
}
