#include "app/surroundings_source.hpp"

#include <doctest/doctest.h>

#include "written.hpp"

using namespace rightslice;
using namespace rightslice::app;

namespace {
workload::PriceBook book() {
  workload::PriceBook made;
  made.currency = "USD";
  made.isDefault = true;
  return made;
}
}  // namespace

TEST_CASE("without a file everything is unknown but the prices") {
  SurroundingsSource source("", book());
  CHECK(source.read().value() == false);
  REQUIRE(source.current());
  CHECK_FALSE(source.current()->nodes);
  CHECK_FALSE(source.current()->namespaces);
  CHECK(source.current()->prices->currency == "USD");
}

TEST_CASE("a file is read when its content changes, and a bad content is told once and keeps the last good one") {
  const written::Folder folder;
  folder.write("s.yaml", "namespaces: [{name: team-a, labels: {tier: gold}}]\n");
  SurroundingsSource source(folder.path("s.yaml"), book());
  CHECK(source.read().value() == true);
  CHECK(source.read().value() == false);
  CHECK(source.current()->prices->isDefault);
  folder.write("s.yaml", "namespacez: []\n");
  CHECK_FALSE(source.read());
  CHECK(source.read().value() == false);
  REQUIRE(source.current()->namespaceLabels("team-a") != nullptr);
  folder.write("s.yaml", "prices: {currency: EUR, date: 2026-01-01, gpuHour: {NVIDIA-H100-80GB-HBM3: 2}}\n");
  CHECK(source.read().value() == true);
  CHECK(source.current()->prices->currency == "EUR");
  CHECK_FALSE(source.current()->prices->isDefault);
}

TEST_CASE("a missing file is an error as long as it is missing") {
  SurroundingsSource source("/nonexistent/s.yaml", book());
  CHECK_FALSE(source.read());
  CHECK_FALSE(source.read());
}

TEST_CASE("with a cluster nothing is published before its facts; what the file says stands instead of them") {
  const written::Folder folder;
  folder.write("s.yaml", "namespaces: [{name: team-a, labels: {tier: gold}}]\n");
  SurroundingsSource source(folder.path("s.yaml"), book(), true);
  CHECK(source.read().value() == true);
  CHECK_FALSE(source.current());
  ClusterFacts facts;
  facts.nodes.emplace().push_back({"gpu-1", {}, {{"nvidia.com/gpu", 8}}, {{"nvidia.com/gpu", 3}}});
  facts.namespaces.emplace();
  source.take(facts);
  REQUIRE(source.current());
  const auto digest = source.current()->digest;
  CHECK(source.current()->nodes->front().requested.at("nvidia.com/gpu") == 3);
  CHECK(source.current()->namespaceLabels("team-a") != nullptr);
  CHECK(source.current()->prices->currency == "USD");
  facts.nodes->front().requested["nvidia.com/gpu"] = 4;
  source.take(facts);
  CHECK(source.current()->digest != digest);
}

TEST_CASE("its basis is that of what is published, whatever the cluster has become since") {
  const written::Folder folder;
  folder.write("s.yaml", "namespaces: [{name: team-a, labels: {tier: gold}}]\n");
  SurroundingsSource source(folder.path("s.yaml"), book(), true);
  ClusterFacts facts;
  facts.basis = 7;
  source.take(facts);
  const std::string first = source.basis();
  source.take(facts);
  CHECK(source.basis() == first);
  facts.basis = 8;
  CHECK(source.basis() == first);   // known to the cluster, and not published yet
  source.take(facts);
  const std::string second = source.basis();
  CHECK(second != first);
  CHECK(source.read().value() == true);
  CHECK(source.basis() != second);
}
