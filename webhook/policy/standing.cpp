#include "policy/standing.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/glob.hpp"
#include "policy/requested.hpp"

namespace rightslice::policy {
namespace {

using workload::Workload;

bool matchesAny(const std::vector<std::string>& globs, std::string_view text) {
  return std::any_of(globs.begin(), globs.end(), [&](const std::string& glob) { return globMatches(glob, text); });
}

/// What a container asks for, as text that two templates can be compared by.
std::string askText(const workload::PodTemplate& pod, const workload::Container& container) {
  std::vector<std::string> parts;
  for (const auto& entry : readAsk(container).entries)
    parts.push_back(fmt::format("{}:{}", entry.resource, entry.count ? std::to_string(*entry.count) : entry.limitJson));
  for (const auto& used : container.claims)
    for (const auto& claim : pod.claims)
      if (claim.name == used.name) parts.push_back(fmt::format("{}/{} of {}/{}", used.name, used.request, claim.claimTemplate, claim.claim));
  std::sort(parts.begin(), parts.end());
  return fmt::format("{}", fmt::join(parts, ","));
}

/// Kubernetes' own controllers copy the template; operators may add to the command line.
bool copiesTemplates(const Workload& owner) {
  return owner.kind != nullptr && owner.kind->holds == workload::Holds::Everything &&
         (owner.kind->group.empty() || owner.kind->group == "apps" || owner.kind->group == "batch");
}

bool runsTheSame(const workload::Container& a, const workload::Container& b) {
  return model::servesTheSame(model::readInvocation(a.invocation), model::readInvocation(b.invocation));
}

/// Anybody may write an owner's name and uid into an object, so it must also be what that owner would make.
bool asksTheSame(const Workload& child, const Workload& owner) {
  const bool copied = copiesTemplates(owner);
  for (const auto& pod : child.templates)
    for (const auto& container : pod.containers) {
      const auto asked = askText(pod, container);
      if (asked.empty()) continue;
      bool found = false;
      for (const auto& ownerPod : owner.templates)
        for (const auto& other : ownerPod.containers)
          found = found || (other.name == container.name && askText(ownerPod, other) == asked && (!copied || runsTheSame(container, other)));
      if (!found) return false;
    }
  return true;
}

}  // namespace

bool exempt(const Policy& policy, const Request& request) {
  if (!policy.cluster || request.user.empty()) return false;
  if (matchesAny(policy.exemptUsers, request.user)) return true;
  for (const auto& group : request.groups)
    if (matchesAny(policy.exemptGroups, group)) return true;
  constexpr std::string_view kAccount = "system:serviceaccount:";
  if (!std::string_view(request.user).starts_with(kAccount)) return false;
  return matchesAny(policy.exemptServiceAccounts, request.user) ||
         matchesAny(policy.exemptServiceAccounts, std::string_view(request.user).substr(kAccount.size()));
}

bool provenChild(const Workload& object, const PolicySet& policies, const workload::Surroundings& surroundings,
                 const Request& request) {
  if (!object.controller) return false;
  const auto& ownerLabels = request.owner != nullptr ? request.owner->labels : object.labels;
  if (policies.select(object.ns, object.controller->kind, ownerLabels, surroundings.namespaceLabels(object.ns)).policies.empty())
    return false;
  const auto* owner = workload::findKind(object.controller->apiVersion, object.controller->kind);
  if (owner == nullptr) return false;
  // An owner that asks for nothing itself and leaves that to others says nothing of this child, whoever creates it.
  const bool says = owner->holds != workload::Holds::Part || !request.usageKnown || request.owner != nullptr;
  if (says && !request.user.empty() && matchesAny(request.trustedControllers, request.user)) return true;
  return request.owner != nullptr && asksTheSame(object, *request.owner);
}

}  // namespace rightslice::policy
