// One event of kube-apiserver's audit log, as far as it tells of an admission.
// Source of the shape: k8s.io/apiserver pkg/apis/audit/v1/types.go; when each object is recorded: pkg/audit/request.go and
// pkg/endpoints/handlers/{create,update,patch}.go (the object of a create or update as it was sent, before admission; of a patch the patch).
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "json/view.hpp"
#include "policy/finding.hpp"
#include "workload/kind.hpp"

namespace rightslice::app {

struct AuditEvent {
  enum class Use {
    Judged,          ///< `object` is what was asked for
    Scaled,          ///< `replicas` of the object of that name
    Deleted,         ///< the object, or with an empty name all of its kind in the namespace
    NoEvent,         ///< no Event of audit.k8s.io/v1
    OtherStage,      ///< not the stage ResponseComplete
    OtherRequest,    ///< of another resource or verb: no admission that is judged
    DryRun,          ///< left no trace
    Refused,         ///< failed for another reason than this webhook
    LevelTooLow,     ///< level None or Metadata: no objects
    Truncated,       ///< the objects were cut out, as the event was too large
    PatchOnly,       ///< a patch, and not the object that came of it
  };
  Use use = Use::NoEvent;
  const workload::Kind* kind = nullptr;
  bool created = false;              ///< there was none of the name before
  bool patched = false;              ///< the object is the one that was stored, after any rewrite
  bool admitted = false;             ///< it got in
  json::View object, stored;         ///< stored: what came of it; missing where it did not get in
  std::int64_t replicas = 0;
  std::string time, auditId, user, verb, ns, name;
  std::vector<std::string> groups;
  std::optional<policy::Action> decision, wouldBe;   ///< of this webhook then; absent where it was not asked
};

/// `event` outlives what is returned.
AuditEvent readAuditEvent(json::View event);

}  // namespace rightslice::app
