#include <algorithm>

#include <fmt/format.h>

#include "base/glob.hpp"
#include "json/writer.hpp"
#include "json/yaml.hpp"
#include "policy/backstop.hpp"

namespace rightslice::policy {
namespace {

constexpr std::string_view kHeader = R"(# Made by `rightslice export quota`: what a hard ResourceQuota can say of the policies in enforce mode. kube-apiserver holds to it itself, also
# while the webhook is down. A quota counts the pods that are there, whoever made them. So, other than the policies, it
# - refuses the pods of a workload that the ratchet protects (it asked for a denied profile before): `rightslice impact` shows those;
# - counts the pods of a rollout's surge and every pod of a DaemonSet;
# - cannot tell a model that is too large for its slice, nor sum up shares of GPUs over profiles: each limit below is what of one profile
#   alone would use up the budget. A budget in money and limits on nvidia.com/gpu are not said.
)";

std::string quoted(std::int64_t count) { return std::to_string(count); }

/// Why a policy cannot be said as a quota of a namespace: a quota makes no difference between pods.
std::optional<std::string> obstacle(const Policy& policy) {
  if (policy.mode != Mode::Enforce) return fmt::format("its mode is {}, and a quota always denies", name(policy.mode));
  if (!policy.kinds.empty() || !policy.selector.requirements.empty()) return "it matches some objects, and a quota counts all pods";
  if (!policy.exemptUsers.empty() || !policy.exemptGroups.empty() || !policy.exemptServiceAccounts.empty())
    return "it exempts users, and a quota does not ask who";
  return std::nullopt;
}

bool excepted(const Policy& policy, const PolicySet& policies, std::string_view ns, Code code, Date today) {
  const auto list = policies.exceptions(ns);
  return std::any_of(list.begin(), list.end(), [&](const Exception* each) {
    Exception any = *each;
    any.kind.clear();
    any.object.clear();
    return each->ceiling(today) && any.covers(policy, ns, "", "", code);
  });
}

/// Fewest bytes and least share that one slice of the profile can count for, on whatever product: with the most of them nothing is
/// refused that the budget allows.
struct Least {
  std::optional<Bytes> bytes;
  std::optional<std::int64_t> millis;
};
Least leastOf(const std::string& profile, const gpu::Catalogue& gpus) {
  Least out;
  for (const auto& product : gpus.products()) {
    for (const auto& offer : gpus.offers(profile, {&product})) {
      if (!offer.usable) out.bytes = 0;
      else out.bytes = std::min(out.bytes.value_or(offer.usable->bytes), offer.usable->bytes);
      const auto share = gpu::share(*offer.product, *offer.profile);
      const std::int64_t millis = share ? ceilDiv(1000LL * share->numerator, share->denominator) : 0;
      out.millis = std::min(out.millis.value_or(millis), millis);
    }
  }
  return out;
}

/// The most slices of the profile within the budget; nothing where it sets no limit to their number.
std::optional<std::int64_t> most(const Budget& budget, const Least& least) {
  std::optional<std::int64_t> out;
  const auto lower = [&](std::optional<std::int64_t> limit, std::optional<std::int64_t> each) {
    if (limit && each && *each > 0) out = std::min(out.value_or(*limit / *each), *limit / *each);
  };
  lower(budget.memory, least.bytes);
  lower(budget.gpusMillis, least.millis);
  return out;
}

struct Quota {
  std::map<std::string, std::int64_t> hard;   ///< resource -> most
  std::vector<std::string> remarks;
};

class Export {
 public:
  Export(const PolicySet& policies, const gpu::Catalogue& gpus, const QuotaPlaces& places, Date today)
      : policies_(policies), gpus_(gpus), places_(places), today_(today) {}

  Backstop run() {
    for (const Policy& policy : policies_.policies()) {
      if (const auto why = obstacle(policy)) {
        leave(policy, *why);
        continue;
      }
      if (!policy.cluster) {
        add(policy, policy.ns);
      } else if (!places_.namespaces) {
        leave(policy, "the namespaces are not known: name them with --surroundings or --against cluster");
      } else {
        for (const auto& [ns, labels] : *places_.namespaces)
          if (applies(policy, ns, labels)) add(policy, ns);
      }
    }
    for (const auto& [ns, quota] : quotas_) write(ns, quota);
    if (out_.objects > 0) out_.text = std::string(kHeader) + out_.text;
    return std::move(out_);
  }

