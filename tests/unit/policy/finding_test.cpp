#include "policy/finding.hpp"

#include <algorithm>

#include <doctest/doctest.h>

using namespace rightslice::policy;

TEST_CASE("codes stand in the order of their values, and each is found by exactly its name") {
  for (std::size_t i = 0; i < kCodes; ++i) {
    const CodeRow& row = codes()[i];
    CAPTURE(row.name);
    CHECK(static_cast<std::size_t>(row.code) == i);
    CHECK(name(row.code) == row.name);
    CHECK(parseCode(row.name) == row.code);
    CHECK_FALSE(row.summary.empty());
    CHECK_FALSE(row.summary.ends_with('.'));
  }
  for (const char* other : {"", "oversized", "Oversized ", "OVERSIZED", "Over"}) CHECK_FALSE(parseCode(other));
}

TEST_CASE("what is surely wrong is denied by default, everything else warns") {
  const auto denied = {Code::InvalidQuantity, Code::MixedGpuAndMig, Code::ProfileNotAllowed, Code::ParallelismExceedsDevices,
                       Code::Undersized, Code::EngineCannotStart, Code::OverBudget};
  for (const CodeRow& row : codes()) {
    const bool denies = std::find(denied.begin(), denied.end(), row.code) != denied.end();
    CAPTURE(row.name);
    CHECK(row.defaultAction == (denies ? Action::Deny : Action::Warn));
    CHECK(row.mayRewrite == (row.code == Code::Oversized || row.code == Code::Undersized));
  }
}

TEST_CASE("actions are ordered by strictness") {
  CHECK(Action::Deny > Action::Rewrite);
  CHECK(Action::Rewrite > Action::Warn);
  CHECK(Action::Warn > Action::Allow);
  CHECK(name(Action::Rewrite) == "rewrite");
  CHECK(name(Mode::Enforce) == "enforce");
  CHECK(Mode::Enforce > Mode::Warn);
  CHECK(Mode::Warn > Mode::Audit);
}
