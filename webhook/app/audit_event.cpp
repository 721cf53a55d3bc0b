#include "app/audit_event.hpp"

#include <algorithm>
#include <array>

namespace rightslice::app {
namespace {

using policy::Action;
using Use = AuditEvent::Use;

constexpr std::string_view kOurs = "rightslice.io";   // validate.rightslice.io, mutate.rightslice.io, scale.rightslice.io
constexpr std::string_view kTruncated = "audit.k8s.io/truncated";  // apiserver plugin/pkg/audit/truncate

std::optional<Action> actionOf(std::string_view text) {
  for (const Action action : {Action::Allow, Action::Warn, Action::Rewrite, Action::Deny})
    if (policy::name(action) == text) return action;
  return std::nullopt;
}

void raise(std::optional<Action>& to, std::string_view text) {
  if (const auto action = actionOf(text)) to = std::max(to.value_or(Action::Allow), *action);
}

/// "<webhook>/decision" of each of our webhooks: what one rewrote and another let pass was rewritten.
void readDecision(json::View annotations, AuditEvent& out) {
  for (const auto each : annotations.members()) {
    const auto slash = each.key.rfind('/');
    if (slash == std::string_view::npos || !each.key.substr(0, slash).ends_with(kOurs)) continue;
    const std::string_view key = each.key.substr(slash + 1), value = each.value.stringOr("");
    if (key == "decision") raise(out.decision, value);
    if (key == "would-be") raise(out.wouldBe, value);
  }
}

const workload::Kind* kindOf(json::View reference) {
  const std::string_view group = reference["apiGroup"].stringOr(""), resource = reference["resource"].stringOr("");
  const auto kinds = workload::kinds();
  const auto found = std::find_if(kinds.begin(), kinds.end(), [&](const workload::Kind& kind) {
    return !kind.plural.empty() && kind.plural == resource && kind.group == group;
  });
  return found == kinds.end() ? nullptr : &*found;
}

/// The query of the address asks for a dry run; what it is set to is always All.
bool isDryRun(std::string_view uri) {
  const auto query = uri.find('?');
  if (query == std::string_view::npos) return false;
  uri = uri.substr(query);
  return uri.find("?dryRun=") != std::string_view::npos || uri.find("&dryRun=") != std::string_view::npos;
}

bool isOf(json::View object, const workload::Kind& kind) { return object["kind"].stringOr("") == kind.kind; }

Use useOf(json::View event, AuditEvent& out) {
  if (event["kind"].stringOr("") != "Event" || event["apiVersion"].stringOr("") != "audit.k8s.io/v1") return Use::NoEvent;
  const std::string_view stage = event["stage"].stringOr("");
  if (stage != "ResponseComplete") return Use::OtherStage;
  const json::View reference = event["objectRef"];
  const std::string_view subresource = reference["subresource"].stringOr("");
  const bool scale = subresource == "scale";
  constexpr std::array<std::string_view, 5> kVerbs{"create", "update", "patch", "delete", "deletecollection"};
  out.kind = kindOf(reference);
  const bool known = std::find(kVerbs.begin(), kVerbs.end(), out.verb) != kVerbs.end();
  if (out.kind == nullptr || !known || (!subresource.empty() && !scale)) return Use::OtherRequest;
  if (isDryRun(event["requestURI"].stringOr(""))) return Use::DryRun;
  const auto code = event["responseStatus"]["code"].integer().value_or(0);
  out.admitted = code >= 200 && code < 300;
  if (!out.admitted && !(code == 403 && out.decision == Action::Deny)) return Use::Refused;
  if (out.verb == "delete" || out.verb == "deletecollection") return scale ? Use::OtherRequest : Use::Deleted;

  const json::View asked = event["requestObject"], answered = event["responseObject"];
  const std::string_view level = event["level"].stringOr("");
  if (level != "Request" && level != "RequestResponse") return Use::LevelTooLow;
  if (event["annotations"][kTruncated].stringOr("") == "true" && !asked.isObject()) return Use::Truncated;
  if (scale) {
    if (out.verb == "create") return Use::OtherRequest;
    auto replicas = answered["kind"].stringOr("") == "Scale" ? answered["spec"]["replicas"].integer().value_or(0)  // Go leaves 0 out
                                                             : asked["spec"]["replicas"].integer().value_or(out.verb == "update" ? 0 : -1);
    out.replicas = replicas;
    return replicas < 0 ? Use::PatchOnly : Use::Scaled;
  }
  out.patched = out.verb == "patch";
  out.created = out.verb == "create" || (out.patched && code == 201);
  out.object = out.patched ? answered : asked;
  if (!isOf(out.object, *out.kind)) return out.patched ? Use::PatchOnly : Use::Truncated;
  if (out.admitted) out.stored = isOf(answered, *out.kind) ? answered : out.object;
  return Use::Judged;
}

}  // namespace

AuditEvent readAuditEvent(json::View event) {
  AuditEvent out;
  out.time = event["requestReceivedTimestamp"].stringOr("");
  out.auditId = event["auditID"].stringOr("");
  out.user = event["impersonatedUser"]["username"].stringOr(event["user"]["username"].stringOr(""));
  const json::View who = event["impersonatedUser"].isObject() ? event["impersonatedUser"] : event["user"];
  for (const json::View each : who["groups"].elements()) out.groups.emplace_back(each.stringOr(""));
  out.verb = event["verb"].stringOr("");
  out.ns = event["objectRef"]["namespace"].stringOr("");
  out.name = event["objectRef"]["name"].stringOr("");
  readDecision(event["annotations"], out);
  out.use = useOf(event, out);
  for (const json::View object : {out.stored, out.object}) {
    if (out.name.empty() && out.verb == "create") out.name = object["metadata"]["name"].stringOr("");
  }
  return out;
}

}  // namespace rightslice::app
