#include "policy/policy_set.hpp"

#include <doctest/doctest.h>

#include "policy/fingerprint.hpp"
#include "written.hpp"

using namespace rightslice;
using namespace rightslice::policy;
using written::clusterPolicy;
using written::slicePolicy;
using Texts = std::vector<std::string>;
using Labels = std::vector<std::pair<std::string, std::string>>;

namespace {

PolicySet setOf(const std::string& text) {
  Loaded read = written::loaded(text);
  REQUIRE_MESSAGE(read.ok(), written::shown(read));
  return {std::move(read.policies), std::move(read.exceptions)};
}

Texts ids(const std::vector<const Policy*>& policies) {
  Texts out;
  for (const Policy* each : policies) out.push_back(each->id());
  return out;
}

}  // namespace

TEST_CASE("policies of the namespace come first, then cluster policies, each by name") {
  const PolicySet set = setOf(clusterPolicy("", "a") + "---\n" + slicePolicy("", "z") + "---\n" + slicePolicy("", "b") + "---\n" +
                              slicePolicy("", "c", "team-b") + "---\n" + clusterPolicy("", "aa"));
  CHECK(ids(set.select("team-a", "Deployment", {}, nullptr).policies) == Texts{"team-a/b", "team-a/z", "a", "aa"});
  CHECK(ids(set.select("team-b", "Deployment", {}, nullptr).policies) == Texts{"team-b/c", "a", "aa"});
  CHECK(ids(set.select("nowhere", "Deployment", {}, nullptr).policies) == Texts{"a", "aa"});
}

TEST_CASE("kinds and labels of the object decide, and without kinds every known kind is meant") {
  const PolicySet set = setOf(slicePolicy("  match: {kinds: [Job], selector: {matchLabels: {tier: x}}}", "job") + "---\n" + slicePolicy("", "all"));
  CHECK(ids(set.select("team-a", "Job", {{"tier", "x"}}, nullptr).policies) == Texts{"team-a/all", "team-a/job"});
  CHECK(ids(set.select("team-a", "Job", {{"tier", "y"}}, nullptr).policies) == Texts{"team-a/all"});
  CHECK(ids(set.select("team-a", "Deployment", {{"tier", "x"}}, nullptr).policies) == Texts{"team-a/all"});
  CHECK(set.select("team-a", "Gizmo", {}, nullptr).policies.empty());
}

TEST_CASE("an overridable cluster policy steps back only where a policy of the namespace matches the object") {
  const PolicySet set = setOf(clusterPolicy("  overridable: true", "soft") + "---\n" + clusterPolicy("", "hard") + "---\n" +
                              slicePolicy("  match: {kinds: [Job]}"));
  CHECK(ids(set.select("team-a", "Job", {}, nullptr).policies) == Texts{"team-a/p", "hard"});
  CHECK(ids(set.select("team-a", "Deployment", {}, nullptr).policies) == Texts{"hard", "soft"});
  CHECK(ids(set.select("team-b", "Job", {}, nullptr).policies) == Texts{"hard", "soft"});
}

TEST_CASE("a cluster policy names namespaces by glob and by label, and both must fit") {
  const PolicySet set = setOf(clusterPolicy("  namespaces: [\"team-*\"]\n  namespaceSelector: {matchLabels: {env: prod}}"));
  const workload::StringMap prod{{"env", "prod"}}, test{{"env", "test"}};
  CHECK(ids(set.select("team-a", "Pod", {}, &prod).policies) == Texts{"platform"});
  CHECK(set.select("team-a", "Pod", {}, &test).policies.empty());
  CHECK(set.select("other", "Pod", {}, &prod).policies.empty());
  CHECK(setOf(clusterPolicy("  namespaces: []")).select("team-a", "Pod", {}, nullptr).policies.empty());
}

TEST_CASE("where the labels of the namespace are unknown, a policy that asks for them does not apply and is listed") {
  const PolicySet set = setOf(clusterPolicy("  namespaceSelector: {matchLabels: {env: prod}}", "labels") + "---\n" +
                              clusterPolicy("  namespaces: [b]\n  namespaceSelector: {matchLabels: {env: prod}}", "elsewhere") + "---\n" +
                              clusterPolicy("  overridable: true\n  namespaceSelector: {matchLabels: {env: prod}}", "soft") + "---\n" +
                              slicePolicy("  match: {kinds: [Job]}"));
  const Selection pod = set.select("team-a", "Pod", {}, nullptr);
  CHECK(pod.policies.empty());
  CHECK(ids(pod.labelsUnknown) == Texts{"labels", "soft"});
  CHECK(ids(set.select("team-a", "Job", {}, nullptr).labelsUnknown) == Texts{"labels"});
  const workload::StringMap none;
  CHECK(set.select("team-a", "Pod", {}, &none).labelsUnknown.empty());
}

