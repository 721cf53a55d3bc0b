// KServe. A predictor inlines a pod spec, and beside it one container for the model, which the operator merges with the ServingRuntime
// that fits its format: kserve/kserve pkg/apis/serving/v1beta1/{predictor,predictor_model,component}.go, v1alpha1/servingruntime_types.go.
// An LLMInferenceService runs `vllm serve /mnt/models`, by a template of which only the site's own copy is in force, with flags of the
// variable VLLM_ADDITIONAL_ARGS and then of the container: v1alpha2/llm_inference_service_types.go,
// charts/kserve-runtime-configs/files/llmisvcconfigs/resources.yaml.
#include <algorithm>

#include <fmt/format.h>

#include "base/bytes.hpp"
#include "workload/kinds/kinds.hpp"
#include "workload/read_pod.hpp"

namespace rightslice::workload::rows {
namespace {

constexpr std::string_view kMount = "/mnt/models";
constexpr std::string_view kContainer = "kserve-container";  // constants.InferenceServiceContainerName
constexpr std::string_view kWorker = "worker-container";     // constants.WorkerContainerName

/// Blocks of a component with one container in them; the engine of a framework's default runtime where there is but one.
struct Block {
  std::string_view name, engine;
};
constexpr Block kBlocks[] = {{"model", ""},   {"huggingface", "kserve-huggingface"},
                             {"triton", "triton"}, {"pytorch", ""},
                             {"tensorflow", ""},   {"onnx", ""},
                             {"sklearn", ""},      {"xgboost", ""},
                             {"lightgbm", ""},     {"pmml", ""},
                             {"paddle", ""},       {"alibi", ""},
                             {"art", ""}};

/// What names of formats and runtimes say of the engine.
constexpr Block kNames[] = {{"huggingface", "kserve-huggingface"}, {"vllm", "vllm"}, {"sglang", "sglang"}, {"triton", "triton"},
                            {"tgi", "tgi"},                        {"llama", "llama.cpp"}};

std::string_view engineNamed(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  for (const Block& each : kNames) {
    if (lower.find(each.name) != std::string::npos) return each.engine;
  }
  return {};
}

void addParallelism(const Part& sizes, std::string_view tensor, std::string_view pipeline, Told& told) {
  if (const auto size = sizes.member(tensor).asCount()) told.words.push_back(fmt::format("--tensor-parallel-size={}", *size));
  if (const auto size = sizes.member(pipeline).asCount()) told.words.push_back(fmt::format("--pipeline-parallel-size={}", *size));
}

/// spec.predictor.storageUris: the model is the one that is mounted where the runtime looks for it.
std::string modelOf(const Part& predictor) {
  for (const Part& each : predictor.objects("storageUris")) {
    const auto path = each.string("mountPath").value_or(kMount);
    if (path == kMount) return std::string(each.string("uri").value_or(""));
  }
  return {};
}

Told tellModel(const Part& component, const Part& block, const Block& kind) {
  Told told;
  told.from = block.pointer().substr(1) + "/storageUri";
  std::replace(told.from.begin(), told.from.end(), '/', '.');
  told.model = block.string("storageUri").value_or("");
  if (told.model.empty()) told.model = modelOf(component);
  told.mountPath = kMount;
  const auto format = block.object("modelFormat").string("name").value_or("");
  const auto runtime = block.string("runtime").value_or("");
  told.engine = !kind.engine.empty() ? kind.engine : engineNamed(runtime);
  if (told.engine.empty()) told.engine = engineNamed(format);
  told.unread.push_back(!runtime.empty() ? fmt::format("ServingRuntime {}", runtime)
                                         : fmt::format("the ServingRuntime that KServe picks for {}", format.empty() ? kind.name : format));
  addParallelism(component.object("workerSpec"), "tensorParallelSize", "pipelineParallelSize", told);
  return told;
}

/// A custom predictor: KServe mounts the model of the variable STORAGE_URI too.
void tellOwnModel(const Part& component, PodTemplate& pod) {
  for (Container& container : pod.containers) {
    Told told;
    told.model = modelOf(component);
    told.from = "spec.predictor.storageUris";
    for (const auto& env : container.invocation.env) {
      if (env.name != "STORAGE_URI" || !env.value) continue;
      told.model = *env.value;
      told.from = "env STORAGE_URI";
    }
    told.mountPath = kMount;
    if (!told.model.empty()) container.invocation.told = {told};
  }
}

PodTemplate readComponent(const Part& component) {
  PodTemplate pod = readPodTemplate(component, component);
  pod.metadataPointer = component.pointer();
  const HostPaths volumes = readHostPaths(component);
  tellOwnModel(component, pod);
  for (const Block& kind : kBlocks) {
    const Part block = component.object(kind.name);
    if (!block.exists()) continue;
    Container container = readContainer(block, volumes);
    if (container.name.empty()) container.name = kContainer;
    container.invocation.told = {tellModel(component, block, kind)};
    pod.containers.insert(pod.containers.begin(), std::move(container));
    pod.neverRewrite = fmt::format("{} may ask for a GPU of its own, and KServe would ask for both: change spec.predictor.{}.resources by hand",
                                   pod.containers.front().invocation.told.front().unread.front(), kind.name);
  }
  pod.replicas = mostReplicas(component, "/minReplicas", "/maxReplicas");
  return pod;
}

std::vector<PodTemplate> readInferenceService(const Part& object) {
  std::vector<PodTemplate> out;
  const Part spec = object.object("spec");
  for (const std::string_view name : {"predictor", "transformer", "explainer"}) {
    const Part component = spec.object(name);
    if (!component.exists()) continue;
    out.push_back(readComponent(component));
    const Part worker = component.object("workerSpec");
    if (!worker.exists()) continue;
    // One head and pipelineParallelSize - 1 workers, of which the runtime has the default.
    out.back().multiPodGroup = true;
    PodTemplate workers = readPodTemplate(worker, component);
    workers.metadataPointer = component.pointer();
    workers.multiPodGroup = true;
    const auto nodes = worker.member("pipelineParallelSize").asCount();
    workers.replicas = timesBytes(out.back().replicas, std::max<std::int64_t>(0, nodes.value_or(2) - 1));
    workers.replicasKnown = nodes.has_value();
    workers.neverRewrite = out.back().neverRewrite;
    for (Container& container : workers.containers) {
      if (container.name.empty()) container.name = kWorker;
    }
    out.push_back(std::move(workers));
  }
  return out;
}

/// The container that serves, by its name in KServe's templates, else the first.
Container* mainOf(PodTemplate& pod) {
  for (Container& each : pod.containers) {
    if (each.name == "main") return &each;
  }
  return pod.containers.empty() || pod.containers.front().init || pod.containers.front().sidecar ? nullptr : &pod.containers.front();
}

Told tellLlm(const Part& spec, const Part& workload, const Container& container) {
  Told told;
  const Part model = spec.object("model");
  told.from = "spec.model.uri";
  told.engine = "vllm";
  told.engineIsSure = true;
  told.model = model.string("uri").value_or("");
  told.mountPath = kMount;
  if (const auto size = countAt(workload, "/parallelism/tensor")) told.words.push_back(fmt::format("--tensor-parallel-size={}", *size));
  if (const auto size = countAt(workload, "/parallelism/pipeline")) told.words.push_back(fmt::format("--pipeline-parallel-size={}", *size));
  const Part lora = model.object("lora");
  const std::size_t adapters = lora.objects("adapters").size();
  if (adapters > 0) {
    told.words.emplace_back("--enable-lora");
    told.words.push_back(fmt::format("--max-loras={}", lora.member("maxAdapters").asCount().value_or(static_cast<std::int64_t>(adapters))));
    if (const auto rank = lora.member("maxRank").asCount()) told.words.push_back(fmt::format("--max-lora-rank={}", *rank));
  }
  for (const Part& base : spec.objects("baseRefs")) told.unread.push_back(fmt::format("LLMInferenceServiceConfig {}", base.string("name").value_or("")));
  if (told.unread.empty() && container.invocation.command.empty()) told.unread.emplace_back("the site's default LLMInferenceServiceConfig");
  if (!container.invocation.command.empty()) told.words.clear();  // they stand in the template's command
  return told;
}

/// Nodes of one group: data parallel ranks over those of one node, or the stages of a pipeline.
std::optional<std::int64_t> nodesOf(const Part& workload) {
  const auto data = countAt(workload, "/parallelism/data"), local = countAt(workload, "/parallelism/dataLocal");
  if (data && local && *local > 0) return std::max<std::int64_t>(1, *data / *local);
  return countAt(workload, "/parallelism/pipeline");
}

void readWorkload(const Part& spec, const Part& workload, std::vector<PodTemplate>& out) {
  const bool group = workload.object("worker").exists();
  const std::int64_t replicas = workload.object("scaling").exists() ? mostReplicas(workload, "/scaling/minReplicas", "/scaling/maxReplicas")
                                                                    : countAt(workload, "/replicas").value_or(1);
  for (const std::string_view name : {"template", "worker"}) {
    const Part podSpec = workload.object(name);
    if (!podSpec.exists()) continue;
    PodTemplate pod = readPodTemplate(podSpec, workload);
    pod.metadataPointer = workload.pointer();
    pod.multiPodGroup = group;
    pod.replicas = replicas;
    if (name == "worker") {
      const auto nodes = nodesOf(workload);
      pod.replicas = timesBytes(replicas, std::max<std::int64_t>(0, nodes.value_or(2) - 1));
      pod.replicasKnown = nodes.has_value();
    }
    if (Container* main = mainOf(pod)) {
      main->invocation.told = {tellLlm(spec, workload, *main)};
      if (!main->invocation.told.front().unread.empty())
        pod.neverRewrite = fmt::format("{} may ask for a GPU of its own, and KServe would ask for both: change the request by hand",
                                       main->invocation.told.front().unread.front());
    }
    out.push_back(std::move(pod));
  }
}

std::vector<PodTemplate> readLlmInferenceService(const Part& object) {
  std::vector<PodTemplate> out;
  const Part spec = object.object("spec");
  readWorkload(spec, spec, out);
  readWorkload(spec, spec.object("prefill"), out);
  return out;
}

constexpr PodPlace kRuntime[] = {{"/spec", "/spec", ""}, {"/spec/workerSpec", "/spec", ""}};

constexpr std::string_view kController = "system:serviceaccount:kserve:kserve-controller-manager";
constexpr std::string_view kLlmController = "system:serviceaccount:kserve:llmisvc-controller-manager";

constexpr Kind kRows[] = {
    {.group = "serving.kserve.io", .kind = "InferenceService", .read = readInferenceService, .holds = Holds::Part, .version = "v1beta1",
     .plural = "inferenceservices", .custom = true,
     .model = "`spec.predictor.model.storageUri` (and of the framework blocks), `spec.predictor.storageUris`, arguments and variables; the engine "
              "by image, format or name of the runtime",
     .unread = "the ServingRuntime with which `model` is merged: its image, flags and requests", .controller = kController,
     .source = "kserve/kserve pkg/apis/serving/v1beta1/{predictor,predictor_model,component}.go"},
    {.group = "serving.kserve.io", .kind = "LLMInferenceService", .read = readLlmInferenceService, .holds = Holds::Part,
     .version = "v1alpha2 v1alpha1", .plural = "llminferenceservices", .custom = true,
     .model = "`spec.model.uri` and `lora`, `spec.parallelism`, `VLLM_ADDITIONAL_ARGS`, arguments",
     .unread = "`spec.baseRefs` and the site's default configurations", .controller = kLlmController,
     .source = "kserve/kserve pkg/apis/serving/v1alpha2/llm_inference_service_types.go"},
    {.group = "serving.kserve.io", .kind = "ServingRuntime", .places = kRuntime, .pattern = true, .custom = true,
     .unread = "who uses it, and with which model: only names and amounts of requests are judged",
     .source = "kserve/kserve pkg/apis/serving/v1alpha1/servingruntime_types.go"},
    {.group = "serving.kserve.io", .kind = "ClusterServingRuntime", .places = kRuntime, .pattern = true, .custom = true,
     .unread = "as of a ServingRuntime; in no namespace, so `check` alone judges it, and the webhook what is made of it",
     .source = "kserve/kserve pkg/apis/serving/v1alpha1/servingruntime_types.go"},
};

}  // namespace

std::span<const Kind> kserve() { return kRows; }

}  // namespace rightslice::workload::rows
