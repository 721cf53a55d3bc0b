#include <algorithm>

#include <fmt/format.h>

#include "gpu/resource_name.hpp"
#include "json/writer.hpp"
#include "json/yaml.hpp"
#include "policy/backstop.hpp"
#include "policy/cel.hpp"

namespace rightslice::policy {
namespace {

using Kinds = std::vector<const workload::Kind*>;

constexpr std::string_view kHeader = R"(# Made by `rightslice export vap`: what `allowed` and `denied` deny, held to by kube-apiserver itself, also while the webhook is down.
# It is weaker than the policies, never stricter. Not in it: everything that needs a model's size; names that no product of the catalogue has;
# objects with a controller owner (who made them is not proven here) and what an object asked for before an update (whether or not the
# policy has the ratchet); containers that ask for a whole GPU, a claim or another sharing system's resource as well. SliceExceptions count
# as they were at the time of the export, also after their end: export again when policies or exceptions change, and delete what is gone:
#   kubectl get validatingadmissionpolicies,validatingadmissionpolicybindings -l rightslice.io/export=vap
)";

std::string nameOf(const Policy& policy) {
  return policy.cluster ? fmt::format("{}.clusterslicepolicies.rightslice.io", policy.name)
                        : fmt::format("{}.{}.slicepolicies.rightslice.io", policy.name, policy.ns);
}

/// What is done with a violation; nothing where the policy does nothing.
std::optional<std::string_view> actionOf(const Policy& policy) {
  const Action action = policy.actions[static_cast<std::size_t>(Code::ProfileNotAllowed)];
  if (action == Action::Allow) return std::nullopt;
  if (policy.mode == Mode::Audit) return "Audit";
  return policy.mode == Mode::Enforce && action == Action::Deny ? "Deny" : "Warn";
}

Kinds kindsOf(const Policy& policy, std::vector<std::string>& missing) {
  Kinds out;
  for (const auto& kind : workload::kinds()) {
    if (!policy.kinds.empty() && std::find(policy.kinds.begin(), policy.kinds.end(), kind.kind) == policy.kinds.end()) continue;
    if (cel::isSaid(kind)) out.push_back(&kind);
    else if (!kind.plural.empty() && (!kind.places.empty() || kind.read != nullptr)) missing.emplace_back(kind.kind);
  }
  return out;
}

struct Condition {
  std::string name, expression;
};

/// Whom the policy exempts (DESIGN 3.7; policy/standing.cpp).
std::string exemptions(const Policy& policy) {
  const std::string user = "request.userInfo.username";
  constexpr std::string_view kAccount = "system:serviceaccount:";
  std::vector<std::string> parts;
  if (!policy.exemptUsers.empty()) parts.push_back(cel::globs(user, policy.exemptUsers));
  if (!policy.exemptGroups.empty())
    parts.push_back(fmt::format("request.userInfo.?groups.orValue([]).exists(g, {})", cel::globs("g", policy.exemptGroups)));
  if (!policy.exemptServiceAccounts.empty())
    parts.push_back(fmt::format("({0}.startsWith('{1}') && ({2} || {3}))", user, kAccount, cel::globs(user, policy.exemptServiceAccounts),
                                cel::globs(fmt::format("{}.substring({})", user, kAccount.size()), policy.exemptServiceAccounts)));
  return fmt::format("{}", fmt::join(parts, " || "));
}

/// Objects that an exception lets pass.
std::string exceptions(const Policy& policy, const PolicySet& policies, Date today) {
  std::vector<std::string> parts;
  for (const Exception& each : policies.allExceptions()) {
    const std::string kind = each.kind.empty() ? "" : each.kind, object = each.object;
    // Asked of an object that its own globs match: only policy, namespace, code and day decide.
    if (!each.ceiling(today)) continue;
    Exception any = each;
    any.kind.clear();
    any.object.clear();
    if (!any.covers(policy, each.ns, "", "", Code::ProfileNotAllowed)) continue;
    std::string part = fmt::format("(request.namespace == {}", cel::text(each.ns));
    if (!kind.empty()) part += " && " + cel::globs("object.kind", {kind});
    if (!object.empty()) part += " && " + cel::globs("object.metadata.?name.orValue('')", {object});
    parts.push_back(part + ")");
  }
  return fmt::format("{}", fmt::join(parts, " || "));
}

std::vector<Condition> conditionsOf(const Policy& policy, const PolicySet& policies, Date today) {
  std::vector<Condition> out;
  const std::string metadata = "object.metadata";
  out.push_back({"is-nobodys-child", metadata + ".?ownerReferences.orValue([]).all(r, !r.?controller.orValue(false))"});
  out.push_back({"stays", fmt::format("!has({0}.deletionTimestamp) && !('kubernetes.io/config.mirror' in {0}.?annotations.orValue({{}}))", metadata)});
  if (!policy.selector.requirements.empty())
    out.push_back({"is-selected", cel::selector(policy.selector, metadata + ".?labels.orValue({})")});
  if (policy.namespaces) out.push_back({"is-in-its-namespaces", cel::globs("request.namespace", *policy.namespaces)});
  if (const auto who = exemptions(policy); !who.empty()) out.push_back({"is-not-exempt", fmt::format("!({})", who)});
  if (const auto what = exceptions(policy, policies, today); !what.empty()) out.push_back({"is-no-exception", fmt::format("!({})", what)});
  return out;
}

std::string containersOf(std::string_view pod) { return fmt::format("({0}.?containers.orValue([]) + {0}.?initContainers.orValue([]))", pod); }

/// True unless some container asks for a denied slice that it did not ask for before.
std::string validation(const std::vector<std::string>& denied) {
  std::vector<std::string> names;
  for (const auto& suffix : denied) names.push_back(cel::pattern(suffix, false));
  const std::string slice = cel::text(fmt::format(R"(^(nvidia\.com/mig-|mig\.das\.com/(mig-)?)({})(\.shared)?$)", fmt::join(names, "|")));
  std::vector<std::string> others;
  for (const auto glob : gpu::otherSystems()) others.push_back(cel::pattern(glob, true));
  for (const char* whole : {"nvidia.com/gpu", "nvidia.com/gpu.shared"}) others.push_back(cel::pattern(whole, false));
  const std::string other = cel::text(fmt::format("^({})$", fmt::join(others, "|")));
  const std::string limits = "c.?resources.?limits.orValue({})", requests = "c.?resources.?requests.orValue({})";
  const std::string value = fmt::format("string({}[k])", limits);
  const std::string asks = fmt::format("k.matches({0}) && isQuantity({1}) && quantity({1}).isGreaterThan(quantity('0')) && "
                                       "(!(k in {2}) || string({2}[k]) == {1})",
                                       slice, value, requests);
  const std::string before = fmt::format("variables.before.exists(p, {}.exists(d, d.?name == c.?name && k in d.?resources.?limits.orValue({{}})))",
                                         containersOf("p"));
  const std::string judged = fmt::format("size(c.?resources.?claims.orValue([])) == 0 && !{}.exists(k, k.matches({}))", limits, other);
  return fmt::format("variables.pods.all(s, {}.all(c, !({}) || {}.all(k, !({}) || {})))", containersOf("s"), judged, limits, asks, before);
}

void writeRules(json::Writer& out, const Kinds& kinds) {
  std::vector<std::string_view> groups;
  for (const auto* kind : kinds)
    if (std::find(groups.begin(), groups.end(), kind->group) == groups.end()) groups.push_back(kind->group);
  out.key("resourceRules").beginArray();
  for (const auto group : groups) {
    out.beginObject().key("apiGroups").beginArray().string(group).endArray();
    out.key("apiVersions").beginArray().string("*").endArray();
    out.key("operations").beginArray().string("CREATE").string("UPDATE").endArray();
    out.key("resources").beginArray();
    for (const auto* kind : kinds)
      if (kind->group == group) out.string(kind->plural);
    out.endArray().endObject();
  }
  out.endArray();
}

void writeMetadata(json::Writer& out, std::string_view kind, const Policy& policy) {
  out.member("apiVersion", "admissionregistration.k8s.io/v1").member("kind", kind);
  out.key("metadata").beginObject().member("name", std::string_view(nameOf(policy)));
  out.key("labels").beginObject().member("rightslice.io/export", "vap").endObject().endObject();
}

void writeNamespaceSelector(json::Writer& out, const Policy& policy) {
  if (!policy.cluster) {
    out.key("matchLabels").beginObject().member("kubernetes.io/metadata.name", std::string_view(policy.ns)).endObject();
    return;
  }
  out.key("matchExpressions").beginArray();
  for (const auto& each : policy.namespaceSelector->requirements) {
    constexpr std::string_view kNames[] = {"In", "NotIn", "Exists", "DoesNotExist"};
    out.beginObject().member("key", std::string_view(each.key)).member("operator", kNames[static_cast<std::size_t>(each.op)]);
    if (!each.values.empty()) {
      out.key("values").beginArray();
      for (const auto& value : each.values) out.string(value);
      out.endArray();
    }
    out.endObject();
  }
  out.endArray();
}

std::string listText(const std::vector<std::string>& globs, std::string_view none) {
  return globs.empty() ? std::string(none) : fmt::format("{}", fmt::join(globs, ", "));
}

std::string document(json::Writer& out) {
  const auto parsed = json::Document::parse(out.take());
  return parsed ? "---\n" + json::yamlText(parsed->root()) : std::string();  // written here, so it parses
}

std::string write(const Policy& policy, const PolicySet& policies, const Kinds& kinds, const std::vector<std::string>& denied,
                  std::string_view action, Date today) {
  json::Writer out;
  out.beginObject();
  writeMetadata(out, "ValidatingAdmissionPolicy", policy);
  out.key("spec").beginObject();
  out.member("failurePolicy", "Ignore");  // an object that the expressions cannot read must not be denied by a backstop
  out.key("matchConstraints").beginObject();
  writeRules(out, kinds);
  out.endObject();
  out.key("matchConditions").beginArray();
  for (const auto& each : conditionsOf(policy, policies, today))
    out.beginObject().member("name", std::string_view(each.name)).member("expression", std::string_view(each.expression)).endObject();
  out.endArray();
  out.key("variables").beginArray();
  const auto variable = [&](std::string_view name, const std::string& expression) {
    out.beginObject().member("name", name).member("expression", std::string_view(expression)).endObject();
  };
  variable("pods", cel::pods("object", kinds));
  variable("before", fmt::format("request.operation == 'UPDATE' ? {} : []", cel::pods("oldObject", kinds)));
  out.endArray();
  out.key("validations").beginArray().beginObject();
  out.member("expression", std::string_view(validation(denied))).member("reason", "Forbidden");
  out.member("message", std::string_view(fmt::format("asks for a slice that policy {} does not allow here (allowed: {}; denied: {})", policy.id(),
                                                     listText(policy.allowed, "every profile"), listText(policy.denied, "none"))));
  out.endObject().endArray().endObject().endObject();
  std::string text = document(out);

  json::Writer binding;
  binding.beginObject();
  writeMetadata(binding, "ValidatingAdmissionPolicyBinding", policy);
  binding.key("spec").beginObject().member("policyName", std::string_view(nameOf(policy)));
  binding.key("validationActions").beginArray().string(action).endArray();
  if (!policy.cluster || policy.namespaceSelector) {
    binding.key("matchResources").beginObject().key("namespaceSelector").beginObject();
    writeNamespaceSelector(binding, policy);
    binding.endObject().endObject();
  }
  binding.endObject().endObject();
  return text + document(binding);
}

}  // namespace

Backstop admissionPolicies(const PolicySet& policies, const gpu::Catalogue& gpus, Date today) {
  Backstop out;
  for (const Policy& policy : policies.policies()) {
    const auto skip = [&](const std::string& why) { out.leftOut.push_back(fmt::format("policy {}: {}", policy.id(), why)); };
    const auto denied = surelyDenied(policy, gpus);
    const auto action = actionOf(policy);
    if (denied.empty()) {
      skip("it denies no profile of the catalogue by name");
      continue;
    }
    if (!action) {
      skip("it allows what ProfileNotAllowed finds");
      continue;
    }
    if (policy.overridable) {
      skip("it is overridable, and which namespaces override it cannot be said here");
      continue;
    }
    std::vector<std::string> missing;
    const Kinds kinds = kindsOf(policy, missing);
    for (const auto& kind : missing) skip(fmt::format("objects of kind {} are not held to it: expressions do not reach all of their pods", kind));
    if (kinds.empty()) {
      skip("it matches no kind that kube-apiserver can be asked about");
      continue;
    }
    out.text += write(policy, policies, kinds, denied, *action, today);
    out.objects += 2;
  }
  if (out.objects > 0) out.text = std::string(kHeader) + out.text;
  return out;
}

}  // namespace rightslice::policy
