// What each custom kind's objects are read as: where requests stand, how many pods, which model, and what is left unknown.
#include <doctest/doctest.h>

#include <algorithm>

#include "json/yaml.hpp"
#include "model/engine.hpp"
#include "written.hpp"

using namespace rightslice;
using namespace rightslice::workload;
using Strings = std::vector<std::string>;

namespace {

Workload readYaml(std::string_view text) {
  const json::YamlStream stream = json::parseYaml(text);
  REQUIRE(stream.broken.empty());
  REQUIRE(stream.documents.size() == 1);
  Workload workload = read(stream.documents.front().document.root());
  REQUIRE(workload.kind != nullptr);
  CHECK(malformedText(workload) == "");
  return workload;
}

Workload objectOf(const std::string& apiVersion, const std::string& kind, const std::string& body) {
  return readYaml("apiVersion: " + apiVersion + "\nkind: " + kind + "\nmetadata: {name: chat, namespace: team-a}\n" + body);
}

const std::string kPod = "containers: [{name: c, resources: {limits: {nvidia.com/mig-1g.10gb: 1}}}]";

/// "pointer x replicas" of each template; "?" where the count is not in the object, "group" for multi-pod groups.
Strings shapeOf(const Workload& workload) {
  Strings out;
  for (const PodTemplate& pod : workload.templates) {
    out.push_back(pod.pointer + " x " + std::to_string(pod.replicas) + (pod.replicasKnown ? "" : "?") + (pod.multiPodGroup ? " group" : ""));
  }
  return out;
}

const Container& first(const Workload& workload) {
  REQUIRE(!workload.templates.empty());
  REQUIRE(!workload.templates.front().containers.empty());
  return workload.templates.front().containers.front();
}

model::EngineRun runOf(const Container& container) { return model::readInvocation(container.invocation); }
model::EngineRun runOf(const Workload& workload) { return runOf(first(workload)); }

std::string engineOf(const model::EngineRun& run) { return run.engine == nullptr ? "" : std::string(run.engine->name); }

}  // namespace

TEST_CASE("a LeaderWorkerSet has one leader in each group of `size` pods, by its own template or the worker's") {
  const auto with = [](const std::string& more) {
    return objectOf("leaderworkerset.x-k8s.io/v1", "LeaderWorkerSet",
                    "spec:\n  replicas: 3\n  leaderWorkerTemplate:\n" + more + "    workerTemplate: {spec: {" + kPod + "}}\n");
  };
  const std::string worker = "/spec/leaderWorkerTemplate/workerTemplate/spec", leader = "/spec/leaderWorkerTemplate/leaderTemplate/spec";
  CHECK(shapeOf(with("    size: 4\n")) == Strings{worker + " x 12 group"});
  CHECK(shapeOf(with("    size: 4\n    leaderTemplate: {spec: {" + kPod + "}}\n")) == Strings{worker + " x 9 group", leader + " x 3 group"});
  CHECK(shapeOf(with("    size: 1\n    leaderTemplate: {spec: {" + kPod + "}}\n")) == Strings{worker + " x 0", leader + " x 3"});
  CHECK(shapeOf(with("")) == Strings{worker + " x 3"});
}

TEST_CASE("a LeaderWorkerSet gives its containers the size of the group; who is who is not known before") {
  const std::string pod = "containers: [{name: c, image: x, args: [--nnodes, $(LWS_GROUP_SIZE), --node-rank, $(LWS_WORKER_INDEX)]}]";
  const auto argsWith = [&](int size) {
    const Workload set = objectOf("leaderworkerset.x-k8s.io/v1", "LeaderWorkerSet",
                                  "spec:\n  leaderWorkerTemplate: {size: " + std::to_string(size) + ", workerTemplate: {spec: {" + pod + "}}}\n");
    const Container& container = set.templates.at(0).containers.at(0);
    CHECK(container.asWritten().args.at(1) == "$(LWS_GROUP_SIZE)");
    CHECK(container.withText(container.asWritten()).args == container.invocation.args);
    return container.invocation.args;
  };
  CHECK(argsWith(4) == Strings{"--nnodes", "4", "--node-rank", "$(LWS_WORKER_INDEX)"});
  CHECK(argsWith(1).at(1) == "$(LWS_GROUP_SIZE)");
}

