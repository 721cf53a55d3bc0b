#include "workload/kind.hpp"

#include <algorithm>
#include <set>
#include <string>

#include "written.hpp"

using namespace rightslice::workload;

TEST_CASE("each kind keeps its pod template, metadata and replicas in its own place") {
  struct Row {
    const char* apiVersion;
    const char* kind;
    const char* object;  // what stands beside apiVersion, kind and metadata
    const char* pointer;
    const char* metadata;
    long replicas;
    bool replicasKnown;
    bool immutableTemplate;
  };
  const char* const replicated = R"("spec":{"replicas":3,"template":{"metadata":{"annotations":{"a":"b"}},"spec":{"containers":[{"name":"c"}]}}})";
  for (const Row& row : {
           Row{"v1", "Pod", R"("spec":{"containers":[{"name":"c"}]})", "/spec", "/metadata", 1, true, true},
           Row{"apps/v1", "Deployment", replicated, "/spec/template/spec", "/spec/template/metadata", 3, true, false},
           Row{"apps/v1beta1", "Deployment", replicated, "/spec/template/spec", "/spec/template/metadata", 3, true, false},
           Row{"extensions/v1beta1", "Deployment", replicated, "/spec/template/spec", "/spec/template/metadata", 3, true, false},
           Row{"apps/v1", "StatefulSet", replicated, "/spec/template/spec", "/spec/template/metadata", 3, true, false},
           Row{"apps/v1", "ReplicaSet", replicated, "/spec/template/spec", "/spec/template/metadata", 3, true, false},
           Row{"v1", "ReplicationController", replicated, "/spec/template/spec", "/spec/template/metadata", 3, true, false},
           Row{"apps/v1", "DaemonSet", replicated, "/spec/template/spec", "/spec/template/metadata", 1, false, false},
           Row{"batch/v1", "Job",
               R"("spec":{"parallelism":4,"completions":9,"template":{"metadata":{"annotations":{"a":"b"}},"spec":{"containers":[{"name":"c"}]}}})",
               "/spec/template/spec", "/spec/template/metadata", 4, true, true},
           Row{"batch/v1", "CronJob",
               R"("spec":{"jobTemplate":{"spec":{"parallelism":2,"template":{"metadata":{"annotations":{"a":"b"}},"spec":{"containers":[{"name":"c"}]}}}}})",
               "/spec/jobTemplate/spec/template/spec", "/spec/jobTemplate/spec/template/metadata", 2, true, false},
       }) {
    CAPTURE(row.apiVersion);
    CAPTURE(row.kind);
    const Workload read = readText(std::string(R"({"apiVersion":")") + row.apiVersion + R"(","kind":")" + row.kind +
                                   R"(","metadata":{"name":"n","annotations":{"a":"b"}},)" + row.object + "}");
    REQUIRE(read.kind != nullptr);
    CHECK(read.kind->immutableTemplate == row.immutableTemplate);
    CHECK(malformedText(read) == "");
    REQUIRE(read.templates.size() == 1);
    const PodTemplate& pod = read.templates[0];
    CHECK(pod.pointer == row.pointer);
    CHECK(pod.metadataPointer == row.metadata);
    CHECK(pod.metadataExists);
    CHECK(pod.annotationsExist);
    REQUIRE(pod.annotation("a") != nullptr);
    CHECK(*pod.annotation("a") == "b");
    CHECK(pod.replicas == row.replicas);
    CHECK(pod.replicasKnown == row.replicasKnown);
    REQUIRE(pod.containers.size() == 1);
    CHECK(pod.containers[0].pointer == std::string(row.pointer) + "/containers/0");
  }
}

TEST_CASE("an absent replica count is one, and zero is zero") {
  const auto replicas = [](const std::string& apiVersion, const std::string& kind, const std::string& spec) {
    const Workload read = readText(R"({"apiVersion":")" + apiVersion + R"(","kind":")" + kind + R"(","spec":{)" + spec + R"("template":{"spec":{}}}})");
    REQUIRE(read.templates.size() == 1);
    return read.templates[0].replicas;
  };
  CHECK(replicas("apps/v1", "Deployment", "") == 1);
  CHECK(replicas("apps/v1", "Deployment", R"("replicas":null,)") == 1);
  CHECK(replicas("apps/v1", "Deployment", R"("replicas":0,)") == 0);
  CHECK(replicas("batch/v1", "Job", "") == 1);
  CHECK(replicas("batch/v1", "Job", R"("completions":5,)") == 1);
  CHECK(replicas("batch/v1", "Job", R"("parallelism":8,"completions":3,)") == 3);
}

TEST_CASE("a kind is known by its group and name, whatever the version") {
  CHECK(findKind("apps/v9", "Deployment") != nullptr);
  CHECK(findKind("v1", "Pod") != nullptr);
  CHECK(findKind("example.com/v1", "Deployment") == nullptr);
  CHECK(findKind("v1", "Deployment") == nullptr);
  CHECK(findKind("apps/v1", "Pod") == nullptr);
  CHECK(findKind("apps/v1", "deployment") == nullptr);
  CHECK(findKind("", "") == nullptr);
  CHECK(groupOf("batch/v1") == "batch");
  CHECK(groupOf("v1") == "");
  CHECK(isKnownKindName("CronJob"));
  CHECK(!isKnownKindName("Cronjob"));
  CHECK(isKnownKindName("InferenceService"));
  CHECK(!isKnownKindName("inferenceservice"));
}

