#include "admission/result_json.hpp"

#include <doctest/doctest.h>

#include "written.hpp"

using namespace rightslice;
using namespace rightslice::admission;

namespace {
json::Document written_(const policy::Judgement& judgement, const Origin& origin = {}) {
  json::Writer out;
  writeResult(out, judgement, origin);
  return json::Document::parse(out.text()).value();
}
}  // namespace

TEST_CASE("the empty judgement has the keys that are always there, and no others") {
  policy::Judgement judgement;
  judgement.kind = "Pod";
  judgement.ns = "default";
  judgement.name = "p";
  const auto document = written_(judgement);
  CHECK(document.root().text() ==
        R"({"kind":"Pod","namespace":"default","name":"p","policies":[],"decision":"allow","containers":[],"unknown":[],"findings":[],"patch":[]})");
}

TEST_CASE("the origin is written as far as it is known") {
  policy::Judgement judgement;
  const auto document = written_(judgement, {"x.yaml", 2, 3});
  CHECK(document.root()["file"].stringOr("") == "x.yaml");
  CHECK(document.root()["document"].integer() == 2);
  CHECK(document.root()["item"].integer() == 3);
}

TEST_CASE("absent facts are absent keys, money is in hundredths, settings hold what was written") {
  policy::Judgement judgement;
  judgement.mode = policy::Mode::Warn;
  judgement.wouldBe = policy::Action::Deny;
  policy::ContainerJudgement container;
  container.name = "vllm";
  container.settings.emplace();
  container.settings->tensorParallelSize = 2;
  container.settings->memoryFraction = 0.9;
  container.requested.emplace();
  container.requested->resource = "nvidia.com/mig-9g.90gb";
  container.cost.emplace();
  container.cost->currency = "EUR";
  container.cost->requestedCents = 123456;
  judgement.containers.push_back(container);
  judgement.containers.emplace_back().name = "sidecar";
  judgement.findings.push_back({policy::Code::UnknownProfile, policy::Action::Allow, "", "/x", "text", ""});
  const auto document = written_(judgement);
  const auto root = document.root();
  CHECK(root["mode"].stringOr("") == "warn");
  CHECK(root["wouldBe"].stringOr("") == "deny");
  CHECK(root["containers"].at(0).text() ==
        R"({"name":"vllm","settings":{"tensorParallelSize":2,"memoryFraction":0.9},"requested":{"resource":"nvidia.com/mig-9g.90gb","count":1},)"
        R"("monthlyCost":{"currency":"EUR","requested":1234.56}})");
  CHECK(root["containers"].at(1).text() == R"({"name":"sidecar"})");
  CHECK(root["findings"].at(0).text() == R"({"code":"UnknownProfile","action":"allow","path":"/x","message":"text"})");
}

TEST_CASE("a judged Deployment has need, recommendation and path as the design shows them") {
  const written::Setting setting(written::policy("enforce", "  actions: {Oversized: deny}\n"));
  const auto object = json::Document::parse(written::oversized()).value();
  const auto document = written_(verdict(object, "default", setting.environment(), {}));
  const auto container = document.root()["containers"].at(0);
  CHECK(container["requested"]["profile"].stringOr("") == "3g.40gb");
  CHECK(container["requested"]["usableBytes"].integer() == 42412802048);
  CHECK(container["need"]["bytes"].integer() == 6442450944);
  CHECK(container["need"]["source"].stringOr("") == "annotation");
  CHECK(container["recommended"]["profile"].stringOr("") == "1g.10gb");
  CHECK(document.root()["decision"].stringOr("") == "deny");
}