TEST_CASE("a pod of a group is known by the label of its operator") {
  for (const char* label : {"leaderworkerset.sigs.k8s.io/name", "volcano.sh/job-name", "jobset.sigs.k8s.io/jobset-name", "ray.io/cluster"}) {
    const Workload pod = readYaml("apiVersion: v1\nkind: Pod\nmetadata: {name: p, labels: {" + std::string(label) + ": x}}\nspec: {" + kPod + "}\n");
    CHECK(shapeOf(pod) == Strings{"/spec x 1 group"});
  }
}

TEST_CASE("a JobSet multiplies jobs and their pods, of which no more run than are left to complete") {
  const Workload set = objectOf("jobset.x-k8s.io/v1alpha2", "JobSet",
                                "spec:\n  replicatedJobs:\n"
                                "  - {name: a, replicas: 2, template: {spec: {parallelism: 8, completions: 3, template: {spec: {" + kPod + "}}}}}\n"
                                "  - {name: b, template: {spec: {template: {spec: {" + kPod + "}}}}}\n");
  CHECK(shapeOf(set) == Strings{"/spec/replicatedJobs/0/template/spec/template/spec x 6 group", "/spec/replicatedJobs/1/template/spec/template/spec x 1 group"});
  CHECK(set.kind->immutableTemplate);
}

TEST_CASE("tasks of Volcano, roles of AIBrix and cliques of Grove") {
  CHECK(shapeOf(objectOf("batch.volcano.sh/v1alpha1", "Job", "spec: {tasks: [{replicas: 4, template: {spec: {" + kPod + "}}}]}")) ==
        Strings{"/spec/tasks/0/template/spec x 4 group"});
  CHECK(shapeOf(objectOf("batch.volcano.sh/v1alpha1", "CronJob", "spec: {jobTemplate: {spec: {tasks: [{replicas: 2, template: {spec: {" + kPod + "}}}]}}}")) ==
        Strings{"/spec/jobTemplate/spec/tasks/0/template/spec x 2 group"});
  const std::string roles = "[{name: prefill, replicas: 2, template: {spec: {" + kPod + "}}}, {name: decode, replicas: 1, podGroupSize: 4, template: {spec: {" + kPod + "}}}]";
  CHECK(shapeOf(objectOf("orchestration.aibrix.ai/v1alpha1", "StormService", "spec: {replicas: 3, template: {spec: {roles: " + roles + "}}}")) ==
        Strings{"/spec/template/spec/roles/0/template/spec x 6", "/spec/template/spec/roles/1/template/spec x 12 group"});
  CHECK(shapeOf(objectOf("orchestration.aibrix.ai/v1alpha1", "RoleSet", "spec: {roles: " + roles + "}")) ==
        Strings{"/spec/roles/0/template/spec x 2", "/spec/roles/1/template/spec x 4 group"});
  CHECK(shapeOf(objectOf("grove.io/v1alpha1", "PodCliqueSet", "spec: {replicas: 2, template: {cliques: [{name: a, spec: {replicas: 3, podSpec: {" + kPod + "}}}]}}")) ==
        Strings{"/spec/template/cliques/0/spec/podSpec x 6 group"});
  CHECK(objectOf("grove.io/v1alpha1", "PodCliqueScalingGroup", "spec: {replicas: 2, cliqueNames: [a]}").templates.empty());
}

TEST_CASE("a Ray cluster counts as many workers as its autoscaler may start") {
  const auto cluster = [](const std::string& more) {
    return shapeOf(objectOf("ray.io/v1", "RayCluster", "spec: {" + more + "workerGroupSpecs: [{replicas: 1, minReplicas: 0, maxReplicas: 5, numOfHosts: 2, template: {spec: {" + kPod + "}}}]}"));
  };
  CHECK(cluster("") == Strings{"/spec/workerGroupSpecs/0/template/spec x 2 group"});
  CHECK(cluster("enableInTreeAutoscaling: true, ") == Strings{"/spec/workerGroupSpecs/0/template/spec x 10 group"});
}

