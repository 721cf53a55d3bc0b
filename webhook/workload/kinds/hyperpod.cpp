// Amazon SageMaker HyperPod: aws/sagemaker-hyperpod-cli helm_chart/HyperPodHelmChart/charts/inference-operator/config/{crd,samples}; the
// SageMaker developer guide, "Task Submission with MIG". An InferenceEndpointConfig has one container of its own form, a JumpStartModel
// none.
#include <fmt/format.h>

#include "workload/kinds/kinds.hpp"
#include "workload/read_pod.hpp"

namespace rightslice::workload::rows {
namespace {

std::int64_t replicasOf(const Part& spec) {
  const std::int64_t written = countAt(spec, "/replicas").value_or(1);
  return spec.object("autoScalingSpec").exists() ? mostReplicas(spec.object("autoScalingSpec"), "/minReplicaCount", "/maxReplicaCount", written) : written;
}

/// MODEL_ID is put in by the operator, and --model for vLLM, which does not read it.
std::vector<PodTemplate> readEndpoint(const Part& object) {
  const Part spec = object.object("spec"), worker = spec.object("worker"), source = spec.object("modelSourceConfig");
  if (!worker.exists()) return {};
  PodTemplate pod = readPodFrame(spec, spec.absent());
  Container container = readContainer(worker, {});
  container.name = worker.string("name").value_or("worker");
  setEnvironment(container, readEnvironment(worker, "environmentVariables"));
  Told told;
  const auto hub = source.object("huggingFaceModel").string("modelId");
  told.from = hub ? "spec.modelSourceConfig.huggingFaceModel.modelId" : "spec.modelSourceConfig.modelLocation";
  told.model = hub.value_or(source.string("modelLocation").value_or(""));
  if (!hub) told.mountPath = worker.object("modelVolumeMount").string("mountPath").value_or("/opt/ml/model");
  container.invocation.told = {told};
  pod.replicas = replicasOf(spec);
  pod.containers.push_back(std::move(container));
  std::vector<PodTemplate> out;
  out.push_back(std::move(pod));
  return out;
}

std::vector<PodTemplate> readJumpStart(const Part& object) {
  const Part spec = object.object("spec"), server = spec.object("server");
  if (!server.exists()) return {};
  PodTemplate pod = readPodFrame(server, server.absent());
  pod.neverRewrite = "the operator makes the request from spec.server.acceleratorPartitionType: change it there";
  Container container;
  container.name = "server";
  container.pointer = server.pointer();
  if (const auto type = server.string("acceleratorPartitionType"); type && !type->empty()) {
    setRequest(container, fmt::format("nvidia.com/{}{}", type->starts_with("mig-") ? "" : "mig-", *type), server.absent(),
               server.pointer() + "/acceleratorPartitionType");
  }
  Told told;
  told.from = "spec.model.modelId";
  told.model = spec.object("model").string("modelId").value_or("");
  told.unread.emplace_back("the JumpStart model's own container");
  container.invocation.told = {told};
  pod.replicas = replicasOf(spec);
  pod.containers.push_back(std::move(container));
  std::vector<PodTemplate> out;
  out.push_back(std::move(pod));
  return out;
}

constexpr std::string_view kGroup = "inference.sagemaker.aws.amazon.com";
constexpr std::string_view kController = "system:serviceaccount:hyperpod-inference-system:hyperpod-inference-controller-manager";

constexpr Kind kRows[] = {
    {.group = kGroup, .kind = "InferenceEndpointConfig", .read = readEndpoint, .version = "v1 v1alpha1", .plural = "inferenceendpointconfigs",
     .custom = true, .model = "`spec.modelSourceConfig.huggingFaceModel.modelId`, else `modelLocation`; `spec.worker`", .controller = kController,
     .source = "aws/sagemaker-hyperpod-cli charts/inference-operator/config/samples"},
    {.group = kGroup, .kind = "JumpStartModel", .read = readJumpStart, .holds = Holds::Part, .version = "v1 v1alpha1", .plural = "jumpstartmodels",
     .custom = true, .model = "`spec.model.modelId`", .unread = "the model's container, and GPUs without `spec.server.acceleratorPartitionType`",
     .controller = kController, .source = "SageMaker developer guide, Task Submission with MIG"},
};

}  // namespace

std::span<const Kind> hyperPod() { return kRows; }

}  // namespace rightslice::workload::rows
