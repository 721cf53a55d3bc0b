#include "workload/pod_template.hpp"

#include "workload/read_pod.hpp"
#include "written.hpp"

using namespace rightslice;
using namespace rightslice::workload;

namespace {

// As JobSet and Dynamo have it (facts of the field: jobset_types.go; spec.services is a map).
constexpr PodPlace kJobs[] = {{"/spec/replicatedJobs/*/template/spec/template/spec", "/spec/replicatedJobs/*/template/spec/template/metadata",
                               "/spec/replicatedJobs/*/replicas /spec/replicatedJobs/*/template/spec/parallelism"}};
constexpr Kind kJobSet = {.group = "jobset.x-k8s.io", .kind = "JobSet", .places = kJobs, .multiPodGroup = true};
constexpr PodPlace kServicePods[] = {{"/spec/services/*/extraPodSpec", "", "/spec/services/*/replicas"}};
constexpr Kind kServices = {.group = "nvidia.com", .kind = "Graph", .places = kServicePods};

std::vector<PodTemplate> templatesOf(const Kind& kind, std::string_view text, std::vector<Error>& malformed) {
  const json::Document document = parsed(text);
  Reading reading(malformed);
  return readTemplates(reading.root(document.root()), kind);
}

}  // namespace

TEST_CASE("a star in a kind's pointers stands for each element in turn") {
  std::vector<Error> malformed;
  const auto pods = templatesOf(kJobSet, R"({"spec":{"replicatedJobs":[
      {"replicas":2,"template":{"spec":{"parallelism":4,"template":{"metadata":{"annotations":{"k":"first"}},"spec":{"containers":[{"name":"a"}]}}}}},
      {"template":{"spec":{}}},
      {"template":{"spec":{"template":{"spec":{"containers":[{"name":"b"}]}}}}}]}})", malformed);
  REQUIRE(pods.size() == 2);
  CHECK(malformed.empty());
  CHECK(pods[0].pointer == "/spec/replicatedJobs/0/template/spec/template/spec");
  CHECK(pods[0].metadataPointer == "/spec/replicatedJobs/0/template/spec/template/metadata");
  CHECK(*pods[0].annotation("k") == "first");
  CHECK(pods[0].replicas == 8);
  CHECK(pods[0].multiPodGroup);
  CHECK(pods[1].pointer == "/spec/replicatedJobs/2/template/spec/template/spec");
  CHECK(!pods[1].metadataExists);
  CHECK(pods[1].replicas == 1);
  CHECK(pods[1].containers[0].pointer == "/spec/replicatedJobs/2/template/spec/template/spec/containers/0");
}

TEST_CASE("a star over an object stands for each member, with its name escaped") {
  std::vector<Error> malformed;
  const auto pods = templatesOf(kServices, R"({"spec":{"services":{"a/b":{"replicas":3,"extraPodSpec":{}},"~":{"extraPodSpec":{}}}}})", malformed);
  REQUIRE(pods.size() == 2);
  CHECK(pods[0].pointer == "/spec/services/a~1b/extraPodSpec");
  CHECK(pods[0].replicas == 3);
  CHECK(pods[0].metadataPointer == "");
  CHECK(!pods[0].metadataExists);
  CHECK(pods[1].pointer == "/spec/services/~0/extraPodSpec");
  CHECK(pods[1].replicas == 1);
}

TEST_CASE("what is no list under a star is reported once") {
  std::vector<Error> malformed;
  CHECK(templatesOf(kJobSet, R"({"spec":{"replicatedJobs":"two"}})", malformed).empty());
  REQUIRE(malformed.size() == 1);
  CHECK(malformed[0].where == "/spec/replicatedJobs");
  CHECK(malformed[0].message == "expected an array, found string");
}

TEST_CASE("an object without a pod spec has no templates") {
  for (const char* spec : {"", R"(,"spec":null)", R"(,"spec":{})", R"(,"spec":{"template":null})", R"(,"spec":{"template":{}})",
                           R"(,"spec":{"template":{"spec":null}})"}) {
    CAPTURE(spec);
    const Workload read = readText(std::string(R"({"apiVersion":"apps/v1","kind":"Deployment")") + spec + "}");
    CHECK(read.kind != nullptr);
    CHECK(read.templates.empty());
    CHECK(read.malformed.empty());
  }
}