 private:
  void leave(const Policy& policy, const std::string& why) { out_.leftOut.push_back(fmt::format("policy {}: {}", policy.id(), why)); }

  bool applies(const Policy& policy, const std::string& ns, const workload::StringMap& labels) {
    if (policy.namespaces && std::none_of(policy.namespaces->begin(), policy.namespaces->end(), [&](const auto& glob) { return globMatches(glob, ns); }))
      return false;
    if (policy.namespaceSelector && !policy.namespaceSelector->matches(labels)) return false;
    const auto& all = policies_.policies();
    const bool own = std::any_of(all.begin(), all.end(), [&](const Policy& each) { return !each.cluster && each.ns == ns; });
    if (policy.overridable && own) leave(policy, fmt::format("namespace {} may override it", ns));
    return !policy.overridable || !own;
  }

  void add(const Policy& policy, const std::string& ns) {
    Quota& quota = quotas_[ns];
    const auto denied = surelyDenied(policy, gpus_);
    const bool denies = policy.actions[static_cast<std::size_t>(Code::ProfileNotAllowed)] == Action::Deny;
    if (!denied.empty() && !denies) leave(policy, "it only warns about profiles that are not allowed");
    else if (!denied.empty() && excepted(policy, policies_, ns, Code::ProfileNotAllowed, today_))
      leave(policy, fmt::format("an exception lets some objects of namespace {} ask for what is denied", ns));
    else if (!denied.empty()) deny(denied, ns, quota);
    budget(policy, ns, quota);
  }

  void deny(const std::vector<std::string>& denied, const std::string& ns, Quota& quota) {
    const auto asked = places_.asked.find(ns);
    for (const auto& suffix : denied)
      for (const auto& resource : spellings(suffix)) {
        if (asked != places_.asked.end() && asked->second.contains(resource)) {
          quota.remarks.push_back(fmt::format("{} is denied and not in it: workloads that are there ask for it", resource));
          continue;
        }
        quota.hard[resource] = 0;
      }
  }

  void budget(const Policy& policy, const std::string& ns, Quota& quota) {
    const Budget& budget = policy.budget;
    if (budget.costCents) quota.remarks.push_back(fmt::format("policy {}: the budget of money is not said", policy.id()));
    if (!budget.memory && !budget.gpusMillis) return;
    const bool denies = policy.actions[static_cast<std::size_t>(Code::OverBudget)] == Action::Deny;
    if (!denies || excepted(policy, policies_, ns, Code::OverBudget, today_))
      return leave(policy, fmt::format("its budget is not always held to in namespace {}", ns));
    for (const auto& profile : policy.offered ? *policy.offered : gpus_.profileNames()) {
      const auto limit = most(budget, leastOf(profile, gpus_));
      const auto parsed = gpu::ProfileName::parse(profile);
      if (!limit || !parsed || !policy.profileAllowed(profile)) continue;
      const std::string resource = "nvidia.com/mig-" + parsed->resourceSuffix();
      const auto at = quota.hard.find(resource);
      quota.hard[resource] = at == quota.hard.end() ? *limit : std::min(at->second, *limit);
    }
  }

  void write(const std::string& ns, const Quota& quota) {
    if (quota.hard.empty()) return;
    json::Writer out;
    out.beginObject().member("apiVersion", "v1").member("kind", "ResourceQuota");
    out.key("metadata").beginObject().member("name", "rightslice").member("namespace", std::string_view(ns));
    out.key("labels").beginObject().member("rightslice.io/export", "quota").endObject().endObject();
    out.key("spec").beginObject().key("hard").beginObject();
    for (const auto& [resource, most] : quota.hard) out.member("requests." + resource, std::string_view(quoted(most)));
    out.endObject().endObject().endObject();
    const auto document = json::Document::parse(out.take());
    out_.text += "---\n";
    for (const auto& remark : quota.remarks) out_.text += "# " + remark + "\n";
    if (document) out_.text += json::yamlText(document->root());
    ++out_.objects;
  }

  const PolicySet& policies_;
  const gpu::Catalogue& gpus_;
  const QuotaPlaces& places_;
  Date today_;
  std::map<std::string, Quota> quotas_;
  Backstop out_;
};

}  // namespace

Backstop quotas(const PolicySet& policies, const gpu::Catalogue& gpus, const QuotaPlaces& places, Date today) {
  return Export(policies, gpus, places, today).run();
}

}  // namespace rightslice::policy
