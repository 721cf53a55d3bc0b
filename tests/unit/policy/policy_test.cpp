#include "policy/policy.hpp"

#include <doctest/doctest.h>

#include "written.hpp"

using namespace rightslice;
using namespace rightslice::policy;
using written::day;

TEST_CASE("denied wins over allowed, and nothing allowed means all") {
  const auto allows = [](std::string_view lists, std::string_view profile) {
    return written::onePolicy(written::slicePolicy(fmt::format("  slices: {{{}}}", lists))).profileAllowed(profile);
  };
  struct Row { std::string_view lists, profile; bool allowed; };
  const Row rows[] = {
      {"", "7g.80gb", true},
      {"allowed: []", "7g.80gb", true},
      {"allowed: [\"1g.*\"]", "1g.10gb+me", true},
      {"allowed: [\"1g.*\"]", "2g.20gb", false},
      {"allowed: [\"*\"], denied: [\"7g.*\"]", "7g.80gb", false},
      {"allowed: [7g.80gb], denied: [7g.80gb]", "7g.80gb", false},
      {"denied: [1g.10gb.me]", "1g.10gb+me", false},
      {"denied: [1g.10gb+me]", "1g.10gb+me", false},
      {"denied: [1g.10gb]", "1g.10gb+me", true},
      {"denied: [\"*.me\"]", "1g.20gb+me", false},
      {"denied: [\"*.me\"]", "1g.20gb", true},
      {"denied: [\"*.me.all\"]", "1g.20gb+me.all", false},
      {"denied: [\"*-me\"]", "1g.24gb-me", false},
      {"denied: [\"?g.10gb\"]", "1g.10gb", false},
      {"denied: [\"1g.10GB\"]", "1g.10gb", true},
  };
  for (const Row& row : rows) {
    CAPTURE(row.lists);
    CAPTURE(row.profile);
    CHECK(allows(row.lists, row.profile) == row.allowed);
  }
}

TEST_CASE("an exception allows while 14 days are left, warns to the end of its last day, and then counts for nothing") {
  Exception x;
  x.expires = day("2026-06-30");
  CHECK(x.ceiling(day("2026-01-01")) == Action::Allow);
  CHECK(x.ceiling(day("2026-06-16")) == Action::Allow);
  CHECK(x.ceiling(day("2026-06-17")) == Action::Warn);
  CHECK(x.ceiling(day("2026-06-30")) == Action::Warn);
  CHECK_FALSE(x.ceiling(day("2026-07-01")));
}

namespace {

Exception exceptionFor(std::vector<std::string> policies) {
  Exception x;
  x.ns = "team-a";
  x.kind = "Deploy*";
  x.object = "legacy-*";
  x.findings = {Code::Oversized};
  x.policies = std::move(policies);
  return x;
}

Policy policyOf(bool cluster, std::string_view ns, std::string_view name, std::vector<std::string> opened = {}) {
  Policy p;
  p.cluster = cluster;
  p.ns = ns;
  p.name = name;
  p.exceptionNamespaces = std::move(opened);
  return p;
}

}  // namespace

TEST_CASE("an exception covers what its globs, findings and namespace say") {
  const Exception x = exceptionFor({});
  const Policy own = policyOf(false, "team-a", "default");
  CHECK(x.covers(own, "team-a", "Deployment", "legacy-chat", Code::Oversized));
  CHECK_FALSE(x.covers(own, "team-b", "Deployment", "legacy-chat", Code::Oversized));
  CHECK_FALSE(x.covers(own, "team-a", "StatefulSet", "legacy-chat", Code::Oversized));
  CHECK_FALSE(x.covers(own, "team-a", "Deployment", "chat", Code::Oversized));
  CHECK_FALSE(x.covers(own, "team-a", "Deployment", "legacy-chat", Code::Undersized));
  Exception any = x;
  any.kind.clear();
  any.object.clear();
  CHECK(any.covers(own, "team-a", "Pod", "p", Code::Oversized));
}

TEST_CASE("an exception counts against a cluster policy only where that opens itself to the namespace") {
  struct Row { std::vector<std::string> policies; Policy policy; bool covered; };
  const Policy own = policyOf(false, "team-a", "default"), closed = policyOf(true, "", "platform"),
               open = policyOf(true, "", "platform", {"team-*"}), elsewhere = policyOf(true, "", "platform", {"team-b"});
  const Row rows[] = {
      {{}, own, true},           {{}, closed, false},           {{}, open, true},           {{}, elsewhere, false},
      {{"default"}, own, true},  {{"default"}, open, false},    {{"platform"}, own, false}, {{"platform"}, open, true},
      {{"platform"}, closed, false}, {{"default", "platform"}, open, true}, {{"other"}, own, false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.policy.id());
    CHECK(exceptionFor(row.policies).covers(row.policy, "team-a", "Deployment", "legacy-a", Code::Oversized) == row.covered);
  }
}
