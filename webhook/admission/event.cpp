#include "admission/event.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "admission/message.hpp"
#include "base/limits.hpp"
#include "gpu/resource_name.hpp"
#include "policy/annotations.hpp"

namespace rightslice::admission {
namespace {

using policy::Action;
using policy::OriginalRequest;

constexpr std::size_t kMaxPolicies = 200;  // bytes of a note that say whose word it is

std::string_view actionOf(const Told& told) {
  if (told.scaled) return "Scale";
  return told.review.operation == "UPDATE" ? "Update" : "Create";
}

/// The object, or its controller; what was not created has no uid, and a generated name is another one at the next try.
Event about(const Told& told, EventReason reason) {
  const workload::Workload& object = told.object;
  Event event;
  event.reason = reason;
  event.action = actionOf(told);
  event.ns = object.ns;
  if (object.controller) {
    event.apiVersion = object.controller->apiVersion;
    event.kind = object.controller->kind;
    event.name = object.controller->name;
    event.uid = object.controller->uid;
    return event;
  }
  const bool absent = told.denied && event.action == "Create";
  const std::string_view generated = told.review.object["metadata"]["generateName"].stringOr("");
  event.apiVersion = object.apiVersion;
  event.kind = object.kindName;
  event.name = absent && !generated.empty() ? std::string(generated) : object.name.empty() ? told.review.name : object.name;
  if (!absent) event.uid = object.uid;
  return event;
}

std::string note(const Told& told, const std::vector<std::string>& said, const std::vector<std::string>& policies) {
  std::string text = told.object.controller ? told.object.kindName + ": " : "";
  for (const std::string& each : said) text += (&each == &said.front() ? "" : "; ") + each;
  const std::string tail = policies.empty() ? "" : cutTo(oneLine(fmt::format(" [policy {}", fmt::join(policies, ", "))), kMaxPolicies) + "]";
  return cutTo(oneLine(text), limits::kMaxNoteBytes - tail.size()) + tail;
}

void addOnce(std::vector<std::string>& list, const std::string& text) {
  if (std::find(list.begin(), list.end(), text) == list.end()) list.push_back(text);
}

/// The findings that did it, or would: with `action` after the mode or before it. Where the object that a rewrite leaves would be
/// denied none has that action, and all of them are told.
Event withFindings(const Told& told, EventReason reason, Action action) {
  const policy::Judgement& judgement = told.judgement;
  std::vector<std::string> said, policies;
  const auto collect = [&](auto&& wanted) {
    for (std::size_t index = 0; index < judgement.findings.size(); ++index) {
      if (!wanted(told.denied ? judgement.effective[index] : judgement.findings[index].action)) continue;
      said.push_back(labelled(judgement.findings[index]));
      addOnce(policies, judgement.findings[index].policy);
    }
  };
  collect([&](Action has) { return has == action; });
  if (said.empty()) collect([](Action has) { return has != Action::Allow; });
  Event event = about(told, reason);
  event.note = note(told, said, policies);
  return event;
}

const OriginalRequest* find(const std::vector<OriginalRequest>& all, const OriginalRequest& entry) {
  const auto at = std::find(all.begin(), all.end(), entry);
  return at == all.end() ? nullptr : &*at;
}

std::vector<OriginalRequest> recordOf(const workload::Workload& object) {
  std::vector<OriginalRequest> out;
  for (const auto& pod : object.templates) {
    const std::string* text = pod.annotation(policy::kOriginalRequest);
    if (text == nullptr) continue;
    for (auto& each : policy::parseOriginalRequests(*text).value_or(std::vector<OriginalRequest>{})) out.push_back(std::move(each));
  }
  return out;
}

int nominalGb(std::string_view resource) {
  const auto profile = gpu::ProfileName::parse(gpu::ResourceName::parse(resource).profile);
  return profile ? profile->nominalGb : 0;
}

/// Only to a smaller slice for Oversized, only to a larger one for Undersized; whole GPUs are only made smaller.
std::string_view whyRewritten(const OriginalRequest& entry) {
  const int before = nominalGb(entry.asked), after = nominalGb(entry.written);
  return policy::name(before != 0 && before < after ? policy::Code::Undersized : policy::Code::Oversized);
}

/// What /mutate has just written, by its own record. What stood there before the request is no news.
std::vector<std::string> rewrites(const Told& told) {
  std::vector<std::string> said;
  const auto before = told.old != nullptr ? recordOf(*told.old) : std::vector<OriginalRequest>{};
  for (const OriginalRequest& entry : recordOf(told.object)) {
    const bool asksForIt = std::any_of(told.judgement.containers.begin(), told.judgement.containers.end(), [&](const auto& container) {
      return container.name == entry.container && container.requested && container.requested->resource == entry.written;
    });
    if (!asksForIt || find(before, entry) != nullptr) continue;
    said.push_back(fmt::format("{}: container {}: {} rewritten to {}", whyRewritten(entry), entry.container, entry.asked, entry.written));
  }
  return said;
}

/// The record does not say who rewrote: those that may have.
std::vector<std::string> rewriters(const Told& told) {
  const auto rewrites = [](const policy::Policy& policy) {
    return policy.mode == policy::Mode::Enforce && (policy.actions[static_cast<std::size_t>(policy::Code::Oversized)] == Action::Rewrite ||
                                                    policy.actions[static_cast<std::size_t>(policy::Code::Undersized)] == Action::Rewrite);
  };
  const auto& inForce = told.judgement.policies;
  std::vector<std::string> out;
  for (const policy::Policy& each : told.policies.policies()) {
    if (rewrites(each) && std::find(inForce.begin(), inForce.end(), each.id()) != inForce.end()) out.push_back(each.id());
  }
  return out;
}

}  // namespace

std::string_view name(EventReason reason) {
  switch (reason) {
    case EventReason::Denied: return "Denied";
    case EventReason::Rewritten: return "Rewritten";
    case EventReason::WouldDeny: return "WouldDeny";
    case EventReason::WouldRewrite: return "WouldRewrite";
    case EventReason::NotAccepted: return "NotAccepted";
  }
  return "";
}

std::vector<Event> eventsOf(const Told& told) {
  std::vector<Event> out;
  const policy::Judgement& judgement = told.judgement;
  if (told.review.dryRun || judgement.recordedOnly || judgement.policies.empty()) return out;
  if (told.denied) {
    out.push_back(withFindings(told, EventReason::Denied, Action::Deny));
    return out;
  }
  if (judgement.wouldBe == Action::Deny) out.push_back(withFindings(told, EventReason::WouldDeny, Action::Deny));
  if (judgement.wouldBe == Action::Rewrite) out.push_back(withFindings(told, EventReason::WouldRewrite, Action::Rewrite));
  const auto said = told.scaled ? std::vector<std::string>{} : rewrites(told);
  if (!said.empty()) {
    Event event = about(told, EventReason::Rewritten);
    event.note = note(told, said, rewriters(told));
    out.push_back(std::move(event));
  }
  return out;
}

Event refusedPolicy(const Review& review, std::string_view message) {
  Event event;
  event.reason = EventReason::Denied;
  event.apiVersion = review.object["apiVersion"].stringOr("");
  event.kind = review.kind;
  event.ns = review.ns;
  event.name = review.name.empty() ? review.object["metadata"]["name"].stringOr("") : std::string_view(review.name);
  event.action = review.operation == "UPDATE" ? "Update" : "Create";
  if (event.action == "Update") event.uid = review.object["metadata"]["uid"].stringOr("");
  event.note = cutTo(oneLine(message), limits::kMaxNoteBytes);
  return event;
}

}  // namespace rightslice::admission
