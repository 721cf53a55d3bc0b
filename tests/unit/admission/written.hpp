// Reviews and environments as tests write them.
#pragma once
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <memory>
#include <string>
#include <string_view>

#include "admission/reviewer.hpp"
#include "contract.hpp"
#include "json/document.hpp"
#include "policy/load.hpp"

namespace rightslice::admission::written {

/// Spec lines, each indented by two, of a SlicePolicy of team-a on H100 with an offer and a stated load.
inline std::string policy(std::string_view mode, std::string_view more = "", std::string_view name = "default", std::string_view ns = "team-a") {
  return fmt::format("apiVersion: rightslice.io/v1alpha1\nkind: SlicePolicy\nmetadata: {{name: {}, namespace: {}}}\nspec:\n  mode: {}\n"
                     "  gpus: [NVIDIA-H100-80GB-HBM3]\n  slices: {{offered: [1g.10gb, 1g.20gb, 2g.20gb, 3g.40gb]}}\n"
                     "  load: {{concurrency: 4, context: 2048}}\n{}---\n",
                     name, ns, mode, more);
}

/// Owns what an Environment refers to.
class Setting {
 public:
  explicit Setting(std::string_view policies, std::string_view surroundings = "{}") {
    policy::LoadOptions options;
    options.gpus = &gpu::Catalogue::builtIn();
    options.today = today();
    auto loaded = policy::load(policies, "policies.yaml", options);
    for (const auto& diagnostic : loaded.diagnostics) FAIL_CHECK(diagnostic.text());
    set_ = policy::PolicySet(std::move(loaded.policies), std::move(loaded.exceptions));
    surroundings_ = workload::readSurroundings(surroundings, "surroundings.json").value();
  }
  static Date today() { return Date::parse("2026-06-01").value(); }
  Environment environment() const { return {&set_, {}, &surroundings_, today()}; }

  /// The answer, with the contract of kube-apiserver checked.
  Answer ask(std::string_view review, Path path = Path::Validate, const ReviewerOptions& options = {}) const {
    std::vector<std::string> wrong;
    auto out = contract::checkedAnswer(review, path, environment(), options, wrong);
    for (const auto& complaint : wrong) FAIL_CHECK(complaint, "\n", out.body);
    return out;
  }

 private:
  policy::PolicySet set_;
  workload::Surroundings surroundings_;
};

inline std::string container(std::string_view resource, std::string_view name = "server", std::string_view quantity = "1") {
  return fmt::format(R"({{"name":"{}","image":"registry.example/server:1","resources":{{"limits":{{"{}":"{}"}}}}}})", name, resource, quantity);
}

/// `containers`: JSON objects, comma separated.
inline std::string deployment(std::string_view containers, std::string_view footprint = "6Gi", std::string_view more = "") {
  return fmt::format(R"({{"apiVersion":"apps/v1","kind":"Deployment","metadata":{{"name":"chat","namespace":"team-a"{}}},"spec":{{"replicas":1,)"
                     R"("template":{{"metadata":{{"annotations":{{"rightslice.io/footprint":"{}"}}}},"spec":{{"containers":[{}]}}}}}}}})",
                     more, footprint, containers);
}

/// `more`: further members of the request, each with a leading comma.
inline std::string review(std::string_view object, std::string_view more = "", std::string_view operation = "CREATE") {
  return fmt::format(R"({{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{{"uid":"u-1","kind":{{"group":"apps","version":"v1",)"
                     R"("kind":"Deployment"}},"resource":{{"group":"apps","version":"v1","resource":"deployments"}},"name":"chat",)"
                     R"("namespace":"team-a","operation":"{}","userInfo":{{"username":"ann"}},"object":{}{}}}}})",
                     operation, object, more);
}

inline std::string oversized() { return deployment(container("nvidia.com/mig-3g.40gb")); }
inline std::string fitting() { return deployment(container("nvidia.com/mig-1g.10gb")); }
inline std::string undersized() { return deployment(container("nvidia.com/mig-1g.10gb"), "30Gi"); }

inline json::Document parsed(const Answer& answer) { return json::Document::parse(answer.body).value(); }

}  // namespace rightslice::admission::written
