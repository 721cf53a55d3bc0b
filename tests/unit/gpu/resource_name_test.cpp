#include "gpu/resource_name.hpp"

#include <doctest/doctest.h>

using rightslice::gpu::isSharingAnnotation;
using rightslice::gpu::resourceFor;
using rightslice::gpu::ResourceName;
using Kind = ResourceName::Kind;

TEST_CASE("every spelling of a GPU resource is classified") {
  struct Row {
    const char* name;
    Kind kind;
    const char* profile;
    bool shared, das, dasMigPrefix;
  };
  const Row rows[] = {
      {"nvidia.com/gpu", Kind::WholeGpu, "", false, false, false},
      {"nvidia.com/gpu.shared", Kind::SharedGpu, "", true, false, false},
      {"nvidia.com/mig-3g.40gb", Kind::Slice, "3g.40gb", false, false, false},
      {"nvidia.com/mig-3g.40gb.shared", Kind::Slice, "3g.40gb", true, false, false},
      {"nvidia.com/mig-1g.10gb.me", Kind::Slice, "1g.10gb+me", false, false, false},
      {"nvidia.com/mig-1g.10gb.me.shared", Kind::Slice, "1g.10gb+me", true, false, false},
      {"nvidia.com/mig-1g.24gb.me.all", Kind::Slice, "1g.24gb+me.all", false, false, false},
      {"nvidia.com/mig-1g.24gb-me", Kind::Slice, "1g.24gb-me", false, false, false},
      {"nvidia.com/mig-1g.11gb", Kind::Slice, "1g.11gb", false, false, false},
      {"nvidia.com/mig-1c.3g.40gb", Kind::Slice, "1c.3g.40gb", false, false, false},
      {"mig.das.com/1g.10gb", Kind::DasSlice, "1g.10gb", false, true, false},
      {"mig.das.com/mig-1g.10gb.me", Kind::DasSlice, "1g.10gb+me", false, true, true},
      {"mig.das.com/oops", Kind::Misspelt, "oops", false, true, false},
      {"mig.das.com/", Kind::Misspelt, "", false, true, false},
      {"nvidia.com/mig-", Kind::Misspelt, "", false, false, false},
      {"nvidia.com/mig-3g.40", Kind::Misspelt, "3g.40", false, false, false},
      {"nvidia.com/mig-3g.40.shared", Kind::Misspelt, "3g.40", true, false, false},
      {"nvidia.com/mig-manager", Kind::Misspelt, "manager", false, false, false},
      {"nvidia.com/mig1g.5gb", Kind::Misspelt, "1g.5gb", false, false, false},
      {"nvidia.com/mig-4g.48gb+gfx", Kind::Misspelt, "4g.48gb+gfx", false, false, false},
      {"nvidia.com/mig.capable", Kind::Other, "", false, false, false},
      {"nvidia.com/mig", Kind::Other, "", false, false, false},
      {"nvidia.com/GPU", Kind::Other, "", false, false, false},
      {"cpu", Kind::Other, "", false, false, false},
      {"memory", Kind::Other, "", false, false, false},
      {"", Kind::Other, "", false, false, false},
      {"hugepages-2Mi", Kind::Other, "", false, false, false},
      {"amd.com/gpu", Kind::Other, "", false, false, false},
      {"gpu.intel.com/i915", Kind::Other, "", false, false, false},
      {"koordinator.sh/rdma", Kind::Other, "", false, false, false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const ResourceName name = ResourceName::parse(row.name);
    CHECK(name.kind == row.kind);
    CHECK(name.profile == row.profile);
    CHECK(name.shared == row.shared);
    CHECK(name.das == row.das);
    CHECK(name.dasMigPrefix == row.dasMigPrefix);
    CHECK(name.system.empty());
    CHECK(name.asksForGpu() == (row.kind != Kind::Other));
  }
}

TEST_CASE("a resource of another sharing system names that system") {
  const struct {
    const char *name, *system;
  } rows[] = {{"nvidia.com/gpumem", "HAMi"},
              {"nvidia.com/gpumem-percentage", "HAMi"},
              {"nvidia.com/gpucores", "HAMi"},
              {"nvidia.com/priority", "HAMi"},
              {"volcano.sh/vgpu-memory", "Volcano"},
              {"volcano.sh/gpu-number", "Volcano"},
              {"koordinator.sh/gpu", "Koordinator"},
              {"koordinator.sh/gpu-memory-ratio", "Koordinator"},
              {"aliyun.com/gpu-mem", "Alibaba cGPU"},
              {"aliyun.com/gpu-core.percentage", "Alibaba cGPU"},
              {"tencent.com/vcuda-core", "Tencent GPU manager"},
              {"nvidia.com/gpu-10gb", "nos"},
              {"deviceclass.resource.kubernetes.io/mig.nvidia.com", "DRA"}};
  for (const auto& row : rows) {
    CAPTURE(row.name);
    CHECK(ResourceName::parse(row.name).kind == Kind::OtherSystem);
    CHECK(ResourceName::parse(row.name).system == row.system);
  }
}

TEST_CASE("a recommendation is written in the spelling of the request") {
  const struct {
    const char *like, *profile, *expected;
  } rows[] = {{"nvidia.com/mig-3g.40gb", "1g.10gb", "nvidia.com/mig-1g.10gb"},
              {"nvidia.com/gpu", "1g.24gb+me.all", "nvidia.com/mig-1g.24gb.me.all"},
              {"nvidia.com/mig-3g.40gb.shared", "1g.24gb-me", "nvidia.com/mig-1g.24gb-me"},
              {"mig.das.com/3g.40gb", "1g.10gb+me", "mig.das.com/1g.10gb.me"},
              {"mig.das.com/mig-3g.40gb", "1g.10gb", "mig.das.com/mig-1g.10gb"},
              {"mig.das.com/mig-3g.4", "3g.40gb", "mig.das.com/mig-3g.40gb"}};
  for (const auto& row : rows) {
    CAPTURE(row.like);
    CHECK(resourceFor(row.profile, ResourceName::parse(row.like)) == row.expected);
  }
}

TEST_CASE("annotations by which a share of a GPU is taken name their system, others do not") {
  const struct {
    const char *key, *system;
  } rows[] = {{"gpu-fraction", "KAI"}, {"gpu-memory", "KAI"}, {"nvidia.com/vgpu-mode", "HAMi"}, {"hami.io/gpu-scheduler-policy", "HAMi"}};
  for (const auto& row : rows) {
    CAPTURE(row.key);
    std::string_view system;
    CHECK(isSharingAnnotation(row.key, &system));
    CHECK(system == row.system);
    CHECK(isSharingAnnotation(row.key, nullptr));
  }
  for (const char* key : {"rightslice.io/model", "nvidia.com/gpu.product", "gpu", "app", ""}) {
    CAPTURE(key);
    CHECK_FALSE(isSharingAnnotation(key, nullptr));
  }
}