TEST_CASE("no namespace is the namespace default") {
  const PolicySet set = setOf(slicePolicy("", "p", "default"));
  CHECK(ids(set.select("", "Pod", {}, nullptr).policies) == Texts{"default/p"});
}

TEST_CASE("exceptions are found by namespace and can be added to a set") {
  const PolicySet set = setOf(slicePolicy("") + "---\n" + written::exception(written::kGoodException, "a"));
  Exception more;
  more.ns = "team-b";
  more.name = "b";
  const PolicySet both = set.withExceptions({more});
  CHECK(set.exceptions("team-b").empty());
  CHECK(set.exceptions("team-a").size() == 1);
  CHECK(both.exceptions("team-b").size() == 1);
  CHECK(both.exceptions("team-a").size() == 1);
  CHECK(both.allExceptions().size() == 2);
  CHECK(both.digest() != set.digest());
}

TEST_CASE("a mode can be put over all policies") {
  const PolicySet audit = setOf(slicePolicy("", "a") + "---\n" + clusterPolicy("")).withMode(Mode::Audit);
  REQUIRE(audit.policies().size() == 2);
  for (const Policy& each : audit.policies()) CHECK(each.mode == Mode::Audit);
  CHECK(audit.select("team-a", "Pod", {}, nullptr).policies.size() == 2);
}

TEST_CASE("the digest tells contents apart, not where they were read or in which order") {
  const LoadOptions options = written::options();
  const auto digest = [&](const std::string& text, std::string_view file = "f") {
    Loaded read = load(text, file, options);
    return PolicySet(std::move(read.policies), std::move(read.exceptions)).digest();
  };
  const std::string a = slicePolicy("", "a"), b = clusterPolicy("", "b");
  CHECK(digest(a + "---\n" + b) == digest("# moved\n" + b + "---\n" + a, "other"));
  CHECK(digest(a) != digest(b));
  CHECK(PolicySet().empty());
}

TEST_CASE("every field of a policy is part of its fingerprint") {
  const std::vector<std::string> specs{
      "", "  match: {kinds: [Pod]}", "  match: {selector: {matchLabels: {a: b}}}", "  gpus: [NVIDIA-H100-80GB-HBM3]",
      "  gpuResource: whole", "  gpuResource: 1g.10gb", "  slices: {offered: []}", "  slices: {offered: [1g.10gb]}",
      "  slices: {allowed: [1g.10gb]}", "  slices: {denied: [1g.10gb]}", "  slices: {prefer: density}", "  slices: {minCompute: 2}",
      "  slices: {tolerance: 2}", "  load: {concurrency: 2}", "  load: {context: 2}", "  headroom: 2%", "  actions: {Oversized: deny}",
      "  actions: {Oversized: warn}", "  engine: {rewriteFlags: true}", "  budget: {memory: 2}", "  budget: {gpus: 2}",
      "  budget: {cost: {amount: 2, currency: USD}}", "  budget: {cost: {amount: 2, currency: EUR}}", "  ratchet: false",
      "  models: [{model: a, memory: 2}]", "  models: [{model: a, weights: 2}]", "  models: [{model: a, weights: 2, overhead: 1}]",
      "  models: [{model: a, weights: 2, kvPerToken: 1}]", "  models: [{model: a, memory: 2, engine: vllm}]",
      "  models: [{model: a, memory: 2, quantization: awq}]", "  declarations: workload", "  namespaces: [a]", "  namespaces: [b]",
      "  namespaceSelector: {}", "  overridable: true", "  exempt: {users: [a]}", "  exempt: {groups: [a]}",
      "  exempt: {serviceAccounts: [\"a:b\"]}", "  exceptions: {namespaces: [a]}"};
  std::map<std::string, std::string> seen;
  for (const std::string& spec : specs) {
    CAPTURE(spec);
    const Loaded read = written::loaded(clusterPolicy(spec));
    CAPTURE(written::shown(read));
    REQUIRE(read.policies.size() == 1);
    CHECK_MESSAGE(seen.emplace(fingerprint(read.policies[0]), spec).second, "the same as: ", seen[fingerprint(read.policies[0])]);
  }
}
