#include "contract.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "base/limits.hpp"
#include "json/document.hpp"
#include "json/patch.hpp"
#include "json/writer.hpp"

namespace rightslice::contract {
namespace {

/// Why a policy of ours is refused (policy/diagnostic.hpp).
constexpr std::string_view kPolicyErrors[] = {"SyntaxError", "UnknownField", "WrongType", "InvalidValue", "MissingField", "DuplicatePolicy", "UnknownGpu",
                                              "UnknownProfile", "UnknownFinding", "UnknownKind", "ExceptionTooLong", "NotAPolicy"};

using json::Document;
using json::View;
using Complaints = std::vector<std::string>;

constexpr std::array<std::string_view, 7> kResponseKeys{"uid", "allowed", "status", "patch", "patchType", "auditAnnotations", "warnings"};

template <std::size_t N>
void onlyKeys(View object, const std::array<std::string_view, N>& known, std::string_view where, Complaints& wrong) {
  for (const auto member : object.members()) {
    bool found = false;
    for (const auto key : known) found = found || key == member.key;
    if (!found) wrong.push_back(fmt::format("{} has an unknown key '{}'", where, member.key));
  }
}

bool hasControls(std::string_view text) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F) return true;
  }
  return false;
}

std::size_t codePoints(std::string_view text) {
  std::size_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  return count;
}

/// A qualified name without a prefix (k8s.io/apimachinery pkg/util/validation IsQualifiedName).
bool isShortName(std::string_view key) {
  const auto alphanumeric = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); };
  if (key.empty() || key.size() > 63 || !alphanumeric(key.front()) || !alphanumeric(key.back())) return false;
  for (const char c : key)
    if (!alphanumeric(c) && c != '-' && c != '_' && c != '.') return false;
  return true;
}

std::optional<std::string> fromBase64(std::string_view text) {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  if (text.size() % 4 != 0) return std::nullopt;
  std::string out;
  std::uint32_t group = 0;
  std::size_t digits = 0;
  while (!text.empty() && text.back() == '=') text.remove_suffix(1);
  for (const char c : text) {
    const auto value = kAlphabet.find(c);
    if (value == std::string_view::npos) return std::nullopt;
    group = group << 6U | static_cast<std::uint32_t>(value);
    if (++digits % 4 == 0) {
      for (const unsigned shift : {16U, 8U, 0U}) out += static_cast<char>(group >> shift & 0xFFU);
      group = 0;
    }
  }
  if (digits % 4 == 2) out += static_cast<char>(group >> 4U & 0xFFU);
  if (digits % 4 == 3) {
    out += static_cast<char>(group >> 10U & 0xFFU);
    out += static_cast<char>(group >> 2U & 0xFFU);
  }
  return out;
}

void checkStatus(View status, bool allowed, Complaints& wrong) {
  if (allowed) {
    if (status.exists()) wrong.emplace_back("an allowed answer carries a status");
    return;
  }
  constexpr std::array<std::string_view, 4> kKeys{"code", "reason", "message", "details"};
  onlyKeys(status, kKeys, "status", wrong);
  if (status["code"].integer() != 403) wrong.emplace_back("status.code of a denial is not 403 (below 400 the apiserver makes it 400)");
  if (status["reason"].stringOr("") != "Forbidden") wrong.emplace_back("status.reason is not Forbidden");
  const auto message = status["message"].stringOr("");
  if (message.empty()) wrong.emplace_back("a denial without status.message");
  if (hasControls(message)) wrong.emplace_back("status.message is not one line");
  if (message.size() > limits::kMaxMessageBytes) wrong.emplace_back("status.message is too long");
  const auto causes = status["details"]["causes"];
  if (causes.size() == 0) wrong.emplace_back("a denial without causes");
  for (const auto cause : causes.elements()) {
    constexpr std::array<std::string_view, 3> kCauseKeys{"reason", "message", "field"};
    onlyKeys(cause, kCauseKeys, "cause", wrong);
    const auto reason = cause["reason"].stringOr("");
    const bool ofPolicy = std::find(std::begin(kPolicyErrors), std::end(kPolicyErrors), reason) != std::end(kPolicyErrors);
    if (!policy::parseCode(reason) && !ofPolicy) wrong.emplace_back("a cause whose reason is no finding code");
    if (cause["message"].stringOr("").empty() || !cause["field"].isString()) wrong.emplace_back("a cause without message or field");
  }
}

void checkWarnings(View warnings, Complaints& wrong) {
  if (!warnings.exists()) return;
  if (!warnings.isArray() || warnings.size() == 0) wrong.emplace_back("warnings is no filled array");
  std::size_t total = 0;
  for (const auto item : warnings.elements()) {
    const auto text = item.stringOr("");
    total += text.size();
    if (text.empty()) wrong.emplace_back("an empty warning");
    if (hasControls(text)) wrong.emplace_back("a warning with control characters would vanish");
    if (codePoints(text) > limits::kMaxWarningCodePoints) wrong.push_back(fmt::format("a warning of {} code points", codePoints(text)));
  }
  if (warnings.size() > limits::kMaxWarnings) wrong.emplace_back("too many warnings");
  if (total > 4 * limits::kMaxWarningCodePoints * limits::kMaxWarnings) wrong.emplace_back("warnings are too long together");
}

