#include "admission/reviewer.hpp"

#include <fmt/format.h>

#include "admission/envelope.hpp"
#include "admission/memo.hpp"
#include "admission/policy_review.hpp"
#include "admission/review.hpp"
#include "admission/ruling.hpp"
#include "admission/scale.hpp"
#include "base/limits.hpp"
#include "json/writer.hpp"

namespace rightslice::admission {
namespace {

std::string errorBody(const Error& error) {
  json::Writer out;
  out.beginObject().member("error", std::string_view(error.message));
  if (!error.where.empty()) out.member("where", std::string_view(error.where));
  out.endObject();
  return out.take();
}

/// Of the object, where the request itself says none.
std::string nameOf(json::View object) {
  const json::View metadata = object["metadata"];
  const std::string_view name = metadata["name"].stringOr("");
  return std::string(name.empty() ? metadata["generateName"].stringOr("") : name);
}

}  // namespace

Answer answer(std::string_view body, Path path, const Environment& environment, const ReviewerOptions& options) {
  Answer out;
  const auto refuse = [&out](int status, const Error& error) {
    out.httpStatus = status;
    out.allowed = false;
    out.error = error.message;
    out.body = errorBody(error);
    return out;
  };
  if (body.size() > limits::kMaxBodyBytes) return refuse(413, {fmt::format("the body is larger than {} bytes", limits::kMaxBodyBytes), ""});
  auto parsed = Review::parse(body);
  if (!parsed) return refuse(400, parsed.error());
  const Review& review = *parsed;
  out.uid = review.uid;
  out.ns = review.ns;
  out.kind = review.kind;
  out.name = review.name;
  out.operation = review.operation;
  out.user = review.user;
  out.dryRun = review.dryRun;
  out.decision = policy::name(policy::Action::Allow);

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

  const bool remembered = environment.memo != nullptr && !scaled;
  std::optional<std::string> key = remembered ? memoKey(review, path == Path::Validate, environment) : std::nullopt;
  std::shared_ptr<const Ruling> ruling = key ? environment.memo->find(*environment.basis, *key) : nullptr;
  if (!ruling) {
    Ruled ruled = rule({review, path, environment, options}, std::move(scaled));
    if (!ruled.excess.empty()) return refuse(413, {ruled.excess, ""});
    ruling = std::move(ruled.ruling);
    out.missing = std::move(ruled.missing);
    out.events = std::move(ruled.events);
    // Events name the object, and so may a text: such an answer is this object's alone. What is missing may be there the next time.
    const std::string name = nameOf(review.object);
    const bool named = !name.empty() && ruling->tail.find(name) != std::string::npos;
    if (key && !named && out.events.empty() && out.missing.empty()) environment.memo->keep(*environment.basis, std::move(*key), ruling);
  }
  out.body = bodyOf(review, *ruling);
  out.decision = ruling->decision;
  out.wouldBe = ruling->wouldBe;
  out.findings = ruling->findings;
  out.policies = ruling->policies;
  out.outcomes = ruling->outcomes;
  out.allowed = ruling->allowed;
  out.patched = ruling->patched;
  if (out.name.empty()) out.name = nameOf(review.object);
  if (out.ns.empty()) out.ns = review.object["metadata"]["namespace"].stringOr("default");
  if (out.kind.empty()) out.kind = review.object["kind"].stringOr("");
  return out;
}

}  // namespace rightslice::admission
