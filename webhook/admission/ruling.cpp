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

/// What is judged, and what is asked of it. The request points at its neighbours, so a situation stays where it is.
struct Situation {
  Situation() = default;
  Situation(const Situation&) = delete;
  Situation& operator=(const Situation&) = delete;

  workload::Workload workload;
  std::optional<workload::Workload> old, owner;
  policy::Request request;
};

/// Why the objects are too much to be judged; empty where they were read.
std::string readObjects(const Question& question, std::optional<Scaled>& scaled, Situation& out) {
  const Review& review = question.review;
  for (const json::View object : {review.object, review.oldObject})
    if (auto excess = workload::excessOf(object, review.bytes)) return *excess;
  if (scaled) {
    out.workload = std::move(scaled->now);
    out.old = std::move(scaled->before);
  } else {
    const std::string ns = review.ns.empty() ? "default" : review.ns;
    out.workload = workload::read(review.object, ns);
    if (review.operation == "UPDATE" && review.oldObject.isObject()) out.old = workload::read(review.oldObject, ns);
  }
  if (auto excess = workload::excessOf(out.workload)) return *excess;
  if (out.old)
    if (auto excess = workload::excessOf(*out.old)) return *excess;
  if (!review.ns.empty()) out.workload.ns = review.ns;
  if (review.operation == "CREATE") out.workload.deleting = false;
  if (out.old) out.old->ns = out.workload.ns;
  return "";
}

void ask(const Question& question, bool scaled, Situation& out) {
  const auto& [review, path, environment, options] = question;
  policy::Request& request = out.request;
  request.operation = review.operation == "UPDATE" ? policy::Operation::Update : policy::Operation::Create;
  request.old = out.old ? &*out.old : nullptr;
  request.user = review.user;
  request.groups = review.groups;
  request.trustedControllers = options.trustedControllers;
  request.validateOnly = path == Path::Validate;
  request.words = false;  // no answer has room for them
  request.budgetOnly = scaled;
  if (out.old && !scaled && environment.policies->budgeted()) request.surge = workload::surgeOf(review.object, review.oldObject);
  if (environment.inventory == nullptr) return;
  addRunning(*environment.inventory, out.workload, environment, request);
  out.owner = ownerOf(*environment.inventory, out.workload);
  request.owner = out.owner ? &*out.owner : nullptr;
}

policy::Judgement judged(const Question& question, const Situation& situation) {
  const Environment& environment = question.environment;
  const auto judge = [&](const policy::Request& request) {
    return policy::judge(situation.workload, *environment.policies, environment.catalogue, *environment.surroundings, request, environment.now);
  };
  auto judgement = judge(situation.request);
  if (judgement.wouldBe) {
    policy::Request enforced = situation.request;
    enforced.asEnforced = true;
    enforced.validateOnly = false;
    auto would = judge(enforced);
    // A rewrite leads to another object, which is judged too, as the cluster would do it: /mutate, then /validate.
    const Review& review = question.review;
    const auto object = would.patch.empty() ? Result<json::Document>(json::Document()) : json::Document::parse(review.object.text());
    const std::string ns = review.ns.empty() ? "default" : review.ns;
    judgement.wouldBe = object ? decisionAfterPatch(would, *object, ns, environment, enforced) : would.decision;
  }
  return judgement;
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

/// What the judgement comes to on this path, as the answer says it.
std::shared_ptr<const Ruling> rulingOf(const Question& question, const policy::Judgement& judgement) {
  const auto& [review, path, environment, options] = question;
  auto out = std::make_shared<Ruling>();
  out->allowed = path != Path::Validate || judgement.decision != Action::Deny;
  out->patched = path == Path::Mutate && !judgement.patch.empty();
  Action decision = judgement.decision;
  if (path == Path::Mutate) decision = out->patched ? Action::Rewrite : std::min(judgement.decision, Action::Warn);
  out->decision = policy::name(decision);
  if (judgement.wouldBe) out->wouldBe = policy::name(*judgement.wouldBe);
  out->findings = codesOf(judgement);
  out->policies = judgement.policies;
  for (const auto& finding : judgement.findings) out->outcomes.emplace_back(finding.code, finding.action);

  Envelope envelope(review, out->allowed);
  auto& json = envelope.out();
  if (!out->allowed) {
    const auto message = denialMessage(judgement, options);
    json.key("status").beginObject().member("code", std::int64_t{403}).member("reason", "Forbidden").member("message", std::string_view(message));
    writeCauses(json, judgement);
    json.endObject();
  }
  if (out->patched) json.member("patchType", "JSONPatch").member("patch", std::string_view(base64(json::patchText(judgement.patch))));
  envelope.warnings(warnings(judgement, path));
  writeAudit(json, judgement, decision);
  out->tail = tailOf(review, envelope.close());
  return out;
}

}  // namespace

std::string bodyOf(const Review& review, const Ruling& ruling) {
  const std::string uid = json::quoted(review.uid);
  std::string out;
  out.reserve(kBeforeUid.size() + uid.size() + ruling.tail.size());
  return out.append(kBeforeUid).append(uid).append(ruling.tail);
}

Ruled rule(const Question& question, std::optional<Scaled> scaled) {
  Ruled out;
  Situation situation;
  out.excess = readObjects(question, scaled, situation);
  if (!out.excess.empty()) return out;
  if (!scaled) out.missing = missingClaims(situation.workload, *question.environment.surroundings);
  ask(question, scaled.has_value(), situation);
  const auto judgement = judged(question, situation);
  out.ruling = rulingOf(question, judgement);
  if (question.path == Path::Validate) {
    out.events = eventsOf({question.review, situation.workload, situation.request.old, judgement, *question.environment.policies,
                           !out.ruling->allowed, scaled.has_value()});
  }
  return out;
}

}  // namespace rightslice::admission