TEST_CASE("a patch can tell whether metadata and annotations are there") {
  struct Row {
    const char* metadata;
    bool exists, annotations;
  };
  for (const Row& row : {Row{"", false, false}, Row{R"("metadata":null,)", false, false}, Row{R"("metadata":{},)", true, false},
                         Row{R"("metadata":{"annotations":null},)", true, false},
                         Row{R"("metadata":{"annotations":{}},)", true, true}}) {
    CAPTURE(row.metadata);
    const Workload read = readText(std::string(R"({"apiVersion":"apps/v1","kind":"Deployment","spec":{"template":{)") + row.metadata + R"("spec":{}}}})");
    REQUIRE(read.templates.size() == 1);
    CHECK(read.templates[0].metadataPointer == "/spec/template/metadata");
    CHECK(read.templates[0].metadataExists == row.exists);
    CHECK(read.templates[0].annotationsExist == row.annotations);
  }
}

TEST_CASE("containers come first, then init containers and sidecars; ephemeral ones are no part of it") {
  const PodTemplate pod = podOf(R"({"initContainers":[{"name":"i"},{"name":"s","restartPolicy":"Always"}],
      "ephemeralContainers":[{"name":"e","resources":{"limits":{"nvidia.com/gpu":1}}}],"containers":[{"name":"a"},{"name":"b"}]})").templates.at(0);
  std::string order;
  for (const Container& each : pod.containers) order += each.name + (each.init ? ":init " : each.sidecar ? ":sidecar " : " ");
  CHECK(order == "a b i:init s:sidecar ");
  CHECK(pod.containers[2].pointer == "/spec/initContainers/0");
  CHECK(pod.containers[3].pointer == "/spec/initContainers/1");
}

TEST_CASE("another sharing system is known by annotation or label, of the object for a Pod") {
  const auto system = [](const std::string& object) { return readText(object).templates.at(0).sharingSystem; };
  CHECK(system(R"({"apiVersion":"v1","kind":"Pod","metadata":{"annotations":{"gpu-fraction":"0.5"}},"spec":{}})") == "KAI");
  CHECK(system(R"({"apiVersion":"v1","kind":"Pod","metadata":{"labels":{"gpu-memory":"2000"}},"spec":{}})") == "KAI");
  CHECK(system(R"({"apiVersion":"v1","kind":"Pod","metadata":{"annotations":{"other":"1"}},"spec":{}})") == "");
  const std::string deployment = R"({"apiVersion":"apps/v1","kind":"Deployment",)";
  CHECK(system(deployment + R"("spec":{"template":{"metadata":{"annotations":{"nvidia.com/vgpu-mode":"mig"}},"spec":{}}}})") == "HAMi");
  CHECK(system(deployment + R"("metadata":{"annotations":{"gpu-fraction":"0.5"}},"spec":{"template":{"spec":{}}}})") == "");
}

TEST_CASE("runtime class, host paths and claims are read of the pod") {
  const PodTemplate pod = podOf(R"({"runtimeClassName":"nvidia-cdi","resourceClaims":[{"name":"gpu","resourceClaimTemplateName":"t"}],
      "volumes":[{"name":"dev","hostPath":{"path":"/dev/nvidia0"}},{"name":"tmp","emptyDir":{}},{"name":"etc","hostPath":{"path":"/etc"}}],
      "containers":[{"name":"c","volumeMounts":[{"name":"dev","mountPath":"/d"},{"name":"tmp","mountPath":"/t"}],
        "resources":{"claims":[{"name":"gpu"}]},"securityContext":{"privileged":true}},{"name":"d"}]})").templates.at(0);
  CHECK(pod.nvidiaRuntimeClass);
  CHECK(pod.hostPaths == std::vector<std::string>{"/dev/nvidia0", "/etc"});
  CHECK(pod.claims == std::vector<PodClaim>{{"gpu", "t", ""}});
  CHECK(pod.containers[0].hostPaths == std::vector<std::string>{"/dev/nvidia0"});
  CHECK(pod.containers[0].claims == std::vector<ContainerClaim>{{"gpu", "", "/spec/containers/0/resources/claims/0"}});
  CHECK(pod.containers[0].privileged);
  CHECK(pod.containers[1].hostPaths.empty());
  CHECK(!pod.containers[1].privileged);
  CHECK(!podOf(R"({"runtimeClassName":"gvisor"})").templates.at(0).nvidiaRuntimeClass);
}
