#include "admission/verdict.hpp"

#include <doctest/doctest.h>

#include "written.hpp"

using namespace rightslice;
using namespace rightslice::admission;
using policy::Action;

namespace {
policy::Judgement verdictOf(std::string_view policies, const std::string& object) {
  const written::Setting setting(policies);
  return verdict(json::Document::parse(object).value(), "default", setting.environment(), {});
}
const std::string kRewrite = "  actions: {Oversized: rewrite}\n";
}  // namespace

TEST_CASE("a rewrite that is made is the decision, with its patch") {
  const auto judgement = verdictOf(written::policy("enforce", kRewrite), written::oversized());
  CHECK(judgement.decision == Action::Rewrite);
  CHECK_FALSE(judgement.patch.empty());
  REQUIRE(judgement.findings.size() == 1);
  CHECK(judgement.findings[0].action == Action::Rewrite);
}

TEST_CASE("an object that would still be denied after the patch is denied") {
  const std::string both = written::container("nvidia.com/mig-3g.40gb", "large") + "," + written::container("nvidia.com/mig-1g.10gb", "broken", "0.5");
  const auto judgement = verdictOf(written::policy("enforce", kRewrite), written::deployment(both));
  CHECK(judgement.decision == Action::Deny);
}

TEST_CASE("audit and warn patch nothing and say what enforce would do") {
  for (const auto& [mode, decision] : {std::pair{"audit", Action::Allow}, std::pair{"warn", Action::Warn}}) {
    CAPTURE(mode);
    const auto judgement = verdictOf(written::policy(mode, kRewrite), written::oversized());
    CHECK(judgement.decision == decision);
    CHECK(judgement.wouldBe == Action::Rewrite);
    CHECK(judgement.patch.empty());
  }
}

TEST_CASE("wouldBe is there exactly when a policy is not in enforce mode") {
  CHECK_FALSE(verdictOf(written::policy("enforce"), written::oversized()).wouldBe);
  CHECK(verdictOf(written::policy("enforce") + written::policy("audit", "", "second"), written::oversized()).wouldBe);
  CHECK_FALSE(verdictOf(written::policy("audit", "", "p", "elsewhere"), written::oversized()).wouldBe);
}
