#include "policy/backstop.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>

#include "gpu/resource_name.hpp"
#include "json/yaml.hpp"
#include "policy/judge.hpp"
#include "policy/load.hpp"

using namespace rightslice;
using namespace rightslice::policy;

namespace {

const gpu::Catalogue& gpus() { return gpu::Catalogue::builtIn(); }
const Date kToday = *Date::parse("2026-06-01");

PolicySet policiesOf(const std::string& text) {
  LoadOptions options;
  options.gpus = &gpus();
  options.today = kToday;
  auto loaded = load(text, "policy.yaml", options);
  for (const auto& diagnostic : loaded.diagnostics) MESSAGE(diagnostic.text());
  REQUIRE(loaded.ok());
  return {std::move(loaded.policies), std::move(loaded.exceptions)};
}

std::string slicePolicy(const std::string& spec, const std::string& ns = "team-a") {
  return fmt::format("apiVersion: rightslice.io/v1alpha1\nkind: SlicePolicy\nmetadata: {{name: default, namespace: {}}}\nspec: {{mode: enforce, {}}}\n---\n", ns, spec);
}
std::string clusterPolicy(const std::string& spec) {
  return fmt::format("apiVersion: rightslice.io/v1alpha1\nkind: ClusterSlicePolicy\nmetadata: {{name: wide}}\nspec: {{mode: enforce, {}}}\n---\n", spec);
}
std::string exception(const std::string& code, const std::string& expires = "2026-09-01") {
  return fmt::format("apiVersion: rightslice.io/v1alpha1\nkind: SliceException\nmetadata: {{name: legacy, namespace: team-a}}\nspec: {{kind: Deployment, name: 'legacy-*', "
                     "findings: [{}], owner: us, reason: moves, expires: '{}'}}\n---\n", code, expires);
}

/// True if a pod that asks for the resource on the product ("": none named) is denied for its profile.
bool judgeDenies(const PolicySet& policies, const std::string& resource, const std::string& product) {
  const std::string text = fmt::format(R"({{"apiVersion":"v1","kind":"Pod","metadata":{{"name":"x","namespace":"team-a"}},"spec":{{{}"containers":[
    {{"name":"m","resources":{{"limits":{{"{}":"1"}}}}}}]}}}})",
                                       product.empty() ? "" : fmt::format(R"("nodeSelector":{{"nvidia.com/gpu.product":"{}"}},)", product), resource);
  const auto document = json::Document::parse(text);
  REQUIRE(document);
  const auto judgement = judge(workload::read(document->root()), policies, {}, {}, {}, kToday);
  return std::any_of(judgement.findings.begin(), judgement.findings.end(),
                     [](const Finding& each) { return each.code == Code::ProfileNotAllowed && each.action == Action::Deny; });
}

Backstop vapOf(const std::string& text) { return admissionPolicies(policiesOf(text), gpus(), kToday); }
Backstop quotaOf(const std::string& text, const QuotaPlaces& places = {}) { return quotas(policiesOf(text), gpus(), places, kToday); }
bool has(const Backstop& backstop, std::string_view text) { return backstop.text.find(text) != std::string::npos; }

}  // namespace

TEST_CASE("names that an export denies are denied by the judge, on whatever product; and no other name of the catalogue is denied on all") {
  for (const std::string spec : {"slices: {denied: ['7g.*', '*.me']}", "slices: {allowed: ['1g.*', '2g.20gb']}", "slices: {allowed: [1g.10gb+me]}",
                                 "slices: {denied: ['*']}", "slices: {allowed: ['?g.*gb'], denied: ['3g.4?gb']}"}) {
    CAPTURE(spec);
    const PolicySet policies = policiesOf(slicePolicy(spec));
    const auto denied = surelyDenied(policies.policies().front(), gpus());
    REQUIRE_FALSE(denied.empty());
    for (const auto& suffix : denied) {
      CAPTURE(suffix);
      for (const auto& resource : spellings(suffix)) {
        CAPTURE(resource);
        CHECK(gpu::ResourceName::parse(resource).isSlice());
        CHECK(judgeDenies(policies, resource, ""));
      }
      for (const auto& product : gpus().products())
        for (const auto& label : product.gfdLabels) CHECK_MESSAGE(judgeDenies(policies, "nvidia.com/mig-" + suffix, label), label);
    }
    for (const auto& name : gpus().profileNames()) {
      const std::string suffix = gpu::ProfileName::parse(name)->resourceSuffix();
      if (std::find(denied.begin(), denied.end(), suffix) != denied.end()) continue;
      CAPTURE(name);
      bool passes = !judgeDenies(policies, "nvidia.com/mig-" + suffix, "");
      for (const auto& product : gpus().products())
        for (const auto& label : product.gfdLabels) passes = passes || !judgeDenies(policies, "nvidia.com/mig-" + suffix, label);
      CHECK(passes);
    }
  }
}

