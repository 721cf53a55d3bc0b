#include "policy/policy_set.hpp"

#include <algorithm>

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "base/glob.hpp"
#include "written.hpp"

using namespace rightslice;
using namespace rightslice::policy;

namespace {

const std::vector<std::string> kNamespaces{"default", "team-a", "team-b", "prod"};
const std::vector<std::string> kGlobs{"*", "team-*", "prod", "?eam-a", "x"};
const std::vector<std::string> kKinds{"Deployment", "Job", "Gizmo"};
using Labels = std::vector<std::pair<std::string, std::string>>;

Selector anySelector() {
  Selector selector;
  if (*rc::gen::arbitrary<bool>()) {
    selector.requirements.push_back({"tier", *rc::gen::element(Selector::Operator::In, Selector::Operator::NotIn), {"x"}});
  }
  return selector;
}

Policy anyPolicy(std::size_t number) {
  Policy p;
  p.name = "p" + std::to_string(number);
  p.cluster = *rc::gen::arbitrary<bool>();
  p.mode = *rc::gen::element(Mode::Audit, Mode::Warn, Mode::Enforce);
  if (*rc::gen::arbitrary<bool>()) p.kinds = {*rc::gen::element<std::string>("Deployment", "Job")};
  p.selector = anySelector();
  if (!p.cluster) {
    p.ns = *rc::gen::elementOf(kNamespaces);
    return p;
  }
  if (*rc::gen::arbitrary<bool>()) p.namespaces = std::vector<std::string>{*rc::gen::elementOf(kGlobs)};
  if (*rc::gen::arbitrary<bool>()) p.namespaceSelector = anySelector();
  p.overridable = *rc::gen::arbitrary<bool>();
  return p;
}

std::vector<Policy> anyPolicies() {
  std::vector<Policy> policies;
  const auto count = *rc::gen::inRange<std::size_t>(0, 12);
  for (std::size_t i = 0; i < count; ++i) policies.push_back(anyPolicy(i));
  return policies;
}

struct Answer {
  std::vector<std::string> applies, unknown;
  friend bool operator==(const Answer&, const Answer&) = default;
};

/// DESIGN 3.8 word for word, over all policies.
Answer oracle(const std::vector<Policy>& policies, const std::string& ns, const std::string& kind, const Labels& labels,
              const workload::StringMap* namespaceLabels) {
  const auto fits = [&](const Policy& p) {
    const bool kindFits = p.kinds.empty() ? kind != "Gizmo" : p.kinds.front() == kind;
    return kindFits && p.selector.matches(labels);
  };
  Answer answer;
  for (const Policy& p : policies) {
    if (!p.cluster && p.ns == ns && fits(p)) answer.applies.push_back(p.id());
  }
  const bool own = !answer.applies.empty();
  std::sort(answer.applies.begin(), answer.applies.end());
  std::vector<std::string> cluster;
  for (const Policy& p : policies) {
    if (!p.cluster || !fits(p) || (p.overridable && own)) continue;
    if (p.namespaces && !globMatches(p.namespaces->front(), ns)) continue;
    if (p.namespaceSelector && namespaceLabels == nullptr) {
      answer.unknown.push_back(p.id());
    } else if (!p.namespaceSelector || p.namespaceSelector->matches(*namespaceLabels)) {
      cluster.push_back(p.id());
    }
  }
  std::sort(cluster.begin(), cluster.end());
  std::sort(answer.unknown.begin(), answer.unknown.end());
  answer.applies.insert(answer.applies.end(), cluster.begin(), cluster.end());
  return answer;
}

Answer answerOf(const Selection& selection) {
  Answer answer;
  for (const Policy* p : selection.policies) answer.applies.push_back(p->id());
  for (const Policy* p : selection.labelsUnknown) answer.unknown.push_back(p->id());
  return answer;
}

}  // namespace

TEST_CASE("selection by index is what a walk over all policies finds") {
  CHECK(rc::check("select equals the linear scan", [] {
    const std::vector<Policy> policies = anyPolicies();
    const std::string ns = *rc::gen::elementOf(kNamespaces), kind = *rc::gen::elementOf(kKinds);
    const Labels labels = *rc::gen::element(Labels{}, Labels{{"tier", "x"}}, Labels{{"tier", "y"}});
    const workload::StringMap namespaceLabels = *rc::gen::element(workload::StringMap{}, workload::StringMap{{"tier", "x"}});
    const workload::StringMap* known = *rc::gen::arbitrary<bool>() ? &namespaceLabels : nullptr;
    RC_ASSERT(answerOf(PolicySet(policies, {}).select(ns, kind, labels, known)) == oracle(policies, ns, kind, labels, known));
  }));
}

TEST_CASE("the order in which policies are read changes nothing") {
  CHECK(rc::check("shuffled sets are the same set", [] {
    std::vector<Policy> policies = anyPolicies();
    const PolicySet one(policies, {});
    std::vector<std::size_t> order(policies.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::vector<Policy> shuffled;
    while (!order.empty()) {
      const auto at = *rc::gen::inRange<std::size_t>(0, order.size());
      shuffled.push_back(policies[order[at]]);
      order.erase(order.begin() + static_cast<std::ptrdiff_t>(at));
    }
    const PolicySet other(shuffled, {});
    RC_ASSERT(one.digest() == other.digest());
    for (const std::string& ns : kNamespaces) {
      RC_ASSERT(answerOf(one.select(ns, "Job", {}, nullptr)) == answerOf(other.select(ns, "Job", {}, nullptr)));
    }
  }));
}

TEST_CASE("merging files in any order gives the same set") {
  CHECK(rc::check("merge does not depend on the order of its parts", [] {
    const auto count = *rc::gen::inRange<std::size_t>(1, 6);
    std::vector<std::string> texts;
    for (std::size_t i = 0; i < count; ++i) {
      const std::string name = "p" + std::to_string(i);
      texts.push_back(*rc::gen::element(written::slicePolicy("", name), written::clusterPolicy("  overridable: true", name),
                                        written::exception(written::kGoodException, name), written::slicePolicy("  bad: 1", name)));
    }
    const auto merged = [](const std::vector<std::string>& files) {
      std::vector<Loaded> parts;
      for (const std::string& each : files) parts.push_back(written::loaded(each));
      return merge(std::move(parts));
    };
    Loaded one = merged(texts);
    std::reverse(texts.begin(), texts.end());
    Loaded other = merged(texts);
    RC_ASSERT(one.documents == other.documents);
    RC_ASSERT(one.diagnostics.size() == other.diagnostics.size());
    RC_ASSERT(PolicySet(std::move(one.policies), std::move(one.exceptions)).digest() ==
              PolicySet(std::move(other.policies), std::move(other.exceptions)).digest());
  }));
}
