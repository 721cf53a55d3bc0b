#include "app/policy_status.hpp"

#include <array>

#include <fmt/format.h>

#include "json/document.hpp"
#include "json/writer.hpp"
#include "policy/field.hpp"

namespace rightslice::app {
namespace {

constexpr std::size_t kMostMessage = 4096;
constexpr std::array<std::string_view, 8> kCounted{"matchedWorkloads", "wouldDeny", "wouldRewrite", "findings", "summary", "state", "daysLeft", "usedBy"};

std::string cut(std::string text) {
  if (text.size() <= kMostMessage) return text;
  text.resize(kMostMessage);
  return text + "...";  // the writer mends a code point cut in two
}

}  // namespace

ExceptionStanding standingOf(const policy::Exception& exception, Date today, const Tally* tally) {
  ExceptionStanding out;
  const auto ceiling = exception.ceiling(today);
  out.state = !ceiling ? "expired" : *ceiling == policy::Action::Allow ? "active" : "expiring";
  out.daysLeft = exception.expires.days - today.days;
  if (tally == nullptr) return out;
  const auto at = tally->exceptions.find(fmt::format("{}/{}", exception.ns, exception.name));
  if (at != tally->exceptions.end()) out.usedBy = at->second;
  return out;
}

std::string countedText(const PolicyTally& tally) {
  std::string summary;
  json::Writer out;
  out.beginObject().member("matchedWorkloads", tally.matched).member("wouldDeny", tally.wouldDeny).member("wouldRewrite", tally.wouldRewrite);
  out.key("findings").beginArray();
  for (const policy::CodeRow& row : policy::codes()) {
    const std::int64_t count = tally.findings[static_cast<std::size_t>(row.code)];
    if (count == 0) continue;
    out.beginObject().member("code", row.name).member("workloads", count).endObject();
    summary += fmt::format("{}{} {}", summary.empty() ? "" : ", ", row.name, count);
  }
  out.endArray().member("summary", std::string_view(summary.empty() ? "none" : summary)).endObject();
  return out.take();
}

std::string countedText(const ExceptionStanding& standing) {
  json::Writer out;
  out.beginObject().member("state", standing.state).member("daysLeft", standing.daysLeft);
  if (standing.usedBy) out.member("usedBy", *standing.usedBy);
  out.endObject();
  return out.take();
}

std::string countedText(json::View status) {
  json::Writer out;
  bool any = false;
  out.beginObject();
  for (const std::string_view key : kCounted) {
    const json::View value = status[key];
    if (!value.exists()) continue;
    out.key(key).value(value);
    any = true;
  }
  out.endObject();
  return any ? out.take() : std::string();
}

bool said(const PolicyObject& object, const PolicyStatus& status) {
  const PolicyVerdict& verdict = status.verdict;
  const bool kept = !verdict.accepted || object.lastGeneration == object.generation || object.text.size() > kMostLastText;
  return kept && object.condition && object.condition->accepted == verdict.accepted && object.condition->reason == verdict.reason &&
         object.condition->message == cut(verdict.message) && object.condition->generation == object.generation && object.counted == status.counted;
}

std::string statusText(const PolicyObject& object, const PolicyStatus& status, std::string_view now) {
  const PolicyVerdict& verdict = status.verdict;
  const bool same = object.condition && object.condition->accepted == verdict.accepted && !object.condition->since.empty();
  json::Writer out;
  out.beginObject().member("apiVersion", policy::kApiVersion).member("kind", std::string_view(object.kind));
  out.key("metadata").beginObject().member("name", std::string_view(object.name));
  if (!object.ns.empty()) out.member("namespace", std::string_view(object.ns));
  out.member("uid", std::string_view(object.uid)).endObject();  // not of an object that took its place
  out.key("status").beginObject().member("observedGeneration", object.generation);
  out.key("conditions").beginArray().beginObject();
  out.member("type", "Accepted").member("status", verdict.accepted ? "True" : "False");
  out.member("observedGeneration", object.generation).member("lastTransitionTime", same ? std::string_view(object.condition->since) : now);
  out.member("reason", std::string_view(verdict.reason)).member("message", std::string_view(cut(verdict.message)));
  out.endObject().endArray();
  // What is not applied again is taken away, so a bad version carries the good one along.
  const bool fresh = verdict.accepted && object.text.size() <= kMostLastText;
  const std::string& text = fresh ? object.text : object.lastText;
  if (fresh || (!verdict.accepted && object.lastGeneration != 0)) {
    out.key("lastAccepted").beginObject().member("generation", fresh ? object.generation : object.lastGeneration);
    out.member("text", std::string_view(text)).endObject();
  }
  if (const auto counted = json::Document::parse(status.counted)) {
    for (const auto each : counted->root().members()) out.key(each.key).value(each.value);
    const bool kept = object.counted == status.counted && !object.evaluated.empty();
    out.member("lastEvaluationTime", kept ? std::string_view(object.evaluated) : now);
  }
  out.endObject().endObject();
  return out.take();
}

}  // namespace rightslice::app
