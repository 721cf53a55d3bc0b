// Kinds that stand in the place of a Deployment: Argo Rollouts (argoproj/argo-rollouts pkg/apis/rollouts/v1alpha1, v1.8.3) and Knative
// Serving (knative/serving pkg/apis/serving/v1, v0.51.0; annotations: pkg/apis/autoscaling/register.go).
#include <algorithm>
#include <charconv>

#include "workload/kinds/kinds.hpp"
#include "workload/read_pod.hpp"

namespace rightslice::workload::rows {
namespace {

constexpr PodPlace kReplicated[] = {{"/spec/template/spec", "/spec/template/metadata", "/spec/replicas"}};
constexpr PodPlace kKnative[] = {{"/spec/template/spec", "/spec/template/metadata", ""}};
constexpr PodPlace kRevision[] = {{"/spec", "/metadata", ""}};

std::optional<std::int64_t> scaleIn(const PodTemplate& pod, std::initializer_list<std::string_view> keys) {
  for (const std::string_view key : keys) {
    const std::string* text = pod.annotation(key);
    std::int64_t value = 0;
    if (text == nullptr) continue;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
    if (error == std::errc() && end == text->data() + text->size() && value >= 0) return value;
  }
  return std::nullopt;
}

/// Knative scales by load: up to max-scale, where 0 or nothing (and no default of the cluster) is no limit at all.
void completeKnative(const Part& /*object*/, std::vector<PodTemplate>& templates) {
  constexpr std::string_view kDomain = "autoscaling.knative.dev/";
  static const std::string most[] = {std::string(kDomain) + "max-scale", std::string(kDomain) + "maxScale"};
  static const std::string least[] = {std::string(kDomain) + "min-scale", std::string(kDomain) + "minScale"};
  for (PodTemplate& pod : templates) {
    for (Container& container : pod.containers) {
      if (container.name.empty()) container.name = "user-container";  // as Knative names it
    }
    const auto maximum = scaleIn(pod, {most[0], most[1]});
    const std::int64_t minimum = scaleIn(pod, {least[0], least[1]}).value_or(0);
    pod.replicasKnown = maximum.value_or(0) > 0;
    pod.replicas = pod.replicasKnown ? *maximum : std::max<std::int64_t>(1, minimum);
  }
}

constexpr std::string_view kKnativeController = "system:serviceaccount:knative-serving:controller";
constexpr std::string_view kKnativeSource = "knative/serving config/core/300-resources, v0.51.0";

constexpr Kind kRows[] = {
    {.group = "argoproj.io", .kind = "Rollout", .places = kReplicated, .holds = Holds::Reference, .version = "v1alpha1", .plural = "rollouts",
     .custom = true, .unread = "the template of `spec.workloadRef`: that object is judged itself",
     .controller = "system:serviceaccount:argo-rollouts:argo-rollouts",
     .source = "argoproj/argo-rollouts manifests/crds/rollout-crd.yaml, v1.8.3"},
    {.group = "serving.knative.dev", .kind = "Service", .places = kKnative, .complete = completeKnative, .version = "v1", .plural = "services",
     .custom = true, .unread = "the scale without `autoscaling.knative.dev/max-scale`", .controller = kKnativeController,
     .source = kKnativeSource},
    {.group = "serving.knative.dev", .kind = "Configuration", .places = kKnative, .complete = completeKnative, .version = "v1",
     .plural = "configurations", .custom = true, .unread = "as of a Service", .controller = kKnativeController, .source = kKnativeSource},
    {.group = "serving.knative.dev", .kind = "Revision", .places = kRevision, .complete = completeKnative, .immutableTemplate = true,
     .version = "v1", .plural = "revisions", .custom = true, .unread = "as of a Service", .controller = kKnativeController,
     .source = kKnativeSource},
};

}  // namespace

std::span<const Kind> delivery() { return kRows; }

}  // namespace rightslice::workload::rows
