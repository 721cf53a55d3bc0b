// What people are told on the object itself: an Event (events.k8s.io/v1) as plain values, before anybody sends it.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "admission/review.hpp"
#include "policy/judgement.hpp"
#include "policy/policy_set.hpp"
#include "workload/workload.hpp"

namespace rightslice::admission {

/// Stable: people select by it (`--field-selector reason=Denied`).
enum class EventReason : std::uint8_t { Denied, Rewritten, WouldDeny, WouldRewrite, NotAccepted };
std::string_view name(EventReason reason);

struct Event {
  EventReason reason{};
  std::string apiVersion, kind, ns, name, uid;  ///< of the object; ns empty: it is in no namespace; uid empty: it does not exist
  std::string action;                           ///< "Create", "Update", "Scale": what was asked for
  std::string note;                             ///< one line, at most limits::kMaxNoteBytes

  /// Normal or Warning.
  bool warns() const { return reason != EventReason::Rewritten; }
  friend bool operator==(const Event&, const Event&) = default;
};

/// What a review of /validate is told as. That path alone sees the object as it will be stored: with its final name and uid, and with
/// what a rewrite left in it. Nothing for dry runs and for what is recorded only, so a Deployment's ReplicaSets and Pods say
/// nothing of their own. What has a controller nevertheless is judged for itself, and told on that controller: it is there when
/// the object is not, and a hundred pods of one are one series.
struct Told {
  const Review& review;
  const workload::Workload& object;
  const workload::Workload* old = nullptr;      ///< of an UPDATE
  const policy::Judgement& judgement;
  const policy::PolicySet& policies;
  bool denied = false, scaled = false;
};
std::vector<Event> eventsOf(const Told& told);

/// A policy that the webhook refused.
Event refusedPolicy(const Review& review, std::string_view message);

}  // namespace rightslice::admission