TEST_CASE("a Rollout has a template of its own, or says whose it uses") {
  CHECK(shapeOf(objectOf("argoproj.io/v1alpha1", "Rollout", "spec: {replicas: 2, template: {spec: {" + kPod + "}}}")) == Strings{"/spec/template/spec x 2"});
  const Workload other = objectOf("argoproj.io/v1alpha1", "Rollout", "spec: {replicas: 2, workloadRef: {apiVersion: apps/v1, kind: Deployment, name: web}}");
  CHECK(other.templates.empty());
  CHECK(other.notes == Strings{"the pods of Rollout chat come from Deployment web (spec.workloadRef), which is judged itself"});
}

TEST_CASE("Knative's scale stands in annotations of the template; without a limit it is not known") {
  const auto scale = [](const std::string& annotations) {
    return shapeOf(objectOf("serving.knative.dev/v1", "Service", "spec: {template: {metadata: {annotations: {" + annotations + "}}, spec: {" + kPod + "}}}"));
  };
  CHECK(scale(R"(autoscaling.knative.dev/max-scale: "5", autoscaling.knative.dev/min-scale: "2")") == Strings{"/spec/template/spec x 5"});
  CHECK(scale(R"(autoscaling.knative.dev/maxScale: "4")") == Strings{"/spec/template/spec x 4"});
  CHECK(scale(R"(autoscaling.knative.dev/min-scale: "2", autoscaling.knative.dev/max-scale: "0")") == Strings{"/spec/template/spec x 2?"});
  CHECK(scale(R"(autoscaling.knative.dev/max-scale: "many")") == Strings{"/spec/template/spec x 1?"});
  CHECK(first(objectOf("serving.knative.dev/v1", "Service", "spec: {template: {spec: {containers: [{image: x}]}}}")).name == "user-container");
  CHECK(shapeOf(objectOf("serving.knative.dev/v1", "Revision", "spec: {" + kPod + "}")) == Strings{"/spec x 1?"});
}

TEST_CASE("an InferenceService with `model` is one container that a ServingRuntime completes") {
  const Workload service = objectOf("serving.kserve.io/v1beta1", "InferenceService", R"(
spec:
  predictor:
    minReplicas: 0
    maxReplicas: 3
    annotations: {rightslice.io/concurrency: "4"}
    nodeSelector: {nvidia.com/gpu.product: NVIDIA-H100-80GB-HBM3}
    model:
      modelFormat: {name: huggingface}
      storageUri: hf://Qwen/Qwen2.5-7B-Instruct:main
      args: [--model_name=qwen, --max-model-len=8192]
      resources: {limits: {nvidia.com/mig-3g.40gb: "1"}}
  transformer:
    containers: [{name: kserve-container, image: acme/transform}]
)");
  CHECK(shapeOf(service) == Strings{"/spec/predictor x 3", "/spec/transformer x 1"});
  const PodTemplate& pod = service.templates.front();
  CHECK(pod.metadataPointer == "/spec/predictor");
  CHECK(*pod.annotation("rightslice.io/concurrency") == "4");
  CHECK(pod.nodes.product.selector == "NVIDIA-H100-80GB-HBM3");
  CHECK(pod.neverRewrite.find("the ServingRuntime that KServe picks for huggingface may ask for a GPU of its own") == 0);
  const Container& container = first(service);
  CHECK(container.name == "kserve-container");
  CHECK(container.pointer == "/spec/predictor/model");
  const auto run = runOf(service);
  CHECK(engineOf(run) == "kserve-huggingface");
  CHECK(run.engineConfidence == model::Confidence::Medium);
  CHECK(run.model == "Qwen/Qwen2.5-7B-Instruct");
  CHECK(run.modelConfidence == model::Confidence::High);
  CHECK(run.settings.maxModelLen == 8192);
  CHECK(run.unread == Strings{"the ServingRuntime that KServe picks for huggingface"});
}

