// vLLM production stack: a VLLMRuntime is flat, and its operator writes vLLM's command line: vllm-project/production-stack
// operator/api/v1alpha1/{vllmruntime_types,common}.go, operator/internal/controller/vllmruntime_controller.go.
#include <fmt/format.h>

#include "workload/kinds/kinds.hpp"
#include "workload/read_pod.hpp"

namespace rightslice::workload::rows {
namespace {

/// deploymentForVLLMRuntime: what it writes, as far as it is about memory.
void addWords(const Part& model, const Part& vllm, Told& told) {
  struct Row {
    const Part& at;
    std::string_view field, flag;
  };
  if (model.boolean("enableLoRA").value_or(false)) told.words.emplace_back("--enable-lora");
  if (!vllm.boolean("enableChunkedPrefill").value_or(false)) told.words.emplace_back("--no-enable-chunked-prefill");
  if (!vllm.boolean("enablePrefixCaching").value_or(false)) told.words.emplace_back("--no-enable-prefix-caching");
  for (const Row& row : {Row{model, "maxModelLen", "--max-model-len"}, Row{vllm, "tensorParallelSize", "--tensor-parallel-size"},
                         Row{model, "maxNumSeqs", "--max-num-seqs"}, Row{vllm, "maxLoras", "--max-loras"}}) {
    if (const auto count = row.at.member(row.field).asCount(); count && *count > 0) told.words.push_back(fmt::format("{}={}", row.flag, *count));
  }
  if (const auto dtype = model.string("dtype"); dtype && !dtype->empty()) told.words.push_back(fmt::format("--dtype={}", *dtype));
  if (const auto fraction = vllm.string("gpuMemoryUtilization"); fraction && !fraction->empty())
    told.words.push_back(fmt::format("--gpu-memory-utilization={}", *fraction));
  for (std::string& word : vllm.words("extraArgs")) told.words.push_back(std::move(word));
}

std::vector<PodTemplate> readRuntime(const Part& object) {
  const Part spec = object.object("spec"), model = spec.object("model"), vllm = spec.object("vllmConfig");
  const Part deployment = spec.object("deploymentConfig"), resources = deployment.object("resources");
  if (!deployment.exists()) return {};
  PodTemplate pod = readPodFrame(deployment, deployment.absent());
  if (deployment.member("nodeSelectorTerms").exists()) pod.nodes = readNodeSelection(deployment.absent(), "", deployment);
  pod.neverRewrite = "the operator makes the request from spec.deploymentConfig.resources: write the slice into gpuType there";

  const Part image = deployment.object("image");
  Container container = readContainer(vllm, {}, fmt::format("{}/{}", image.string("registry").value_or(""), image.string("name").value_or("")));
  container.name = "vllm";
  container.pointer = vllm.exists() ? vllm.pointer() : spec.pointer() + "/vllmConfig";
  setEnvironment(container, {{"VLLM_USE_V1", vllm.boolean("v1").value_or(false) ? "1" : "0"}});
  if (const Part gpu = resources.member("gpu"); gpu.exists()) {
    const auto type = resources.string("gpuType").value_or("");
    setRequest(container, type.empty() ? std::string("nvidia.com/gpu") : std::string(type), gpu,
               type.empty() ? gpu.pointer() : resources.pointer() + "/gpuType");
  }
  Told told;
  told.from = "spec.model.modelURL";
  told.engine = "vllm";
  told.engineIsSure = true;
  told.model = model.string("modelURL").value_or("");
  addWords(model, vllm, told);
  container.invocation.told = {told};
  pod.containers.push_back(std::move(container));

  const Part scaling = spec.object("autoscalingConfig");
  pod.podsPerReplica = 1;  // scale: specpath .spec.deploymentConfig.replicas
  pod.replicas = scaling.boolean("enabled").value_or(false) ? mostReplicas(scaling, "/minReplicas", "/maxReplicas")
                                                            : countAt(deployment, "/replicas").value_or(1);
  std::vector<PodTemplate> out;
  out.push_back(std::move(pod));
  return out;
}

constexpr Kind kRows[] = {
    {.group = "production-stack.vllm.ai", .kind = "VLLMRuntime", .read = readRuntime, .version = "v1alpha1", .plural = "vllmruntimes",
     .custom = true, .model = "`spec.model.modelURL` and the fields of `spec.model` and `spec.vllmConfig` that become flags",
     .controller = "system:serviceaccount:production-stack-system:production-stack-controller-manager",
     .source = "vllm-project/production-stack operator/api/v1alpha1/vllmruntime_types.go, operator/internal/controller/vllmruntime_controller.go"},
};

}  // namespace

std::span<const Kind> vllmRuntime() { return kRows; }

}  // namespace rightslice::workload::rows
