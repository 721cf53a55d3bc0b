#include "workload/workload.hpp"

#include "workload/list.hpp"
#include "written.hpp"

using namespace rightslice;
using namespace rightslice::workload;

TEST_CASE("an object's own data is read") {
  const Workload read = readText(R"({"apiVersion":"apps/v1","kind":"ReplicaSet","metadata":{"name":"n","namespace":"team-a","uid":"u",
      "labels":{"l":"1"},"annotations":{"a":"2"},"deletionTimestamp":"2026-01-01T00:00:00Z",
      "ownerReferences":[{"kind":"Other","name":"o"},{"apiVersion":"apps/v1","kind":"Deployment","name":"d","uid":"du","controller":true}]}})");
  CHECK(read.ns == "team-a");
  CHECK(read.name == "n");
  CHECK(read.uid == "u");
  CHECK(*read.label("l") == "1");
  CHECK(*read.annotation("a") == "2");
  CHECK(read.deleting);
  CHECK(!read.mirrorPod);
  REQUIRE(read.controller);
  CHECK(read.controller->apiVersion == "apps/v1");
  CHECK(read.controller->kind == "Deployment");
  CHECK(read.controller->name == "d");
  CHECK(read.controller->uid == "du");
}

TEST_CASE("a missing namespace is the caller's default, a missing name the generateName") {
  const Workload read = readText(R"({"apiVersion":"v1","kind":"Pod","metadata":{"generateName":"chat-"}})", "team-b");
  CHECK(read.ns == "team-b");
  CHECK(read.name == "chat-");
  CHECK(!read.controller);
  CHECK(!read.deleting);
  CHECK(readText(R"({"apiVersion":"v1","kind":"Pod","metadata":{"namespace":"","name":"x","generateName":"chat-"}})").ns == "default");
  CHECK(readText(R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"x","generateName":"chat-"}})").name == "x");
}

TEST_CASE("a manifest cannot say of itself that it is being deleted") {
  CHECK(!readText(R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","deletionTimestamp":"2026-01-01T00:00:00Z"}})").deleting);
}

TEST_CASE("only a Pod can be a mirror pod") {
  const std::string metadata = R"("metadata":{"annotations":{"kubernetes.io/config.mirror":"h"}}})";
  CHECK(readText(R"({"apiVersion":"v1","kind":"Pod",)" + metadata).mirrorPod);
  CHECK(!readText(R"({"apiVersion":"apps/v1","kind":"Deployment",)" + metadata).mirrorPod);
}

TEST_CASE("parts of the wrong type are absent and reported with their place") {
  struct Row {
    const char* object;
    const char* malformed;
  };
  const char* const wanted = R"({"apiVersion":"apps/v1","kind":"Deployment",)";
  for (const Row& row : {
           Row{R"("metadata":"x"})", "/metadata: expected an object, found string\n"},
           Row{R"("metadata":{"labels":["a"],"annotations":{"a":1,"b":null,"c/d":false},"name":7}})",
               "/metadata/name: expected a string, found 7\n/metadata/labels: expected an object, found array\n"
               "/metadata/annotations/a: expected a string (in quotes), found 1\n"
               "/metadata/annotations/c~1d: expected a string (in quotes), found boolean\n"},
           Row{R"("metadata":{"ownerReferences":[null,{"controller":"true"}]}})",
               "/metadata/ownerReferences/0: expected an object, found null\n"
               "/metadata/ownerReferences/1/controller: expected true or false, found string\n"},
           Row{R"("spec":[1]})", "/spec: expected an object, found array\n"},
           Row{R"("spec":{"template":{"spec":"x"}}})", "/spec/template/spec: expected an object, found string\n"},
           Row{R"("spec":{"replicas":"3","template":{"spec":{"containers":{"a":1}}}}})",
               "/spec/template/spec/containers: expected an array of objects, found object\n"
               "/spec/replicas: expected a whole number from 0 to 2147483647, found string\n"},
           Row{R"("spec":{"replicas":-1,"template":{"metadata":1,"spec":{"containers":["c"]}}}})",
               "/spec/template/metadata: expected an object, found 1\n"
               "/spec/template/spec/containers/0: expected an object, found string\n"
               "/spec/replicas: expected a whole number from 0 to 2147483647, found -1\n"},
           Row{R"("spec":{"replicas":1.5,"template":{"spec":{"containers":[{"resources":"big"}]}}}})",
               "/spec/template/spec/containers/0/resources: expected an object, found string\n"
               "/spec/replicas: expected a whole number from 0 to 2147483647, found 1.5\n"},
           Row{R"("spec":{"template":{"spec":{"containers":[{"resources":{"limits":["nvidia.com/gpu"]}}]}}}})",
               "/spec/template/spec/containers/0/resources/limits: expected an object, found array\n"},
       }) {
    CAPTURE(row.object);
    CHECK(malformedText(readText(std::string(wanted) + row.object)) == row.malformed);
  }
}

TEST_CASE("null is absent without a word") {
  const Workload read = readText(R"({"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":null,"labels":null,"annotations":null,"ownerReferences":null,
      "deletionTimestamp":null},"spec":{"replicas":null,"template":{"metadata":null,"spec":{"containers":[{"name":null,"args":null,"env":null,
      "resources":{"limits":null}}],"initContainers":null,"nodeSelector":null,"affinity":null,"volumes":null}}}})");
  CHECK(malformedText(read) == "");
  CHECK(!read.deleting);
}