TEST_CASE("no two rows are for the same kind, and their pointers are pointers") {
  std::set<std::pair<std::string_view, std::string_view>> seen;
  for (const Kind& kind : kinds()) {
    CAPTURE(kind.kind);
    CHECK(seen.emplace(kind.group, kind.kind).second);
    if (kind.group == kDeviceGroup) continue;  // claims run nothing
    for (const PodPlace& place : kind.places) {
      CHECK(place.podSpec.starts_with("/spec"));
      const auto stars = [](std::string_view pointer) { return std::count(pointer.begin(), pointer.end(), '*'); };
      CHECK((place.metadata.empty() || stars(place.metadata) <= stars(place.podSpec)));
    }
    CHECK(kind.custom == !kind.source.empty());
    CHECK((kind.plural.empty() || !kind.version.empty()));
  }
}

TEST_CASE("a Ray cluster has workers in groups and a head, and a RayService tells its GPU workers what they serve") {
  const std::string cluster =
      R"("headGroupSpec":{"template":{"spec":{"containers":[{"name":"head"}]}}},)"
      R"("workerGroupSpecs":[{"replicas":2,"numOfHosts":3,"template":{"metadata":{"annotations":{"a":"b"}},"spec":{"containers":[)"
      R"({"name":"gpu","resources":{"limits":{"nvidia.com/gpu":"1"}}},{"name":"log"}]}}},)"
      R"({"template":{"spec":{"containers":[{"name":"cpu"}]}}}])";
  const std::string serve =
      R"("serveConfigV2":"applications:\n- args:\n    llm_configs:\n    - model_loading_config: {model_id: q, model_source: Qwen/Qwen3-8B}\n)"
      R"(      engine_kwargs: {max_model_len: 8192, enforce_eager: true, speculative_config: {method: ngram}, seed: null}\n)"
      R"(      lora_config: {max_num_adapters_per_replica: 4}\n- args: {model: Qwen/Qwen3-4B, tensor-parallel-size: 2}\n",)";
  struct Row {
    const char* kind;
    std::string spec;
    const char* pointer;
    bool serves;
  };
  for (const Row& row : {Row{"RayCluster", cluster, "/spec", false},
                         Row{"RayService", serve + R"("rayClusterConfig":{)" + cluster + "}", "/spec/rayClusterConfig", true},
                         Row{"RayJob", R"("rayClusterSpec":{)" + cluster + "}", "/spec/rayClusterSpec", false}}) {
    CAPTURE(row.kind);
    const Workload read = readText(std::string(R"({"apiVersion":"ray.io/v1","kind":")") + row.kind + R"(","spec":{)" + row.spec + "}}");
    REQUIRE(read.kind != nullptr);
    CHECK(malformedText(read) == "");
    REQUIRE(read.templates.size() == 3);
    CHECK(read.templates[0].pointer == std::string(row.pointer) + "/workerGroupSpecs/0/template/spec");
    CHECK(read.templates[0].metadataPointer == std::string(row.pointer) + "/workerGroupSpecs/0/template/metadata");
    CHECK(read.templates[0].replicas == 6);
    CHECK(read.templates[0].multiPodGroup);
    CHECK(read.templates[1].replicas == 1);
    CHECK(read.templates[2].pointer == std::string(row.pointer) + "/headGroupSpec/template/spec");
    CHECK(read.templates[2].replicas == 1);
    const auto& told = read.templates[0].containers[0].invocation.told;
    CHECK(told.size() == (row.serves ? 2 : 0));
    CHECK(read.templates[0].containers[1].invocation.told.empty());
    CHECK(read.templates[2].containers[0].invocation.told.empty());
    if (!row.serves) continue;
    CHECK(told[0].model == "Qwen/Qwen3-8B");
    CHECK(told[0].adapters);
    CHECK(told[0].words == std::vector<std::string>{"--max_model_len=8192", "--enforce_eager=true", R"(--speculative_config={"method":"ngram"})"});
    CHECK(told[1].model == "Qwen/Qwen3-4B");
  }
}

TEST_CASE("a serveConfigV2 that cannot be read is reported, and nothing is claimed of it") {
  for (const char* text : {R"("a: [")", R"("- a\n---\n- b")", "7", R"("applications: 5")", R"("applications: [{args: {llm_configs: [x, {}]}}]")"}) {
    CAPTURE(text);
    const Workload read = readText(std::string(R"({"apiVersion":"ray.io/v1","kind":"RayService","spec":{"serveConfigV2":)") + text +
                                   R"(,"rayClusterConfig":{"workerGroupSpecs":[{"template":{"spec":{"containers":[{"name":"w","resources":{"limits":{"nvidia.com/gpu":"1"}}}]}}}]}}})");
    REQUIRE(read.templates.size() == 1);
    for (const auto& told : read.templates[0].containers[0].invocation.told) CHECK(told.model.empty());
  }
  const Workload broken = readText(R"({"apiVersion":"ray.io/v1","kind":"RayService","spec":{"serveConfigV2":"a: ["}})");
  CHECK(malformedText(broken).find("/spec/serveConfigV2") != std::string::npos);
}
