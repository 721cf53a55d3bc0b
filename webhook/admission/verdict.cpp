#include "admission/verdict.hpp"

#include <algorithm>

#include "json/patch.hpp"
#include "workload/workload.hpp"

namespace rightslice::admission {
namespace {

using policy::Action;

/// Judges, patches, and judges what the patch leaves: the decision of one set of modes.
policy::Judgement decide(const json::Document& object, std::string_view defaultNamespace, const Environment& environment,
                         const policy::Request& request) {
  const auto workload = workload::read(object.root(), defaultNamespace);
  auto judgement =
      policy::judge(workload, *environment.policies, environment.catalogue, *environment.surroundings, request, environment.now);
  judgement.decision = decisionAfterPatch(judgement, object, defaultNamespace, environment, request);
  return judgement;
}

/// A rewrite that was not made is a warning, as /validate would give it.
Action withoutRewrite(Action decision) { return decision == Action::Rewrite ? Action::Warn : decision; }

}  // namespace

Action decisionAfterPatch(policy::Judgement& judgement, const json::Document& object, std::string_view defaultNamespace,
                          const Environment& environment, const policy::Request& request) {
  if (judgement.patch.empty()) return withoutRewrite(judgement.decision);
  const auto patched = json::apply(object, judgement.patch);
  if (!patched) {
    // The patch is made from the object itself, so this is a bug; the object as written then stands for itself.
    judgement.notes.push_back("the rewrite could not be applied: " + patched.error().message);
    judgement.patch.clear();
    return std::max(Action::Warn, withoutRewrite(judgement.decision));
  }
  policy::Request validating = request;
  validating.validateOnly = true;
  const auto after = policy::judge(workload::read(patched->root(), defaultNamespace), *environment.policies, environment.catalogue,
                                   *environment.surroundings, validating, environment.now);
  return after.decision == Action::Deny ? Action::Deny : Action::Rewrite;
}

policy::Judgement verdict(const json::Document& object, std::string_view defaultNamespace, const Environment& environment,
                          const policy::Request& request) {
  auto judgement = decide(object, defaultNamespace, environment, request);
  if (judgement.wouldBe) {
    policy::Request enforced = request;
    enforced.asEnforced = true;
    judgement.wouldBe = decide(object, defaultNamespace, environment, enforced).decision;
  }
  return judgement;
}

}  // namespace rightslice::admission