TEST_CASE("what is no object at all is an unknown kind") {
  for (const char* text : {"null", "1", "\"Pod\"", "[{\"kind\":\"Pod\"}]"}) {
    CAPTURE(text);
    const Workload read = readText(text);
    CHECK(read.kind == nullptr);
    CHECK(read.templates.empty());
    CHECK(read.ns == "default");
    CHECK(read.malformed.size() == (std::string(text) == "null" ? 0 : 1));
  }
}

TEST_CASE("in an unknown kind the first GPU key in document order is found") {
  struct Row {
    const char* object;
    const char* pointer;
  };
  for (const Row& row : {
           Row{R"({"kind":"InferenceService","spec":{"predictor":{"model":{"resources":{"limits":{"cpu":1,"nvidia.com/mig-1g.10gb":1}}}}}})",
               "/spec/predictor/model/resources/limits/nvidia.com~1mig-1g.10gb"},
           Row{R"({"kind":"X","a":[{"b":1},[{"nvidia.com/gpu":{"nvidia.com/gpu.shared":1}}]],"nvidia.com/gpu":2})", "/a/1/0/nvidia.com~1gpu"},
           Row{R"({"kind":"X","note":"nvidia.com/gpu","list":["nvidia.com/gpu"]})", ""},
           Row{R"({"kind":"Deployment","apiVersion":"example.com/v1","spec":{"nvidia.com/gpu":1}})", "/spec/nvidia.com~1gpu"},
           Row{R"({"kind":"X","m":{"a/b":{"c~d":{"nvidia.com/mig1g.5gb":1}}}})", "/m/a~1b/c~0d/nvidia.com~1mig1g.5gb"},
           Row{R"([{"nvidia.com/gpu":1}])", "/0/nvidia.com~1gpu"},
           Row{R"({"kind":"X"})", ""},
       }) {
    CAPTURE(row.object);
    const Workload read = readText(row.object);
    CHECK(read.kind == nullptr);
    CHECK(read.gpuKeyPointer == row.pointer);
    CHECK(read.asksForGpu() == !read.gpuKeyPointer.empty());
  }
}

TEST_CASE("a workload asks for a GPU by any GPU resource but a zero") {
  const auto asks = [](const std::string& resources) {
    return podOf(R"({"containers":[{"name":"a"}],"initContainers":[{"name":"c","resources":)" + resources + "}]}").asksForGpu();
  };
  CHECK(asks(R"({"limits":{"nvidia.com/gpu":1}})"));
  CHECK(asks(R"({"requests":{"nvidia.com/mig-3g.40gb":"1"}})"));
  CHECK(asks(R"({"limits":{"nvidia.com/gpu":"lots"}})"));
  CHECK(!asks(R"({"limits":{"nvidia.com/gpu":0}})"));
  CHECK(!asks(R"({"limits":{"nvidia.com/gpu":"0m"}})"));
  CHECK(!asks(R"({"limits":{"cpu":1,"amd.com/gpu":1}})"));
}

TEST_CASE("the items of lists are numbered through, lists within lists taken apart") {
  const auto numbers = [](std::string_view text) {
    const json::Document document = parsed(text);
    std::string out;
    for (const auto& [view, item] : items(document.root())) out += std::string(view["name"].stringOr(view.typeName())) + std::to_string(item) + " ";
    return out;
  };
  CHECK(numbers(R"({"kind":"Pod","name":"p"})") == "p0 ");
  CHECK(numbers(R"({"kind":"List","items":[{"name":"a"},{"name":"b"}]})") == "a1 b2 ");
  CHECK(numbers(R"({"kind":"DeploymentList","items":[{"name":"a"}]})") == "a1 ");
  CHECK(numbers(R"({"kind":"List","items":[{"name":"a"},{"kind":"PodList","items":[{"name":"b"},{"kind":"List","items":[]},{"name":"c"}]},7,{"name":"d"}]})") ==
        "a1 b2 c3 number4 d5 ");
  CHECK(numbers(R"({"kind":"List","items":[]})") == "");
  CHECK(numbers(R"({"kind":"List","items":{"name":"a"},"name":"l"})") == "l0 ");
  CHECK(numbers(R"({"kind":"Playlist2","items":[],"name":"l"})") == "l0 ");
  CHECK(numbers("3") == "number0 ");
}

TEST_CASE("of very many parts that are malformed the first are named, and the last of these says that there may be more") {
  std::string words;
  for (int i = 0; i < 5000; ++i) words += (i > 0 ? "," : "") + std::string("1");
  const Workload pod = podOf(R"({"containers":[{"name":"a","args":[)" + words + R"(]}]})");
  REQUIRE(pod.malformed.size() == 200);
  CHECK(pod.malformed[0].where == "/spec/containers/0/args/0");
  CHECK(pod.malformed[0].message == "expected a string, found 1");
  CHECK(pod.malformed[199].where == "/spec/containers/0/args/199");
  CHECK(pod.malformed[199].message == "expected a string, found 1; more such parts may follow, which are not named");
  CHECK(pod.templates[0].containers[0].invocation.args.size() == 5000);
}