TEST_CASE("an admission policy says what the policy's mode and action say") {
  const std::string denied = "slices: {denied: ['7g.*']}";
  CHECK(has(vapOf(slicePolicy(denied)), "validationActions:\n  - Deny\n"));
  CHECK(has(vapOf(slicePolicy(denied + ", actions: {ProfileNotAllowed: warn}")), "validationActions:\n  - Warn\n"));
  for (const auto& [mode, action] : {std::pair{"audit", "Audit"}, {"warn", "Warn"}}) {
    auto text = slicePolicy(denied);
    text.replace(text.find("enforce"), 7, mode);
    CHECK(has(vapOf(text), fmt::format("validationActions:\n  - {}\n", action)));
  }
  CHECK(vapOf(slicePolicy(denied + ", actions: {ProfileNotAllowed: allow}")).objects == 0);
}

TEST_CASE("what cannot be said is left out, and told") {
  struct Row {
    const char* spec;
    const char* why;
  };
  for (const auto& row : {Row{"headroom: 10%", "denies no profile"}, {"slices: {denied: ['7g.*']}, overridable: true", "overridable"},
                          {"slices: {denied: ['7g.*']}, actions: {ProfileNotAllowed: allow}", "it allows"}}) {
    CAPTURE(row.spec);
    const auto vap = vapOf(clusterPolicy(row.spec));
    CHECK(vap.objects == 0);
    CHECK(vap.text.empty());
    REQUIRE(vap.leftOut.size() == 1);
    CHECK_MESSAGE(vap.leftOut[0].find(row.why) != std::string::npos, vap.leftOut[0]);
  }
}

TEST_CASE("match, namespaces, exemptions and exceptions are conditions; an exception that has ended is none") {
  const std::string denied = "slices: {denied: ['7g.*']}";
  const auto wide = vapOf(clusterPolicy(denied + ", namespaces: ['prod-*', a.b], match: {kinds: [Job], selector: {matchExpressions: [{key: tier, operator: NotIn, values: ["
                                                 "x, z]}]}}, exempt: {users: [root], groups: [break-glass], serviceAccounts: ['velero:*']}"));
  for (const char* text : {R"(request.namespace.matches('(?s)^(prod-.*|a\\.b)$'))", "(!('tier' in object.metadata.?labels.orValue({})) || !(object.metadata.?labels.orValue({})['tier'] in ['x', 'z']))",
                           "request.userInfo.username.matches('(?s)^(root)$')", "exists(g, g.matches('(?s)^(break-glass)$'))",
                           "request.userInfo.username.substring(22).matches('(?s)^(velero:.*)$')", "      - jobs\n"})
    CHECK_MESSAGE(has(wide, text), text);
  CHECK_FALSE(has(wide, "- cronjobs"));
  const std::string excepted = "(request.namespace == 'team-a' && object.kind.matches('(?s)^(Deployment)$') && object.metadata.?name.orValue('').matches('(?s)^(legacy-.*)$'))";
  CHECK(has(vapOf(slicePolicy(denied) + exception("ProfileNotAllowed")), excepted));
  CHECK_FALSE(has(vapOf(slicePolicy(denied) + exception("Undersized")), excepted));
  CHECK_FALSE(has(vapOf(slicePolicy(denied) + exception("ProfileNotAllowed", "2026-05-31")), excepted));
}

