#include "workload/kind.hpp"

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
  CHECK(!isKnownKindName("InferenceService"));
}

TEST_CASE("no two rows are for the same kind, and their pointers are pointers") {
  std::set<std::pair<std::string_view, std::string_view>> seen;
  for (const Kind& kind : kinds()) {
    CAPTURE(kind.kind);
    CHECK(seen.emplace(kind.group, kind.kind).second);
    CHECK(kind.podSpec.starts_with("/spec"));
    CHECK(kind.metadata.ends_with("/metadata"));
  }
}
