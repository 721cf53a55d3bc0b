#include "policy/policy.hpp"

#include <algorithm>

#include "base/glob.hpp"

namespace rightslice::policy {
namespace {

/// From this many days before its end an exception only softens to a warning, so that nobody is surprised by the denial.
constexpr std::int64_t kLastDays = 14;

bool anyMatches(const std::vector<std::string>& globs, std::string_view text) {
  return std::any_of(globs.begin(), globs.end(), [&](const std::string& glob) { return globMatches(glob, text); });
}

}  // namespace

bool Policy::profileAllowed(std::string_view profile) const {
  return !anyMatches(denied, profile) && (allowed.empty() || anyMatches(allowed, profile));
}

std::string Policy::allowedText() const {
  const auto list = [](const std::vector<std::string>& globs) {
    std::string text;
    for (const std::string& glob : globs) text += (text.empty() ? "" : ", ") + glob;
    return text;
  };
  return (allowed.empty() ? "allowed: every profile" : "allowed: " + list(allowed)) + (denied.empty() ? "" : "; denied: " + list(denied));
}

std::optional<Action> Exception::ceiling(Date today) const {
  const std::int64_t daysLeft = expires.days - today.days;
  if (daysLeft < 0) return std::nullopt;
  return daysLeft >= kLastDays ? Action::Allow : Action::Warn;
}

bool Exception::covers(const Policy& policy, std::string_view objectNs, std::string_view objectKind,
                       std::string_view objectName, Code code) const {
  if (ns != objectNs || std::find(findings.begin(), findings.end(), code) == findings.end()) return false;
  if (!kind.empty() && !globMatches(kind, objectKind)) return false;
  if (!object.empty() && !globMatches(object, objectName)) return false;
  if (!policies.empty() && std::find(policies.begin(), policies.end(), policy.name) == policies.end()) return false;
  // Who may write exceptions in a namespace must not be able to lift what the platform team set, unless that opened it.
  return policy.cluster ? anyMatches(policy.exceptionNamespaces, ns) : policy.ns == ns;
}

}  // namespace rightslice::policy
