#include "workload/pod_template.hpp"
#include "written.hpp"

using namespace rightslice::workload;

namespace {

using Terms = std::vector<std::optional<std::vector<std::string>>>;

NodeSelection affinityOf(const std::string& terms) {
  return podOf(R"({"affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":)" + terms + "}}}}")
      .templates.at(0)
      .nodes;
}

std::string product(const std::string& op, const std::string& values) {
  return R"({"key":"nvidia.com/gpu.product","operator":")" + op + R"(","values":)" + values + "}";
}

}  // namespace

TEST_CASE("the four labels are read of the nodeSelector, and all of it is kept") {
  const NodeSelection nodes = podOf(R"({"nodeSelector":{"nvidia.com/gpu.product":"A","cloud.google.com/gke-accelerator":"B",
      "cloud.google.com/gke-gpu-partition-size":"C","cloud.google.com/gke-gpu-sharing-strategy":"D","pool":"x"}})").templates.at(0).nodes;
  CHECK(nodes.product.selector == "A");
  CHECK(nodes.gkeAccelerator.selector == "B");
  CHECK(nodes.gkePartition.selector == "C");
  CHECK(nodes.gkeSharing.selector == "D");
  CHECK(!nodes.product.hasAffinity);
  CHECK(nodes.product.terms.empty());
  CHECK(nodes.nodeSelector.size() == 5);
}

TEST_CASE("terms of required affinity are alternatives, each with its In values or nothing") {
  struct Row {
    std::string terms;
    Terms expected;
  };
  for (const Row& row : {
           Row{R"([{"matchExpressions":[)" + product("In", R"(["A","B"])") + "]}]", Terms{{{"A", "B"}}}},
           Row{R"([{"matchExpressions":[)" + product("In", R"(["A"])") + R"(]},{"matchExpressions":[]}])", Terms{{{"A"}}, {}}},
           Row{R"([{"matchExpressions":[)" + product("NotIn", R"(["A"])") + "]}]", Terms{{}}},
           Row{R"([{"matchExpressions":[)" + product("Exists", "null") + "]}]", Terms{{}}},
           Row{R"([{"matchExpressions":[)" + product("In", R"(["A","B","C"])") + "," + product("In", R"(["C","A","D"])") + "]}]",
               Terms{{{"A", "C"}}}},
           Row{R"([{"matchExpressions":[)" + product("In", R"(["A"])") + "," + product("In", R"(["B"])") + "]}]",
               Terms{{std::vector<std::string>{}}}},
           Row{R"([{"matchFields":[{"key":"metadata.name","operator":"In","values":["n"]}]}])", Terms{{}}},
           Row{"[]", Terms{}},
           Row{"null", Terms{}},
           // A value that cannot be read must not narrow the set.
           Row{R"([{"matchExpressions":[)" + product("In", R"(["A",7])") + "]}]", Terms{{}}},
           Row{R"(["broken",{"matchExpressions":[)" + product("In", R"(["A"])") + "]}]", Terms{{}, {{"A"}}}},
       }) {
    CAPTURE(row.terms);
    const NodeSelection nodes = affinityOf(row.terms);
    CHECK(nodes.product.hasAffinity);
    CHECK(nodes.product.terms == row.expected);
    CHECK(nodes.gkePartition.terms.size() == row.expected.size());
    CHECK(!nodes.product.selector);
  }
}

TEST_CASE("labels share the terms: what one names and another does not stays apart") {
  const NodeSelection nodes = affinityOf(R"([{"matchExpressions":[{"key":"cloud.google.com/gke-accelerator","operator":"In","values":["nvidia-b200"]}]}])");
  CHECK(nodes.product.terms == Terms{{}});
  CHECK(nodes.gkeAccelerator.terms == Terms{{{"nvidia-b200"}}});
}

TEST_CASE("labels of machines share them too, and are there only where they are named") {
  const NodeSelection nodes = affinityOf(R"([{"matchExpressions":[{"key":"zone","operator":"In","values":["a"]}]},
      {"matchExpressions":[{"key":"node.kubernetes.io/instance-type","operator":"In","values":["g5.xlarge"]}]}])");
  REQUIRE(nodes.machine.size() == 1);
  CHECK(nodes.machine[0].first == "node.kubernetes.io/instance-type");
  CHECK(nodes.machine[0].second.terms == Terms{{}, {{"g5.xlarge"}}});
  const NodeSelection selected = podOf(R"({"nodeSelector":{"karpenter.k8s.aws/instance-gpu-name":"l4"}})").templates.at(0).nodes;
  REQUIRE(selected.machine.size() == 1);
  CHECK(selected.machine[0].second.selector == "l4");
}

TEST_CASE("preferred affinity is no selection") {
  const NodeSelection nodes = podOf(R"({"affinity":{"nodeAffinity":{"preferredDuringSchedulingIgnoredDuringExecution":[{"weight":1,
      "preference":{"matchExpressions":[{"key":"nvidia.com/gpu.product","operator":"In","values":["A"]}]}}]}}})").templates.at(0).nodes;
  CHECK(!nodes.product.hasAffinity);
  CHECK(nodes.product.terms.empty());
}