TEST_CASE("the engine of an InferenceService is that of its image, of its runtime's name, of its format") {
  const auto engine = [](const std::string& model) {
    const Workload service = objectOf("serving.kserve.io/v1beta1", "InferenceService", "spec: {predictor: {" + model + "}}");
    const auto run = runOf(service);
    return engineOf(run) + " " + run.model.value_or("-") + (run.unread.empty() ? "" : " (" + run.unread.front() + ")");
  };
  CHECK(engine("model: {modelFormat: {name: vLLM}, runtime: kserve-vllm, storageUri: s3://models/Qwen2.5-7B-Instruct/}") ==
        "vllm s3://models/Qwen2.5-7B-Instruct (ServingRuntime kserve-vllm)");
  CHECK(engine("model: {modelFormat: {name: pytorch}, runtime: acme, storageUri: pvc://claim/m}") == " pvc://claim/m (ServingRuntime acme)");
  CHECK(engine("model: {modelFormat: {name: huggingface}, image: 'vllm/vllm-openai:v0.8.5', args: [--model=/mnt/models], storageUri: 'hf://a/b'}") ==
        "vllm a/b (the ServingRuntime that KServe picks for huggingface)");
  CHECK(engine("huggingface: {args: [--model_id=Qwen/Qwen3-8B], storageUri: 'hf://a/b'}") ==
        "kserve-huggingface Qwen/Qwen3-8B (the ServingRuntime that KServe picks for huggingface)");
  CHECK(engine("triton: {storageUri: 'gs://x/y'}").starts_with("triton"));
  CHECK(engine("model: {modelFormat: {name: vllm}}, storageUris: [{uri: 'hf://a/b'}, {uri: 'hf://c/d', mountPath: /mnt/draft}]").starts_with("vllm a/b"));
  // A container of one's own is all that there is, and its model may be mounted by a variable.
  CHECK(engine("containers: [{name: kserve-container, image: 'vllm/vllm-openai:v0.8.5', args: [--model, /mnt/models], env: [{name: STORAGE_URI, value: 'hf://a/b'}]}]") == "vllm a/b");
  CHECK(engine("containers: [{name: kserve-container, command: [vllm, serve, /data/own]}], storageUris: [{uri: 'hf://a/b'}]") == "vllm /data/own");
}

TEST_CASE("a predictor over several nodes is a group, and its sizes are read as flags") {
  const Workload service = objectOf("serving.kserve.io/v1beta1", "InferenceService", R"(
spec:
  predictor:
    model: {modelFormat: {name: huggingface}, storageUri: 'hf://meta-llama/Llama-3.1-70B-Instruct', resources: {limits: {nvidia.com/gpu: 8}}}
    workerSpec: {pipelineParallelSize: 3, tensorParallelSize: 8, containers: [{name: worker-container, resources: {limits: {nvidia.com/gpu: 8}}}]}
)");
  CHECK(shapeOf(service) == Strings{"/spec/predictor x 1 group", "/spec/predictor/workerSpec x 2 group"});
  CHECK(runOf(service).settings.tensorParallelSize == 8);
  CHECK(runOf(service).settings.pipelineParallelSize == 3);
}

TEST_CASE("an LLMInferenceService runs vLLM on spec.model.uri with the flags of its variable, then of its container") {
  const Workload service = objectOf("serving.kserve.io/v1alpha2", "LLMInferenceService", R"(
spec:
  model: {uri: 'hf://Qwen/Qwen2.5-7B-Instruct', name: qwen, lora: {maxRank: 32, adapters: [{name: a, uri: 'hf://x/y'}, {name: b, uri: 'hf://x/z'}]}}
  scaling: {minReplicas: 1, maxReplicas: 4}
  parallelism: {tensor: 2}
  annotations: {rightslice.io/context: "2048"}
  template:
    containers:
    - name: main
      args: [--max-num-seqs=16]
      env: [{name: VLLM_ADDITIONAL_ARGS, value: --max-model-len 8192 --max-num-seqs 64}]
      resources: {limits: {nvidia.com/gpu: 2}}
  prefill:
    replicas: 2
    template: {containers: [{name: main, command: [vllm, serve, /mnt/models, --max-model-len=4096]}]}
)");
  CHECK(shapeOf(service) == Strings{"/spec/template x 4", "/spec/prefill/template x 2"});
  CHECK(service.templates[0].metadataPointer == "/spec");
  CHECK(service.templates[1].metadataPointer == "/spec/prefill");
  const auto run = runOf(service);
  CHECK(engineOf(run) == "vllm");
  CHECK(run.engineConfidence == model::Confidence::High);
  CHECK(run.model == "Qwen/Qwen2.5-7B-Instruct");
  CHECK(run.settings.tensorParallelSize == 2);
  CHECK(run.settings.maxModelLen == 8192);
  CHECK(run.settings.maxNumSeqs == 16);
  CHECK(run.lora.enabled);
  CHECK(run.unread == Strings{"the site's default LLMInferenceServiceConfig"});
  CHECK(run.places.contains("max-num-seqs"));
  CHECK_FALSE(run.places.contains("max-model-len"));
  // Its own command is all of it.
  const auto prefill = runOf(service.templates[1].containers[0]);
  CHECK(prefill.model == "Qwen/Qwen2.5-7B-Instruct");
  CHECK(prefill.settings.maxModelLen == 4096);
  CHECK(prefill.unread.empty());
  const Workload based = objectOf("serving.kserve.io/v1alpha1", "LLMInferenceService", "spec: {model: {uri: 'hf://a/b'}, baseRefs: [{name: big}], template: {containers: [{name: main}]}, worker: {containers: [{name: main}]}, parallelism: {data: 8, dataLocal: 4}}");
  CHECK(shapeOf(based) == Strings{"/spec/template x 1 group", "/spec/worker x 1 group"});
  CHECK(runOf(based).unread == Strings{"LLMInferenceServiceConfig big"});
}

