#include "admission/policy_review.hpp"

#include <fmt/format.h>

#include "admission/envelope.hpp"
#include "admission/message.hpp"
#include "base/limits.hpp"
#include "policy/field.hpp"
#include "policy/load.hpp"
#include "policy/served.hpp"

namespace rightslice::admission {
namespace {

policy::Loaded load(const Review& review, const std::string& place, const Environment& environment, const ReviewerOptions& options) {
  policy::LoadOptions how;
  how.gpus = environment.catalogue.gpus != nullptr ? environment.catalogue.gpus : &gpu::Catalogue::builtIn();
  how.maxExceptionDays = options.maxExceptionDays;
  how.today = environment.now;
  return policy::load(policy::servedText(review.object, review.kind), place, how);
}

std::string denialText(const std::string& place, const policy::Loaded& loaded) {
  std::string said;
  for (const auto& each : loaded.diagnostics) {
    if (!each.warning) said += (said.empty() ? "" : "; ") + fmt::format("{} [{}]", each.message, each.code);
  }
  return cutTo(oneLine(fmt::format("{} is not accepted: {}", place, said)), limits::kMaxMessageBytes);
}

void writeDenial(json::Writer& out, const std::string& message, const policy::Loaded& loaded) {
  out.key("status").beginObject().member("code", std::int64_t{403}).member("reason", "Forbidden").member("message", std::string_view(message));
  out.key("details").beginObject().key("causes").beginArray();
  for (const auto& each : loaded.diagnostics) {
    if (each.warning) continue;
    out.beginObject().member("reason", std::string_view(each.code)).member("message", std::string_view(cutTo(oneLine(each.message), limits::kMaxMessageBytes)));
    out.member("field", std::string_view(each.pointer)).endObject();
  }
  out.endArray().endObject().endObject();
}

}  // namespace

bool isPolicy(const Review& review) {
  if (review.kindGroup != policy::kGroup) return false;
  for (const auto kind : policy::kDocumentKinds) {
    if (policy::name(kind) == review.kind) return true;
  }
  return false;
}

void answerPolicy(const Review& review, Path path, const Environment& environment, const ReviewerOptions& options, Answer& out) {
  const bool leaving = review.object["metadata"]["deletionTimestamp"].exists();
  const bool same = review.oldObject.isObject() && review.oldObject["spec"].equals(review.object["spec"]);
  if (path == Path::Mutate || leaving || same) {
    out.body = Envelope(review, true).close();
    return;
  }
  const std::string place = fmt::format("{} {}{}{}", review.kind, review.ns, review.ns.empty() ? "" : "/", review.name);
  const policy::Loaded loaded = load(review, place, environment, options);
  out.allowed = loaded.ok();
  Envelope envelope(review, out.allowed);
  if (!out.allowed) {
    const std::string message = denialText(place, loaded);
    writeDenial(envelope.out(), message, loaded);
    if (!review.dryRun) out.events.push_back(refusedPolicy(review, message));
  }
  std::vector<std::string> warnings;
  for (const auto& each : loaded.diagnostics) {
    if (each.warning && warnings.size() < limits::kMaxWarnings) warnings.push_back(warningText(each.message));
  }
  envelope.warnings(warnings);
  const auto decision = !out.allowed ? policy::Action::Deny : warnings.empty() ? policy::Action::Allow : policy::Action::Warn;
  out.decision = policy::name(decision);
  envelope.out().key("auditAnnotations").beginObject().member("decision", policy::name(decision)).endObject();
  out.body = envelope.close();
}

}  // namespace rightslice::admission
