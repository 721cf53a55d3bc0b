#include "app/cluster_objects.hpp"

#include <doctest/doctest.h>

#include "json/document.hpp"

using namespace rightslice;
using namespace rightslice::app;

namespace {

/// A reading of an object that lives as long as the call.
template <class Read>
auto of(std::string_view text, Read read) {
  const auto document = json::Document::parse(text);
  REQUIRE(document);
  return read(document->root());
}

std::optional<PolicyObject> slicePolicy(json::View object) { return readPolicyObject(object, "slicepolicies", "SlicePolicy"); }

}  // namespace

TEST_CASE("a policy is kept as its author wrote it") {
  const auto object = of(R"({"apiVersion":"rightslice.io/v1alpha1","kind":"SlicePolicy",
      "metadata":{"name":"default","namespace":"team-a","uid":"u","generation":3,"creationTimestamp":"2026-05-01T00:00:00Z","labels":{"a":"b"},
                  "managedFields":[{"manager":"kubectl"}],"annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{}"}},
      "spec":{"mode":"audit","gpus":["H100"]},
      "status":{"conditions":[{"type":"Other"},{"type":"Accepted","status":"True","reason":"Accepted","message":"in force",
                               "lastTransitionTime":"2026-05-01T00:00:01Z","observedGeneration":2}]}})",
                         slicePolicy);
  REQUIRE(object);
  CHECK(object->place() == "slicepolicies.rightslice.io/team-a/default");
  CHECK(object->uid == "u");
  CHECK(object->generation == 3);
  CHECK(object->text ==
        "apiVersion: rightslice.io/v1alpha1\nkind: SlicePolicy\nmetadata:\n  name: default\n  namespace: team-a\n"
        "  creationTimestamp: \"2026-05-01T00:00:00Z\"\nspec:\n  mode: audit\n  gpus:\n  - H100\n");
  REQUIRE(object->condition);
  CHECK(*object->condition == Condition{true, "Accepted", "in force", "2026-05-01T00:00:01Z", 2});
  // An item of a list names neither kind nor version.
  CHECK(of(R"({"metadata":{"name":"x"}})", slicePolicy)->text == "apiVersion: rightslice.io/v1alpha1\nkind: SlicePolicy\nmetadata:\n  name: x\n");
  CHECK(of("[]", slicePolicy)->place() == "slicepolicies.rightslice.io/");
}

TEST_CASE("nodes with GPUs, and those that only say so") {
  const auto node = of(R"({"metadata":{"name":"gpu-1","labels":{"nvidia.com/gpu.product":"NVIDIA-H100-80GB-HBM3","pool":"a","bad":1}},
      "status":{"capacity":{"nvidia.com/mig-1g.10gb":"9"},"allocatable":{"cpu":"8","nvidia.com/mig-1g.10gb":"7","nvidia.com/mig-2g.20gb":0,
                "nvidia.com/gpu":"-1","nvidia.com/mig-3g.40gb":"500m","nvidia.com/mig-7g.80gb":[]}}})",
                       readNode);
  REQUIRE(node);
  CHECK(node->name == "gpu-1");
  CHECK(node->labels == workload::StringMap{{"nvidia.com/gpu.product", "NVIDIA-H100-80GB-HBM3"}, {"pool", "a"}});
  CHECK(node->allocatable == Counts{{"nvidia.com/mig-1g.10gb", 7}, {"nvidia.com/mig-2g.20gb", 0}});
  CHECK(of(R"({"metadata":{"name":"n","labels":{"cloud.google.com/gke-accelerator":"nvidia-h100-80gb"}}})", readNode));
  CHECK_FALSE(of(R"({"metadata":{"name":"n","labels":{"pool":"a"}},"status":{"allocatable":{"cpu":"8"}}})", readNode));
  CHECK_FALSE(of("7", readNode));
}

TEST_CASE("what a pod holds on its node") {
  const auto use = [](const std::string& spec, const char* phase = "Running") {
    return of(R"({"metadata":{"name":"p"},"spec":)" + spec + R"(,"status":{"phase":")" + phase + "\"}}", readPodUse);
  };
  const auto container = [](const char* count, const char* more = "") {
    return std::string(R"({"name":"c","resources":{"limits":{"cpu":"1","nvidia.com/gpu":")") + count + "\"}}" + more + "}";
  };
  const auto counts = [&](const std::string& inits, const std::string& containers) {
    return use(R"({"nodeName":"n","initContainers":[)" + inits + R"(],"containers":[)" + containers + "]}")->counts.at("nvidia.com/gpu");
  };
  CHECK(use(R"({"nodeName":"n","containers":[)" + container("2") + "]}")->node == "n");
  CHECK(counts("", container("2") + "," + container("1")) == 3);
  CHECK(counts(container("5"), container("2")) == 5);
  CHECK(counts(container("1", R"(,"restartPolicy":"Always")"), container("2")) == 3);
  // The init container runs beside the sidecar before it, not beside the one after it.
  const std::string sidecar = container("2", R"(,"restartPolicy":"Always")");
  CHECK(counts(sidecar + "," + container("4") + "," + sidecar, container("1")) == 6);
  CHECK(use(R"({"nodeName":"n","containers":[{"resources":{"requests":{"nvidia.com/mig-1g.10gb":1}}}]})")->counts == Counts{{"nvidia.com/mig-1g.10gb", 1}});
  CHECK(counts("", container("9223372036854775807") + "," + container("9223372036854775807")) > 0);
  CHECK_FALSE(use(R"({"containers":[)" + container("2") + "]}"));
  CHECK_FALSE(use(R"({"nodeName":"n","containers":[)" + container("2") + "]}", "Succeeded"));
  CHECK_FALSE(use(R"({"nodeName":"n","containers":[)" + container("2") + "]}", "Failed"));
  CHECK_FALSE(use(R"({"nodeName":"n","containers":[)" + container("0") + "]}"));
  CHECK_FALSE(use("[]"));
}

TEST_CASE("labels of a namespace have its name") {
  CHECK(*of(R"({"kind":"PartialObjectMetadata","metadata":{"name":"team-a","labels":{"tier":"gold"}}})", readNamespaceLabels) ==
        workload::StringMap{{"kubernetes.io/metadata.name", "team-a"}, {"tier", "gold"}});
}