TEST_CASE("a ServingRuntime is a pattern: it runs nothing itself") {
  for (const char* kind : {"ServingRuntime", "ClusterServingRuntime"}) {
    const Workload runtime = objectOf("serving.kserve.io/v1alpha1", kind, "spec: {containers: [{name: kserve-container, resources: {limits: {nvidia.com/gpu: 1}}}]}");
    CHECK(shapeOf(runtime) == Strings{"/spec x 0"});
    CHECK(runtime.templates.front().pattern);
    CHECK(runtime.kind->plural.empty());
  }
}

TEST_CASE("a NIMService is flat, named by its image, and never rewritten") {
  const auto service = [](const std::string& more) {
    return objectOf("apps.nvidia.com/v1alpha1", "NIMService",
                    "spec:\n  image: {repository: nvcr.io/nim/meta/llama-3.1-8b-instruct, tag: 1.8.3}\n  replicas: 2\n"
                    "  env: [{name: NIM_MAX_MODEL_LEN, value: '8192'}]\n  nodeSelector: {nvidia.com/gpu.product: X}\n"
                    "  resources: {limits: {nvidia.com/gpu: 1}}\n" + more);
  };
  const Workload plain = service("");
  CHECK(shapeOf(plain) == Strings{"/spec x 2"});
  CHECK(first(plain).name == "chat-ctr");
  CHECK(first(plain).pointer == "/spec");
  CHECK(plain.templates.front().nodes.product.selector == "X");
  CHECK(plain.templates.front().neverRewrite.find("the NIM operator adds an nvidia.com/gpu of its own") == 0);
  const auto run = runOf(plain);
  CHECK(engineOf(run) == "nim");
  CHECK(run.model == "meta/llama-3.1-8b-instruct");
  CHECK(run.settings.maxModelLen == 8192);
  CHECK(run.unread.empty());
  CHECK(runOf(service("  storage: {nimCache: {name: llama}}\n")).unread == Strings{"NIMCache llama"});
  CHECK(shapeOf(service("  scale: {enabled: true, hpa: {minReplicas: 1, maxReplicas: 6}}\n")) == Strings{"/spec x 6"});
  CHECK(shapeOf(service("  multiNode: {parallelism: {tensor: 8, pipeline: 2}}\n")) == Strings{"/spec x 4 group"});
  const Workload claiming = service("  draResources: [{resourceClaimTemplateName: mig}]\n");
  REQUIRE(first(claiming).claims.size() == 1);
  CHECK(first(claiming).claims.front().name == "mig");
  CHECK(claiming.templates.front().claims.front().claimTemplate == "mig");
}

