// NVIDIA Dynamo: ai-dynamo/dynamo deploy/operator/api/v1alpha1/{common,dynamocomponentdeployment_types}.go (a map of services, each with
// resources of a form of its own) and v1beta1 (a list of components with plain pod templates). It runs them as Deployments, as
// LeaderWorkerSets, or as Grove's sets (ai-dynamo/grove operator/api/core/v1alpha1).
#include <algorithm>

#include <fmt/format.h>

#include "base/bytes.hpp"
#include "json/pointer.hpp"
#include "workload/kinds/kinds.hpp"
#include "workload/read_pod.hpp"

namespace rightslice::workload::rows {
namespace {

/// A service of v1alpha1.
PodTemplate readService(const Part& service) {
  const Part pods = service.object("extraPodSpec"), main = pods.object("mainContainer"), limits = service.object("resources").object("limits");
  PodTemplate pod = readPodTemplate(pods, service);
  pod.pointer = pods.exists() ? pods.pointer() : service.pointer() + "/extraPodSpec";
  pod.metadataPointer = service.pointer();
  Container container = readContainer(main, readHostPaths(pods));
  container.pointer = main.exists() ? main.pointer() : pod.pointer + "/mainContainer";
  container.name = "main";
  if (const Part gpu = limits.member("gpu"); gpu.exists()) {
    const auto type = limits.string("gpuType").value_or("");
    setRequest(container, type.empty() ? std::string("nvidia.com/gpu") : std::string(type), gpu,
               type.empty() ? gpu.pointer() : limits.pointer() + "/gpuType");
    pod.neverRewrite = "the operator makes the request from resources.limits of the service: write the slice into gpuType there";
  }
  for (const Part& custom : limits.object("custom").children()) {
    const std::size_t at = custom.pointer().rfind('/') + 1;
    setRequest(container, json::pointerTokens("/" + custom.pointer().substr(at)).value_or(std::vector<std::string>{""}).front(), custom, custom.pointer());
    pod.neverRewrite = "the operator makes the request from resources.limits.custom of the service: change it there";
  }
  for (const Part& claim : service.object("resources").objects("claims")) {
    container.claims.push_back({std::string(claim.string("name").value_or("")), std::string(claim.string("request").value_or("")), claim.pointer()});
  }
  container.invocation.envIncomplete = container.invocation.envIncomplete || service.string("envFromSecret").has_value();
  setEnvironment(container, readEnvironment(service, "envs"));
  pod.containers.insert(pod.containers.begin(), std::move(container));
  return pod;
}

void setGroup(const Part& component, PodTemplate& pod) {
  const std::int64_t nodes = std::max<std::int64_t>(1, countAt(component, "/multinode/nodeCount").value_or(component.object("multinode").exists() ? 2 : 1));
  pod.multiPodGroup = nodes > 1;
  pod.replicas = timesBytes(countAt(component, "/replicas").value_or(1), nodes);
}

void readComponent(const Part& component, std::vector<PodTemplate>& out) {
  const Part plain = component.object("podTemplate");
  if (plain.exists()) {
    out.push_back(readPodTemplate(plain.object("spec"), plain.object("metadata")));
    out.back().metadataPointer = plain.pointer() + "/metadata";
  } else {
    out.push_back(readService(component));
  }
  setGroup(component, out.back());
}

std::vector<PodTemplate> readGraph(const Part& object) {
  std::vector<PodTemplate> out;
  const Part spec = object.object("spec");
  for (const Part& each : spec.object("services").children()) {
    if (const Part service = each.asObject(); service.exists()) readComponent(service, out);
  }
  for (const Part& component : spec.objects("components")) readComponent(component, out);
  return out;
}

std::vector<PodTemplate> readDeployment(const Part& object) {
  std::vector<PodTemplate> out;
  if (const Part spec = object.object("spec"); spec.exists()) readComponent(spec, out);
  return out;
}

constexpr PodPlace kCliqueSet[] = {{"/spec/template/cliques/*/spec/podSpec", "/spec/template/cliques/*",
                                    "/spec/replicas /spec/template/cliques/*/spec/replicas"}};
constexpr PodPlace kClique[] = {{"/spec/podSpec", "/metadata", "/spec/replicas"}};

constexpr std::string_view kController = "system:serviceaccount:dynamo-system:dynamo-platform-dynamo-operator-controller-manager";
constexpr std::string_view kGrove = "system:serviceaccount:dynamo-system:grove-operator";
constexpr std::string_view kModel = "arguments of `python -m dynamo.<backend>` in `mainContainer` or the container `main`";

constexpr Kind kRows[] = {
    {.group = "nvidia.com", .kind = "DynamoGraphDeployment", .read = readGraph, .version = "v1beta1 v1alpha1",
     .plural = "dynamographdeployments", .custom = true, .model = kModel, .controller = kController,
     .source = "ai-dynamo/dynamo deploy/operator/api/{v1alpha1,v1beta1}/dynamocomponentdeployment_types.go"},
    {.group = "nvidia.com", .kind = "DynamoComponentDeployment", .read = readDeployment, .version = "v1beta1 v1alpha1",
     .plural = "dynamocomponentdeployments", .custom = true, .model = kModel, .controller = kController,
     .source = "ai-dynamo/dynamo deploy/operator/api/{v1alpha1,v1beta1}/dynamocomponentdeployment_types.go"},
    {.group = "grove.io", .kind = "PodCliqueSet", .places = kCliqueSet, .multiPodGroup = true, .version = "v1alpha1", .plural = "podcliquesets",
     .custom = true, .controller = kGrove, .source = "ai-dynamo/grove operator/api/core/v1alpha1"},
    // A step between a PodCliqueSet and its PodCliques, with no pods of its own.
    {.group = "grove.io", .kind = "PodCliqueScalingGroup", .version = "v1alpha1", .plural = "podcliquescalinggroups", .custom = true,
     .controller = kGrove, .source = "ai-dynamo/grove operator/api/core/v1alpha1"},
    {.group = "grove.io", .kind = "PodClique", .places = kClique, .multiPodGroup = true, .version = "v1alpha1", .plural = "podcliques",
     .custom = true, .controller = kGrove, .source = "ai-dynamo/grove operator/api/core/v1alpha1"},
};

}  // namespace

std::span<const Kind> dynamo() { return kRows; }

}  // namespace rightslice::workload::rows