TEST_CASE("a quota holds zero of what is denied and, of a profile, what alone uses up the budget") {
  const auto quota = quotaOf(slicePolicy("slices: {offered: [1g.10gb, 3g.40gb], denied: ['7g.*']}, budget: {gpus: 2}"));
  CHECK(quota.objects == 1);
  for (const char* line : {"requests.nvidia.com/mig-7g.80gb: \"0\"", "requests.mig.das.com/mig-7g.80gb: \"0\"", "requests.nvidia.com/mig-1g.10gb: \"16\"",
                           "requests.nvidia.com/mig-3g.40gb: \"4\""})
    CHECK_MESSAGE(has(quota, line), line);
  CHECK_FALSE(has(quota, "2g.20gb"));
}

TEST_CASE("one more than a quota lets in is over the budget on every product: a quota refuses nothing that the budget allows") {
  for (const std::string budget : {"gpus: 1.5", "memory: 100Gi", "gpus: 3, memory: 90Gi"}) {
    CAPTURE(budget);
    const auto text = slicePolicy(fmt::format("slices: {{allowed: ['*']}}, budget: {{{}}}", budget));
    const PolicySet policies = policiesOf(text);
    const auto stream = json::parseYaml(quotas(policies, gpus(), {}, kToday).text);
    REQUIRE(stream.documents.size() == 1);
    int limits = 0;
    for (const auto line : stream.documents[0].document.root()["spec"]["hard"].members()) {
      const std::string resource(line.key.substr(std::string_view("requests.").size()));
      const int most = std::stoi(std::string(line.value.stringOr("")));
      const std::string profile = gpu::ResourceName::parse(resource).profile;
      for (const auto& product : gpus().products()) {
        if (product.gfdLabels.empty() || product.profile(profile) == nullptr) continue;
        const auto document = json::Document::parse(fmt::format(
            R"({{"apiVersion":"apps/v1","kind":"Deployment","metadata":{{"name":"x","namespace":"team-a"}},"spec":{{"replicas":{},"template":{{"spec":{{
            "nodeSelector":{{"nvidia.com/gpu.product":"{}"}},"containers":[{{"name":"m","resources":{{"limits":{{"{}":"1"}}}}}}]}}}}}}}})",
            most + 1, product.label(), resource));
        Request request;
        request.usageKnown = true;
        const auto judgement = judge(workload::read(document->root()), policies, {}, {}, request, kToday);
        CHECK_MESSAGE(std::any_of(judgement.findings.begin(), judgement.findings.end(), [](const Finding& each) { return each.code == Code::OverBudget; }),
                      resource << " x " << most + 1 << " on " << product.label());
        ++limits;
      }
    }
    CHECK(limits > 50);
  }
}

TEST_CASE("a quota is not made of a policy that makes a difference between pods") {
  const std::string denied = "slices: {denied: ['7g.*']}";
  for (const std::string& text : {slicePolicy(denied + ", match: {kinds: [Deployment]}"), slicePolicy(denied + ", match: {selector: {matchLabels: {a: b}}}"),
                                  clusterPolicy(denied + ", exempt: {users: [root]}"), slicePolicy(denied) + exception("ProfileNotAllowed"),
                                  slicePolicy(denied + ", actions: {ProfileNotAllowed: warn}"), clusterPolicy(denied),
                                  slicePolicy("budget: {gpus: 1}, actions: {OverBudget: warn}")}) {
    CAPTURE(text);
    const auto quota = quotaOf(text);
    CHECK(quota.objects == 0);
    CHECK(quota.leftOut.size() == 1);
  }
  auto audit = slicePolicy(denied);
  audit.replace(audit.find("enforce"), 7, "audit");
  CHECK(quotaOf(audit).objects == 0);
}

TEST_CASE("a quota goes where a cluster policy applies, and does not take from workloads what they have") {
  QuotaPlaces places;
  places.namespaces = {{"prod-a", {{"kubernetes.io/metadata.name", "prod-a"}}}, {"dev", {}}};
  places.asked = {{"prod-a", {"nvidia.com/mig-7g.80gb"}}};
  const auto quota = quotaOf(clusterPolicy("slices: {denied: ['7g.*']}, namespaces: ['prod-*']"), places);
  CHECK(quota.objects == 1);
  CHECK(has(quota, "namespace: prod-a"));
  CHECK_FALSE(has(quota, "requests.nvidia.com/mig-7g.80gb:"));
  CHECK(has(quota, "# nvidia.com/mig-7g.80gb is denied and not in it: workloads that are there ask for it"));
  CHECK(has(quota, "requests.nvidia.com/mig-7g.40gb: \"0\""));
}