TEST_CASE("a Workspace of KAITO asks for what its partition says, and its preset says the rest elsewhere") {
  const Workload preset = objectOf("kaito.sh/v1beta1", "Workspace", R"(
resource: {labelSelector: {matchLabels: {nvidia.com/gpu.product: X}}, partition: {mode: mig, profile: 1g.10gb}}
inference: {preset: {name: phi-4-mini-instruct}, config: tuned, adapters: [{source: {name: a}}]}
)");
  CHECK(shapeOf(preset) == Strings{"/inference/preset x 1"});
  CHECK(preset.templates.front().nodes.product.selector == "X");
  const Container& container = first(preset);
  CHECK(container.limits == std::vector<std::pair<std::string, std::string>>{{"nvidia.com/mig-1g.10gb", "1"}});
  CHECK(container.requestPointer == "/resource/partition/profile");
  CHECK(container.gathered);
  const auto run = runOf(preset);
  CHECK(engineOf(run) == "vllm");
  CHECK(run.model == "phi-4-mini-instruct");
  CHECK(run.unread == Strings{"KAITO's preset phi-4-mini-instruct", "ConfigMap tuned"});
  CHECK_FALSE(objectOf("kaito.sh/v1beta1", "Workspace", "resource: {instanceType: Standard_NC24ads_A100_v4}\ninference: {preset: {name: x}}").asksForGpu());
  CHECK(shapeOf(objectOf("kaito.sh/v1alpha1", "Workspace", "resource: {count: 2}\ninference: {template: {spec: {" + kPod + "}}}")) ==
        Strings{"/inference/template/spec x 2 group"});
  const Workload set = objectOf("kaito.sh/v1beta1", "InferenceSet", "spec: {replicas: 3, template: {resource: {partition: {profile: 2g.20gb}}, inference: {preset: {name: x}}}}");
  CHECK(shapeOf(set) == Strings{"/spec/template/inference/preset x 3"});
  CHECK(first(set).requestPointer == "/spec/template/resource/partition/profile");
}

TEST_CASE("a SeldonDeployment keeps the model in the graph's node of the container's name") {
  const Workload deployment = objectOf("machinelearning.seldon.io/v1", "SeldonDeployment", R"(
spec:
  replicas: 9
  predictors:
  - name: default
    replicas: 2
    graph: {name: router, children: [{name: llm, modelUri: 'hf://Qwen/Qwen3-8B'}, {name: pre, implementation: HUGGINGFACE_SERVER, modelUri: 'gs://x'}]}
    componentSpecs:
    - spec: {containers: [{name: llm, command: [vllm, serve, /mnt/models], resources: {limits: {nvidia.com/gpu: 1}}}]}
    - {hpaSpec: {minReplicas: 1, maxReplicas: 5}, spec: {containers: [{name: pre}]}}
)");
  CHECK(shapeOf(deployment) == Strings{"/spec/predictors/0/componentSpecs/0/spec x 2", "/spec/predictors/0/componentSpecs/1/spec x 5"});
  CHECK(runOf(deployment).model == "Qwen/Qwen3-8B");
  CHECK(runOf(deployment).unread.empty());
  CHECK(deployment.templates[1].neverRewrite.find("Seldon's server HUGGINGFACE_SERVER") == 0);
  const Workload server = objectOf("mlops.seldon.io/v1alpha1", "Server", "spec: {serverConfig: triton, replicas: 2, podSpec: {" + kPod + "}}");
  CHECK(shapeOf(server) == Strings{"/spec/podSpec x 2"});
  CHECK(runOf(server).unread == Strings{"ServerConfig triton"});
}

TEST_CASE("a graph that goes round or is huge ends") {
  std::string graph = "{name: n0}";
  for (int i = 1; i < 60; ++i) graph = "{name: n" + std::to_string(i) + ", children: [" + graph + "]}";
  const Workload deployment = objectOf("machinelearning.seldon.io/v1", "SeldonDeployment",
                                       "spec: {predictors: [{graph: " + graph + ", componentSpecs: [{spec: {containers: [{name: zzz}]}}]}]}");
  CHECK(first(deployment).invocation.told.empty());
}

