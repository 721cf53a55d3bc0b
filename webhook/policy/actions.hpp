// From what a rule says to what is done about it: actions, exceptions, ratchet, modes (DESIGN 3.7).
#pragma once
#include <string>
#include <vector>

#include "policy/judge_container.hpp"

namespace rightslice::policy {

/// A finding with its action under one policy, before the mode.
struct Decided {
  RawFinding finding;
  Action action = Action::Allow;
};

struct ActionInput {
  const Policy* policy = nullptr;
  const workload::Workload* workload = nullptr;
  const ContainerOutcome* outcome = nullptr;          ///< null for findings without a container
  std::vector<const Exception*> exceptions;
  const std::vector<RawFinding>* old = nullptr;       ///< findings of the old object under this policy; null: no ratchet
  const workload::Workload* before = nullptr;         ///< the old object of an UPDATE, with or without ratchet
  bool recordedOnly = false;
  bool update = false, hasController = false;
  Date now;
  std::vector<std::string>* unknown = nullptr;        ///< gets what a downgrade hangs on
};
Decided decide(RawFinding finding, const ActionInput& input);

/// What a mode makes of an action. A rewrite that is not written any more (validateOnly) is a warning.
Action effective(Action action, Mode mode);

}  // namespace rightslice::policy
