// The admissions of an audit log, judged again, in order, with what was seen before as the old objects.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "admission/verdict.hpp"
#include "app/audit_event.hpp"

namespace rightslice::app {

/// One admission, then and now.
struct Replayed {
  policy::Judgement now;
  const AuditEvent* event = nullptr;
  /// What got in then would be denied now.
  bool newlyDenied() const { return event->admitted && now.decision == policy::Action::Deny; }
};

/// Keeps of what it saw the outermost objects that ask for GPUs, as serve does. Deterministic; for one thread.
/// What else runs in a namespace a log does not tell: budgets are held against each object alone.
class AuditReplay {
 public:
  AuditReplay(admission::Environment environment, std::vector<std::string> trustedControllers)
      : environment_(environment), trustedControllers_(std::move(trustedControllers)) {}

  /// Of an event whose use is Judged or Scaled: the judgement; nothing where nothing is to be said (it asks for no GPU), or the scaled
  /// object was not seen. Of others nothing, and what they changed is taken note of.
  std::optional<Replayed> take(const AuditEvent& event);
  std::size_t unseen() const { return unseen_; }   ///< scaled objects that were not seen before
  std::size_t kept() const { return objects_.size(); }

 private:
  struct Kept {
    std::string text;
    std::optional<std::int64_t> replicas;   ///< as scaled since
  };
  std::optional<Replayed> judge(const AuditEvent& event);
  std::optional<Replayed> scale(const AuditEvent& event);
  void forget(const AuditEvent& event);
  std::optional<workload::Workload> find(const std::string& key) const;

  admission::Environment environment_;
  std::vector<std::string> trustedControllers_;
  std::map<std::string, Kept, std::less<>> objects_;   ///< "group/kind/namespace/name"
  std::size_t unseen_ = 0;
};

}  // namespace rightslice::app
