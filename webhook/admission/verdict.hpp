// Judge an object, apply the patch, judge the result: what a cluster would do with it. Shared by check, review, test and serve.
#pragma once
#include <string>

#include "json/document.hpp"
#include "policy/judge.hpp"

namespace rightslice::admission {

class Inventory;
class Memo;
struct MemoBasis;

/// Everything a verdict is made with; plain references to published, immutable values.
struct Environment {
  const policy::PolicySet* policies = nullptr;
  policy::Catalogue catalogue;
  const workload::Surroundings* surroundings = nullptr;
  Date now;
  const Inventory* inventory = nullptr;   ///< what runs in the cluster already; null: not known
  Memo* memo = nullptr;                   ///< answers given before; null: each is made anew
  const MemoBasis* basis = nullptr;       ///< of `memo`: the snapshots that are named above
};

/// As `check` reports it (DESIGN 3.7): findings are those of the object as written; the decision is deny if the patched
/// object would be denied, else rewrite if there is a patch, else the strictest of warn and allow.
policy::Judgement verdict(const json::Document& object, std::string_view defaultNamespace, const Environment& environment,
                          const policy::Request& request);

/// The decision of a judgement of `object`, made without validateOnly, once its patch is applied and judged again; a patch that
/// turns out impossible is taken out of the judgement.
policy::Action decisionAfterPatch(policy::Judgement& judgement, const json::Document& object, std::string_view defaultNamespace,
                                  const Environment& environment, const policy::Request& request);

}  // namespace rightslice::admission
