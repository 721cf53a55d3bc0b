// How a node should be cut by its label, against how it is.
#include <doctest/doctest.h>

#include <fmt/format.h>

#include "fixture.hpp"

using namespace rightslice;
using namespace rightslice::observe;

namespace {

std::vector<Finding> drift(std::string_view config, std::string_view state, std::string_view slices, std::string_view strategy = "mixed", int gpus = 2) {
  const Look look(fmt::format("apiVersion: v1\nkind: Node\nmetadata: {{name: n1, labels: {{nvidia.com/gpu.product: NVIDIA-H100-80GB-HBM3, nvidia.com/gpu.count: '{}', "
                              "nvidia.com/mig.strategy: {}, nvidia.com/mig.config: '{}', nvidia.com/mig.config.state: '{}'}}}}\nstatus: {{capacity: {{{}}}, allocatable: "
                              "{{{}}}, conditions: [{{type: Ready, status: 'True'}}]}}\n",
                              gpus, strategy, config, state, slices, slices));
  return look.findings(Code::Drift);
}

}  // namespace

TEST_CASE("a node that is cut as its label says has no drift") {
  CHECK(drift("all-1g.10gb", "success", "nvidia.com/mig-1g.10gb: 14").empty());
  CHECK(drift("all-3g.40gb", "success", "nvidia.com/mig-3g.40gb: 4").empty());
  CHECK(drift("all-disabled", "success", "nvidia.com/gpu: 2").empty());
  CHECK(drift("all-enabled", "success", "").empty());
  CHECK(drift("all-1g.10gb.me", "success", "nvidia.com/mig-1g.10gb.me: 2").empty());
  CHECK(drift("all-balanced", "success", "nvidia.com/mig-1g.10gb: 4, nvidia.com/mig-2g.20gb: 2, nvidia.com/mig-3g.40gb: 2").empty());
}

TEST_CASE("another cut than the label's is drift of geometry, and so is one that could not be applied") {
  const auto other = drift("all-1g.10gb", "success", "nvidia.com/mig-3g.40gb: 4");
  REQUIRE(other.size() == 1);
  CHECK(other[0].aspect == "geometry");
  CHECK(other[0].message == "geometry: all-1g.10gb means 14 1g.10gb, and the node offers 4 3g.40gb");
  CHECK(other[0].confidence == model::Confidence::Medium);
  CHECK(drift("all-1g.10gb", "success", "nvidia.com/mig-1g.10gb: 7").size() == 1);
  CHECK(drift("all-1g.10gb", "success", "nvidia.com/mig-1g.10gb: 14, nvidia.com/gpu: 1").size() == 1);
  CHECK(drift("all-disabled", "success", "nvidia.com/mig-1g.10gb: 14").size() == 1);
  const auto failed = drift("mine", "failed", "nvidia.com/gpu: 2");
  REQUIRE(failed.size() == 1);
  CHECK(failed[0].message == "geometry: mine could not be applied, and the node offers 2 whole GPUs");
  CHECK(failed[0].confidence == model::Confidence::High);
}

TEST_CASE("what a configuration of one's own means, and what is on its way, is not known") {
  CHECK(drift("mine", "success", "nvidia.com/mig-3g.40gb: 4").empty());
  CHECK(drift("all-1g.10gb", "pending", "nvidia.com/mig-3g.40gb: 4").empty());
  CHECK(drift("all-1g.10gb", "rebooting", "").empty());
  CHECK(drift("all-1g.10gb", "success", "nvidia.com/gpu: 14", "single").empty());
  CHECK(drift("", "", "nvidia.com/gpu: 2").empty());
}

TEST_CASE("the configurations that are shipped are as many slices as the catalogue says") {
  // mig-parted, deployments/systemd/config-default.yaml.
  struct Row {
    const char *product, *config;
    int slices;
  };
  const Row rows[] = {{"NVIDIA-A100-SXM4-40GB", "1g.5gb", 7},  {"NVIDIA-A100-SXM4-40GB", "1g.5gb.me", 1}, {"NVIDIA-A100-SXM4-40GB", "1g.10gb", 4},
                      {"NVIDIA-A100-SXM4-40GB", "2g.10gb", 3}, {"NVIDIA-A100-SXM4-40GB", "3g.20gb", 2},   {"NVIDIA-A100-SXM4-40GB", "7g.40gb", 1},
                      {"NVIDIA-A30", "1g.6gb", 4},             {"NVIDIA-A30", "1g.6gb.me", 1},            {"NVIDIA-A30", "2g.12gb", 2},
                      {"NVIDIA-A30", "4g.24gb", 1},            {"NVIDIA-H100-80GB-HBM3", "1g.10gb", 7},   {"NVIDIA-H100-80GB-HBM3", "1g.20gb", 4},
                      {"NVIDIA-H100-80GB-HBM3", "2g.20gb", 3}, {"NVIDIA-H100-80GB-HBM3", "4g.40gb", 1},   {"NVIDIA-H200", "1g.18gb", 7},
                      {"NVIDIA-H200", "1g.35gb", 4},           {"NVIDIA-H200", "3g.71gb", 2}};
  for (const Row& row : rows) {
    CAPTURE(row.product);
    CAPTURE(row.config);
    const auto look = [&](int slices) {
      return Look(fmt::format("apiVersion: v1\nkind: Node\nmetadata: {{name: n1, labels: {{nvidia.com/gpu.product: {0}, nvidia.com/gpu.count: '1', nvidia.com/mig.strategy: mixed, "
                              "nvidia.com/mig.config: 'all-{1}', nvidia.com/mig.config.state: success}}}}\nstatus: {{capacity: {{nvidia.com/mig-{1}: {2}}}, allocatable: "
                              "{{nvidia.com/mig-{1}: {2}}}, conditions: [{{type: Ready, status: 'True'}}]}}\n",
                              row.product, row.config, slices))
          .findings(Code::Drift)
          .size();
    };
    CHECK(look(row.slices) == 0);
    CHECK(look(row.slices + 1) == 1);
  }
}
