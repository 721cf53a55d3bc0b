#include "gpu/product_name.hpp"

#include <doctest/doctest.h>

#include <string>

#include "gpu/catalogue.hpp"

using namespace rightslice::gpu;

TEST_CASE("a name in one go is what its parts give") {
  for (const std::string text : {"", "NVIDIA", "nvidia-", "NVIDIA-H100-80GB-HBM3", "NVIDIA H100 80GB HBM3", "H100-SHARED", "-shared", "-SHARED", "a-mig-", "a-mig-x",
                                 "-mig-1g.10gb", "NVIDIA-A100-SXM4-40GB-MIG-1g.5gb", "NVIDIA-A100-SXM4-40GB-MIG-1g.5gb-SHARED", "x-mig-y-mig-z", "x-mig--shared",
                                 "x-MIG-INVALID", "nvidia-nvidia-a", "x-shared-mig-1g.5gb", "\xC3\x84-mig-\xC3\x84"}) {
    INFO(text);
    CHECK(normalisedBase(text) == ProductName::normalised(ProductName::parse(text).base));
  }
  CHECK(normalisedBase("NVIDIA-A100-SXM4-40GB-MIG-1g.5gb-SHARED") == "a100-sxm4-40gb");
}