TEST_CASE("a VLLMRuntime is the command line that its operator writes") {
  const Workload runtime = objectOf("production-stack.vllm.ai/v1alpha1", "VLLMRuntime", R"(
spec:
  model: {modelURL: meta-llama/Llama-3.1-8B-Instruct, enableLoRA: true, maxModelLen: 4096, dtype: bfloat16, maxNumSeqs: 32}
  vllmConfig: {tensorParallelSize: 1, gpuMemoryUtilization: "0.8", maxLoras: 4, v1: true, extraArgs: [--max-lora-rank, "32"], env: [{name: HF_HOME, value: /data}]}
  autoscalingConfig: {enabled: true, minReplicas: 0, maxReplicas: 5}
  deploymentConfig:
    replicas: 2
    resources: {cpu: "5", memory: 32Gi, gpu: "1", gpuType: nvidia.com/mig-2g.20gb}
    image: {registry: docker.io, name: 'lmcache/vllm-openai:2025-05-27-v1'}
    nodeSelectorTerms: [{matchExpressions: [{key: nvidia.com/gpu.product, operator: In, values: [X]}]}]
)");
  CHECK(shapeOf(runtime) == Strings{"/spec/deploymentConfig x 5"});
  CHECK(runtime.templates.front().nodes.product.terms.size() == 1);
  const Container& container = first(runtime);
  CHECK(container.limits == std::vector<std::pair<std::string, std::string>>{{"nvidia.com/mig-2g.20gb", "1"}});
  CHECK(container.requestPointer == "/spec/deploymentConfig/resources/gpuType");
  const auto run = runOf(runtime);
  CHECK(run.model == "meta-llama/Llama-3.1-8B-Instruct");
  CHECK(run.settings.maxModelLen == 4096);
  CHECK(run.settings.maxNumSeqs == 32);
  CHECK(run.settings.memoryFraction == 0.8);
  CHECK(run.settings.dtype == "bfloat16");
  CHECK(run.settings.vllm.v1 == true);
  CHECK(run.lora.enabled);
  CHECK(run.unread.empty());
  const Workload plain = objectOf("production-stack.vllm.ai/v1alpha1", "VLLMRuntime", "spec: {model: {modelURL: a}, vllmConfig: {}, deploymentConfig: {resources: {gpu: '2'}, image: {registry: r, name: image}}}");
  CHECK(first(plain).limits.front().first == "nvidia.com/gpu");
  CHECK(first(plain).requestPointer == "/spec/deploymentConfig/resources/gpu");
  CHECK(runOf(plain).settings.vllm.v1 == false);
}

TEST_CASE("Dynamo's services and components") {
  const Workload graph = objectOf("nvidia.com/v1alpha1", "DynamoGraphDeployment", R"(
spec:
  services:
    Frontend: {replicas: 1, extraPodSpec: {mainContainer: {image: 'nvcr.io/nvidia/ai-dynamo/vllm-runtime:0.7.0'}}}
    Worker:
      replicas: 2
      multinode: {nodeCount: 2}
      envs: [{name: MODEL, value: Qwen/Qwen3-8B}]
      resources: {limits: {gpu: "1", gpuType: nvidia.com/mig-3g.40gb}}
      extraPodSpec:
        nodeSelector: {nvidia.com/gpu.product: X}
        mainContainer: {image: 'nvcr.io/nvidia/ai-dynamo/vllm-runtime:0.7.0', command: [python3, -m, dynamo.vllm], args: [--model, $(MODEL), --max-model-len, "8192"]}
)");
  CHECK(shapeOf(graph) == Strings{"/spec/services/Frontend/extraPodSpec x 1", "/spec/services/Worker/extraPodSpec x 4 group"});
  const Container& worker = graph.templates[1].containers.front();
  CHECK(worker.pointer == "/spec/services/Worker/extraPodSpec/mainContainer");
  CHECK(worker.requestPointer == "/spec/services/Worker/resources/limits/gpuType");
  CHECK(worker.limits == std::vector<std::pair<std::string, std::string>>{{"nvidia.com/mig-3g.40gb", "1"}});
  CHECK(graph.templates[1].nodes.product.selector == "X");
  CHECK(runOf(worker).model == "Qwen/Qwen3-8B");
  CHECK(runOf(worker).settings.maxModelLen == 8192);
  const Workload custom = objectOf("nvidia.com/v1alpha1", "DynamoComponentDeployment", "spec: {resources: {limits: {custom: {nvidia.com/mig-1g.10gb: '1'}}}, extraPodSpec: {mainContainer: {image: x}}}");
  CHECK(first(custom).limits.front().first == "nvidia.com/mig-1g.10gb");
  CHECK(first(custom).requestPointer == "/spec/resources/limits/custom/nvidia.com~1mig-1g.10gb");
  const Workload components = objectOf("nvidia.com/v1beta1", "DynamoGraphDeployment",
                                       "spec: {components: [{name: w, replicas: 3, podTemplate: {metadata: {annotations: {a: b}}, spec: {" + kPod + "}}}]}");
  CHECK(shapeOf(components) == Strings{"/spec/components/0/podTemplate/spec x 3"});
  CHECK(components.templates.front().metadataPointer == "/spec/components/0/podTemplate/metadata");
  CHECK(first(components).pointer == "/spec/components/0/podTemplate/spec/containers/0");
}

