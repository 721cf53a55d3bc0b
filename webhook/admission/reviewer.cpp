#include "admission/reviewer.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "admission/context.hpp"
#include "admission/envelope.hpp"
#include "admission/message.hpp"
#include "admission/policy_review.hpp"
#include "admission/scale.hpp"
#include "admission/review.hpp"
#include "base/base64.hpp"
#include "base/limits.hpp"
#include "json/patch.hpp"
#include "json/writer.hpp"
#include "workload/rollout.hpp"
#include "workload/workload.hpp"

namespace rightslice::admission {
namespace {

using policy::Action;

std::string errorBody(const Error& error) {
  json::Writer out;
  out.beginObject().member("error", std::string_view(error.message));
  if (!error.where.empty()) out.member("where", std::string_view(error.where));
  out.endObject();
  return out.take();
}

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
    out.member("message", std::string_view(cutTo(finding.message, limits::kMaxMessageBytes)));
    out.member("field", std::string_view(finding.path)).endObject();
  }
  out.endArray().endObject();
}

}  // namespace

Answer answer(std::string_view body, Path path, const Environment& environment, const ReviewerOptions& options) {
  Answer out;
  if (body.size() > limits::kMaxBodyBytes) {
    out.httpStatus = 413;
    out.allowed = false;
    out.error = fmt::format("the body is larger than {} bytes", limits::kMaxBodyBytes);
    out.body = errorBody({out.error, ""});
    return out;
  }
  auto parsed = Review::parse(body);
  if (!parsed) {
    out.httpStatus = 400;
    out.allowed = false;
    out.error = parsed.error().message;
    out.body = errorBody(parsed.error());
    return out;
  }
  const Review& review = *parsed;
  out.uid = review.uid;
  out.ns = review.ns;
  out.kind = review.kind;
  out.name = review.name;
  out.operation = review.operation;
  out.user = review.user;
  out.dryRun = review.dryRun;
  out.decision = policy::name(Action::Allow);

  auto scaled = path == Path::Validate ? scaledObject(review, environment.inventory) : std::nullopt;
  const bool judged = (review.operation == "CREATE" || review.operation == "UPDATE") && review.subResource.empty();
  if (!judged && !scaled) {
    out.body = Envelope(review, true).close();
    return out;
  }
  if (isPolicy(review)) {
    answerPolicy(review, path, environment, options, out);
    return out;
  }

  const std::string ns = review.ns.empty() ? "default" : review.ns;
  workload::Workload workload;
  std::optional<workload::Workload> old, owner;
  if (scaled) {
    workload = std::move(scaled->now);
    old = std::move(scaled->before);
  } else {
    workload = workload::read(review.object, ns);
    if (review.operation == "UPDATE" && review.oldObject.isObject()) old = workload::read(review.oldObject, ns);
  }
  if (!review.ns.empty()) workload.ns = review.ns;
  if (old) old->ns = workload.ns;
  if (!scaled) out.missing = missingClaims(workload, *environment.surroundings);
  auto request = requestOf(review, old ? &*old : nullptr, options);
  request.validateOnly = path == Path::Validate;
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
  out.body = envelope.close();

  if (out.name.empty()) out.name = judgement.name;
  if (out.ns.empty()) out.ns = judgement.ns;
  if (out.kind.empty()) out.kind = judgement.kind;
  out.decision = policy::name(decision);
  if (judgement.wouldBe) out.wouldBe = policy::name(*judgement.wouldBe);
  out.findings = codesOf(judgement);
  out.policies = judgement.policies;
  for (const auto& finding : judgement.findings) out.outcomes.emplace_back(finding.code, finding.action);
  out.allowed = !denied;
  out.patched = path == Path::Mutate && !judgement.patch.empty();
  if (path == Path::Validate) out.events = eventsOf({review, workload, old ? &*old : nullptr, judgement, *environment.policies, denied, scaled.has_value()});
  return out;
}

}  // namespace rightslice::admission
