// One container under one policy: every rule of DESIGN 3.6 that needs no more than that.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "policy/annotations.hpp"
#include "policy/judge.hpp"
#include "policy/judgement.hpp"
#include "policy/requested.hpp"

namespace rightslice::policy {

/// A finding before actions: what is wrong, and what ratchet and rewrite need to know of it.
struct RawFinding {
  Code code{};
  std::string container, path, message;
  /// Undersized, EngineCannotStart: the shortfall. Oversized: what the asked slice holds. Else 0.
  Bytes measure = 0;
  std::string asked;               ///< resource and quantity, for "the same resource and quantity"
  std::optional<Action> atMost;    ///< a ceiling of the rule itself (stand-ins ...)
  std::string atMostSince;         ///< why, after "only a warning, since"
  std::optional<Action> insteadOfDefault;  ///< another default action (ProfileNotOnGpu with an inventory)
  bool always = false;             ///< `action` is deny whatever the policy says (re-apply)

  void limit(Action most, std::string since) {
    if (!atMost) atMostSince = std::move(since);
    atMost = atMost ? std::min(*atMost, most) : most;
  }
};

/// How the request could be rewritten.
struct RewritePlan {
  std::string resource;            ///< the new key
  Bytes usable = 0;
  std::vector<std::pair<std::string, std::string>> flags;   ///< engine flags that must change with it
  std::string obstacle;            ///< why it must not be written; empty if it may
  bool waits = false;              ///< all of them are known to be in use; no matter to who holds one already
};

struct ContainerOutcome {
  const workload::Container* container = nullptr;
  const workload::PodTemplate* pod = nullptr;
  Ask ask;
  bool notJudged = false;
  bool oursAlone = false;          ///< asks for nothing but what original-request says that a rewrite wrote
  std::optional<Meaning> meaning;  ///< of the one entry, where there is one
  bool offerKnown = false, loadStated = false;
  ContainerJudgement judgement;
  std::vector<RawFinding> findings;
  std::optional<RewritePlan> rewrite;   ///< set with a recommendation of another slice
  std::vector<std::string> unknown;     ///< what the outcome hangs on and is not known
};

struct ContainerInput {
  const workload::Workload* workload = nullptr;
  const workload::PodTemplate* pod = nullptr;
  const workload::Container* container = nullptr;
  const Policy* policy = nullptr;
  const std::vector<const Policy*>* inForce = nullptr;
  const Catalogue* catalogue = nullptr;
  const workload::Surroundings* surroundings = nullptr;
  /// An entry of original-request for this container, where the pod template has one.
  const OriginalRequest* original = nullptr;
  const OwnAnnotations* annotations = nullptr;  ///< of the pod template and its object
  bool validateOnly = false;
  bool words = true;               ///< the terms of the need say where they come from
};
ContainerOutcome judgeContainer(const ContainerInput& input);

}  // namespace rightslice::policy