TEST_CASE("HyperPod's endpoints and JumpStart models") {
  const Workload endpoint = objectOf("inference.sagemaker.aws.amazon.com/v1", "InferenceEndpointConfig", R"(
spec:
  modelSourceConfig: {modelSourceType: huggingface, huggingFaceModel: {modelId: mistralai/Mistral-7B-Instruct-v0.3}}
  autoScalingSpec: {minReplicaCount: 1, maxReplicaCount: 4}
  worker:
    image: vllm/vllm-openai:v0.8.4
    resources: {requests: {nvidia.com/gpu: "1"}, limits: {nvidia.com/gpu: "1"}}
    args: [--max-model-len, $(LENGTH)]
    environmentVariables: [{name: LENGTH, value: "8192"}]
)");
  CHECK(shapeOf(endpoint) == Strings{"/spec x 4"});
  CHECK(first(endpoint).pointer == "/spec/worker");
  CHECK(runOf(endpoint).model == "mistralai/Mistral-7B-Instruct-v0.3");
  CHECK(runOf(endpoint).settings.maxModelLen == 8192);
  const Workload mounted = objectOf("inference.sagemaker.aws.amazon.com/v1", "InferenceEndpointConfig",
                                    "spec: {replicas: 2, modelSourceConfig: {modelSourceType: s3, modelLocation: Qwen2.5-7B-Instruct}, worker: {image: 'vllm/vllm-openai:v0.8.4', "
                                    "args: [--model, /opt/ml/model], modelVolumeMount: {name: m, mountPath: /opt/ml/model}}}");
  CHECK(runOf(mounted).model == "Qwen2.5-7B-Instruct");
  const Workload jump = objectOf("inference.sagemaker.aws.amazon.com/v1", "JumpStartModel",
                                 "spec: {model: {modelId: deepseek-llm-r1-distill-qwen-1-5b}, server: {instanceType: ml.p4d.24xlarge, acceleratorPartitionType: mig-7g.40gb}}");
  CHECK(first(jump).limits.front().first == "nvidia.com/mig-7g.40gb");
  CHECK(first(jump).requestPointer == "/spec/server/acceleratorPartitionType");
}

TEST_CASE("hostile objects of every kind are read to the end, and what is of the wrong type is reported or absent") {
  for (const Kind& kind : kinds()) {
    CAPTURE(kind.kind);
    for (const char* body : {R"("spec":7)", R"("spec":null)", R"("spec":[])", R"("spec":{"predictor":[],"template":"x","services":{"a":1,"b":null},"components":{},"model":3,)"
                             R"("deploymentConfig":{"resources":{"gpu":{},"gpuType":4},"image":7},"vllmConfig":[1],"predictors":[{"graph":[],"componentSpecs":[{"spec":{"containers":[{"name":"c"}]}}]}],)"
                             R"("worker":{"resources":4},"server":{"acceleratorPartitionType":""},"image":"x","resources":{"limits":[]}},"inference":{"preset":4,"template":[]},"resource":"x")"}) {
      const std::string version = kind.version.empty() ? "v1" : std::string(versionsOf(kind).front());
      const std::string apiVersion = kind.group.empty() ? version : std::string(kind.group) + "/" + version;
      const Workload workload = readText(R"({"apiVersion":")" + apiVersion + R"(","kind":")" + std::string(kind.kind) + R"(",)" + body + "}");
      for (const PodTemplate& pod : workload.templates)
        for (const Container& container : pod.containers) model::readInvocation(container.invocation);
    }
  }
}
