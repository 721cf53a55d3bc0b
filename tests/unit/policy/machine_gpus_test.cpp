#include "policy/machine_gpus.hpp"

#include <doctest/doctest.h>

#include <string_view>

#include "gpu/catalogue.hpp"

using namespace rightslice;
using namespace rightslice::policy;

namespace {

constexpr std::string_view kType = "node.kubernetes.io/instance-type", kName = "karpenter.k8s.aws/instance-gpu-name";

}  // namespace

TEST_CASE("a machine whose GPUs can be cut is one of the catalogue's products, by its title") {
  const std::pair<std::string_view, std::string_view> machines[] = {
      {kType, "p4d.24xlarge"}, {kType, "p4de.24xlarge"}, {kType, "p5.48xlarge"}, {kType, "p5e.48xlarge"}, {kType, "p5en.48xlarge"},
      {kType, "p6-b200.48xlarge"}, {kType, "p6e-gb200.36xlarge"}, {kType, "a2-highgpu-1g"}, {kType, "a2-megagpu-16g"}, {kType, "a2-ultragpu-8g"},
      {kType, "a3-highgpu-8g"}, {kType, "a3-megagpu-8g"}, {kType, "a3-ultragpu-8g"}, {kType, "a4-highgpu-8g"}, {kType, "a4x-highgpu-4g"},
      {kType, "g4-standard-48"}, {kType, "Standard_NC24ads_A100_v4"}, {kType, "Standard_ND96asr_v4"}, {kType, "Standard_ND96amsr_A100_v4"},
      {kType, "Standard_NC40ads_H100_v5"}, {kType, "Standard_ND96isr_H100_v5"}, {kType, "Standard_ND96isr_H200_v5"},
      {kName, "a100"}, {kName, "h100"}, {kName, "h200"}, {kName, "b200"}, {kName, "gb200"}};
  for (const auto& [label, value] : machines) {
    CAPTURE(value);
    const MachineGpu* machine = gpuOfMachine(label, value);
    REQUIRE(machine != nullptr);
    CHECK_FALSE(machine->products.empty());
    for (const std::string_view title : machine->products) {
      CAPTURE(title);
      CHECK(gpu::Catalogue::builtIn().find(title) != nullptr);
    }
  }
}

TEST_CASE("a machine whose GPUs cannot be cut has no product, and one that nobody knows says nothing") {
  for (const std::string_view value : {"g5.2xlarge", "g6.xlarge", "g6e.xlarge", "g4dn.xlarge", "p3.2xlarge", "g2-standard-4", "Standard_NC4as_T4_v3"}) {
    CAPTURE(value);
    const MachineGpu* machine = gpuOfMachine(kType, value);
    REQUIRE(machine != nullptr);
    CHECK(machine->products.empty());
    CHECK_FALSE(machine->gpu.empty());
  }
  CHECK(gpuOfMachine(kType, "m5.large") == nullptr);
  CHECK(gpuOfMachine(kName, "p5.48xlarge") == nullptr);
}
