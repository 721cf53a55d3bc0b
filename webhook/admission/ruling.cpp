#include "admission/ruling.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "admission/context.hpp"
#include "admission/envelope.hpp"
#include "admission/message.hpp"
#include "admission/reviewer.hpp"
#include "base/base64.hpp"
#include "base/limits.hpp"
#include "json/patch.hpp"
#include "workload/extent.hpp"
#include "workload/rollout.hpp"
#include "workload/workload.hpp"

namespace rightslice::admission {
namespace {

using policy::Action;

policy::Request requestOf(const Review& review, const workload::Workload* old, const ReviewerOptions& options) {
  policy::Request request;
  request.operation = review.operation == "UPDATE" ? policy::Operation::Update : policy::Operation::Create;
  request.old = old;
  request.user = review.user;
  request.groups = review.groups;
  request.trustedControllers = options.trustedControllers;
  return request;
}

/// Codes with an action other than allow, in table order, each once.
std::string codesOf(const policy::Judgement& judgement) {
  std::string text;
  std::optional<policy::Code> last;
  for (const auto& finding : judgement.findings) {
    if (finding.action == Action::Allow || last == finding.code) continue;
    last = finding.code;
    text += fmt::format("{}{}", text.empty() ? "" : ",", policy::name(finding.code));
  }
  return text;
}

void writeAudit(json::Writer& out, const policy::Judgement& judgement, Action decision) {
  out.key("auditAnnotations").beginObject().member("decision", policy::name(decision));
  if (judgement.wouldBe) out.member("would-be", policy::name(*judgement.wouldBe));
  if (!judgement.policies.empty()) {
    std::string list;
    for (const auto& policy : judgement.policies) list += (list.empty() ? "" : ",") + policy;
    out.member("policy", std::string_view(list));
  }
  if (const auto codes = codesOf(judgement); !codes.empty()) out.member("findings", std::string_view(codes));
  const policy::ContainerJudgement* only = nullptr;
  int asking = 0;
  for (const auto& container : judgement.containers)
    if (container.requested) {
      only = &container;
      ++asking;
    }
  if (asking == 1) {
    if (only->need) out.member("need", std::string_view(std::to_string(only->need->bytes)));
    out.member("requested", std::string_view(fmt::format("{}:{}", only->requested->resource, only->requested->count)));
    if (only->recommended) out.member("recommended", std::string_view(only->recommended->resource));
  }
  out.endObject();
}

void writeCauses(json::Writer& out, const policy::Judgement& judgement) {
  out.key("details").beginObject().key("causes").beginArray();
  for (const auto& finding : judgement.findings) {
    if (finding.action == Action::Allow) continue;
    out.beginObject().member("reason", policy::name(finding.code));
    out.member("message", std::string_view(cutTo(oneLine(finding.message), limits::kMaxMessageBytes)));
    out.member("field", std::string_view(finding.path)).endObject();
  }
  out.endArray().endObject();
}

/// All of an answer that stands before its uid.
constexpr std::string_view kBeforeUid = R"({"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{"uid":)";

std::string tailOf(const Review& review, std::string body) { return body.erase(0, kBeforeUid.size() + json::quoted(review.uid).size()); }

}  // namespace

std::string bodyOf(const Review& review, const Ruling& ruling) {
  const std::string uid = json::quoted(review.uid);
  std::string out;
  out.reserve(kBeforeUid.size() + uid.size() + ruling.tail.size());
  return out.append(kBeforeUid).append(uid).append(ruling.tail);
}

Ruled rule(const Question& question, std::optional<Scaled> scaled) {
  Ruled out;
  const auto& [review, path, environment, options] = question;
  const std::string ns = review.ns.empty() ? "default" : review.ns;
  for (const json::View object : {review.object, review.oldObject}) {
    if (auto excess = workload::excessOf(object, review.bytes)) {
      out.excess = std::move(*excess);
      return out;
    }
  }
  workload::Workload workload;
  std::optional<workload::Workload> old, owner;
  if (scaled) {
    workload = std::move(scaled->now);
    old = std::move(scaled->before);
  } else {
    workload = workload::read(review.object, ns);
    if (review.operation == "UPDATE" && review.oldObject.isObject()) old = workload::read(review.oldObject, ns);
  }
  auto excess = workload::excessOf(workload);
  if (!excess && old) excess = workload::excessOf(*old);
  if (excess) {
    out.excess = std::move(*excess);
    return out;
  }
  if (!review.ns.empty()) workload.ns = review.ns;
  if (review.operation == "CREATE") workload.deleting = false;
  if (old) old->ns = workload.ns;
  if (!scaled) out.missing = missingClaims(workload, *environment.surroundings);
  auto request = requestOf(review, old ? &*old : nullptr, options);
  request.validateOnly = path == Path::Validate;
  request.words = false;  // no answer has room for them
  request.budgetOnly = scaled.has_value();
  if (old && !scaled && environment.policies->budgeted()) request.surge = workload::surgeOf(review.object, review.oldObject);
  if (environment.inventory != nullptr) {
    addRunning(*environment.inventory, workload, environment, request);
    owner = ownerOf(*environment.inventory, workload);
    request.owner = owner ? &*owner : nullptr;
  }
  const auto judge = [&](const policy::Request& how) {
    return policy::judge(workload, *environment.policies, environment.catalogue, *environment.surroundings, how, environment.now);
  };
  auto judgement = judge(request);
  if (judgement.wouldBe) {
    policy::Request enforced = request;
    enforced.asEnforced = true;
    enforced.validateOnly = false;
    auto would = judge(enforced);
    // A rewrite leads to another object, which is judged too, as the cluster would do it: /mutate, then /validate.
    const auto object = would.patch.empty() ? Result<json::Document>(json::Document()) : json::Document::parse(review.object.text());
    judgement.wouldBe = object ? decisionAfterPatch(would, *object, ns, environment, enforced) : would.decision;
  }
  const bool denied = path == Path::Validate && judgement.decision == Action::Deny;
  Action decision = judgement.decision;
  if (path == Path::Mutate) decision = judgement.patch.empty() ? std::min(judgement.decision, Action::Warn) : Action::Rewrite;

  Envelope envelope(review, !denied);
  auto& json = envelope.out();
  if (denied) {
    const auto message = denialMessage(judgement, options);
    json.key("status").beginObject().member("code", std::int64_t{403}).member("reason", "Forbidden").member("message", std::string_view(message));
    writeCauses(json, judgement);
    json.endObject();
  }
  if (path == Path::Mutate && !judgement.patch.empty())
    json.member("patchType", "JSONPatch").member("patch", std::string_view(base64(json::patchText(judgement.patch))));
  envelope.warnings(warnings(judgement, path));
  writeAudit(json, judgement, decision);


  auto ruling = std::make_shared<Ruling>();
  ruling->tail = tailOf(review, envelope.close());
  ruling->decision = policy::name(decision);
  if (judgement.wouldBe) ruling->wouldBe = policy::name(*judgement.wouldBe);
  ruling->findings = codesOf(judgement);
  ruling->policies = judgement.policies;
  for (const auto& finding : judgement.findings) ruling->outcomes.emplace_back(finding.code, finding.action);
  ruling->allowed = !denied;
  ruling->patched = path == Path::Mutate && !judgement.patch.empty();
  if (path == Path::Validate) {
    out.events = eventsOf({review, workload, old ? &*old : nullptr, judgement, *environment.policies, denied, request.budgetOnly});
  }
  out.ruling = std::move(ruling);
  return out;
}

}  // namespace rightslice::admission