void checkAudit(View annotations, Complaints& wrong) {
  if (!annotations.exists()) return;
  if (!annotations.isObject()) wrong.emplace_back("auditAnnotations is no object");
  for (const auto member : annotations.members()) {
    if (!isShortName(member.key)) wrong.push_back(fmt::format("audit annotation '{}' is no qualified name without a prefix", member.key));
    if (!member.value.isString()) wrong.push_back(fmt::format("audit annotation '{}' is no string", member.key));
  }
}

/// The decoded patch; nothing if there is none or it is wrong.
std::optional<json::Patch> checkPatch(View response, admission::Path path, Complaints& wrong) {
  const auto patch = response["patch"], type = response["patchType"];
  if (patch.exists() != type.exists()) wrong.emplace_back("patch and patchType must both be there or neither");
  if (!patch.exists()) return std::nullopt;
  if (path == admission::Path::Validate) wrong.emplace_back("a validating webhook must not patch");
  if (!response["allowed"].boolean().value_or(false)) wrong.emplace_back("a denial with a patch");
  if (type.stringOr("") != "JSONPatch") wrong.emplace_back("patchType is not JSONPatch");
  const auto text = fromBase64(patch.stringOr(""));
  const auto document = text ? Document::parse(*text) : tl::unexpected(Error{"patch is no base64", {}});
  const auto operations = document ? json::parsePatch(document->root()) : tl::unexpected(document.error());
  if (!operations) {
    wrong.push_back("the patch cannot be read: " + operations.error().message);
    return std::nullopt;
  }
  if (operations->empty()) wrong.emplace_back("an empty patch");
  return *operations;
}

/// The review with another object.
std::string withObject(View review, View object) {
  json::Writer out;
  out.beginObject();
  for (const auto member : review.members()) {
    out.key(member.key);
    if (member.key != "request") {
      out.value(member.value);
      continue;
    }
    out.beginObject();
    for (const auto part : member.value.members()) out.key(part.key).value(part.key == "object" ? object : part.value);
    out.endObject();
  }
  out.endObject();
  return out.take();
}

struct Checked {
  Complaints wrong;
  std::optional<Document> review;
  std::optional<json::Patch> patch;
};

Checked check(std::string_view reviewText, std::string_view answerText, admission::Path path) {
  Checked out;
  auto review = Document::parse(reviewText, json::Leave::ManagedFields);  // as it is read
  const auto answer = Document::parse(answerText);
  if (!review || !answer) {
    out.wrong.push_back(fmt::format("no JSON: {}", !review ? review.error().message : answer.error().message));
    return out;
  }
  const auto root = answer->root();
  constexpr std::array<std::string_view, 3> kRootKeys{"apiVersion", "kind", "response"};
  onlyKeys(root, kRootKeys, "the answer", out.wrong);
  if (root["apiVersion"].stringOr("") != "admission.k8s.io/v1" || root["kind"].stringOr("") != "AdmissionReview")
    out.wrong.emplace_back("apiVersion and kind are not those of AdmissionReview v1");
  const auto response = root["response"];
  onlyKeys(response, kResponseKeys, "response", out.wrong);
  if (response["uid"].stringOr("") != review->root()["request"]["uid"].stringOr("?")) out.wrong.emplace_back("uid is not that of the request");
  if (!response["allowed"].isBool()) out.wrong.emplace_back("allowed is no boolean");
  const bool allowed = response["allowed"].boolean().value_or(false);
  if (path == admission::Path::Mutate && !allowed) out.wrong.emplace_back("/mutate never denies");
  checkStatus(response["status"], allowed, out.wrong);
  checkWarnings(response["warnings"], out.wrong);
  checkAudit(response["auditAnnotations"], out.wrong);
  out.patch = checkPatch(response, path, out.wrong);
  out.review = std::move(*review);
  return out;
}

}  // namespace

Complaints violations(std::string_view review, std::string_view answer, admission::Path path) { return check(review, answer, path).wrong; }

Complaints violations(std::string_view review, std::string_view answer, admission::Path path, const admission::Environment& environment,
                      const admission::ReviewerOptions& options) {
  Checked checked = check(review, answer, path);
  if (!checked.patch || !checked.review) return std::move(checked.wrong);
  const auto object = Document::parse(checked.review->root()["request"]["object"].text());
  const auto patched = object ? json::apply(*object, *checked.patch) : tl::unexpected(object.error());
  if (!patched) {
    checked.wrong.push_back("the patch does not apply: " + patched.error().message);
    return std::move(checked.wrong);
  }
  const std::string again = withObject(checked.review->root(), patched->root());
  const auto second = admission::answer(again, path, environment, options);
  for (auto& complaint : check(again, second.body, path).wrong) checked.wrong.push_back("after the patch: " + complaint);
  if (second.patched) checked.wrong.emplace_back("the patched object is patched again");
  return std::move(checked.wrong);
}

admission::Answer checkedAnswer(std::string_view review, admission::Path path, const admission::Environment& environment,
                                const admission::ReviewerOptions& options, Complaints& wrong) {
  auto answer = admission::answer(review, path, environment, options);
  if (answer.httpStatus == 200)
    for (auto& complaint : violations(review, answer.body, path, environment, options)) wrong.push_back(std::move(complaint));
  return answer;
}

}  // namespace rightslice::contract
