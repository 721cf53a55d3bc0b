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
  if (judgement.patch.empty()) {
    // A rewrite that could not be patched is a warning, as /validate would give it.
    judgement.decision = std::min(judgement.decision, judgement.decision == Action::Rewrite ? Action::Warn : Action::Deny);
    return judgement;
  }
  const auto patched = json::apply(object, judgement.patch);
  if (!patched) {
    // The patch is made from the object itself, so this is a bug; the object as written then stands for itself.
    judgement.notes.push_back("the rewrite could not be applied: " + patched.error().message);
    judgement.patch.clear();
    judgement.decision = std::max(Action::Warn, judgement.decision == Action::Rewrite ? Action::Warn : judgement.decision);
    return judgement;
  }
  policy::Request validating = request;
  validating.validateOnly = true;
  const auto after = policy::judge(workload::read(patched->root(), defaultNamespace), *environment.policies, environment.catalogue,
                                   *environment.surroundings, validating, environment.now);
  judgement.decision = after.decision == Action::Deny ? Action::Deny : Action::Rewrite;
  return judgement;
}

}  // namespace

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
