#include "admission/missing_claim.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "json/document.hpp"

using namespace rightslice;

namespace {

std::string missing(const std::string& claims, const workload::Surroundings& surroundings = {}) {
  const auto document = json::Document::parse(
      fmt::format(R"({{"apiVersion":"v1","kind":"Pod","metadata":{{"namespace":"ns","name":"p"}},"spec":{{"resourceClaims":[{}]}}}})", claims));
  std::string text;
  for (const auto& each : admission::missingClaims(workload::read(document->root()), surroundings))
    text += fmt::format("{}{}/{}", text.empty() ? "" : " ", each.ns, each.name) + (each.isTemplate ? "*" : "");
  return text;
}

}  // namespace

TEST_CASE("claims and templates that are not known are missing, each once") {
  const std::string two = R"({"name":"a","resourceClaimTemplateName":"t"},{"name":"b","resourceClaimTemplateName":"t"},{"name":"c","resourceClaimName":"t"},{"name":"d"})";
  CHECK(missing(two) == "ns/t* ns/t");
  workload::Surroundings surroundings;
  surroundings.devices.templates.emplace().emplace("ns/t", workload::Claim{});
  CHECK(missing(two, surroundings) == "ns/t");
  surroundings.devices.claims.emplace();
  CHECK(missing(two, surroundings) == "ns/t");
}

TEST_CASE("no more than a few are looked for") {
  std::string many;
  for (int i = 0; i < 50; ++i) many += fmt::format(R"({}{{"name":"c{}","resourceClaimName":"c{}"}})", i == 0 ? "" : ",", i, i);
  CHECK(missing(many) == "ns/c0 ns/c1 ns/c2 ns/c3");
}
