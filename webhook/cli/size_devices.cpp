#include "cli/size_devices.hpp"

#include "gpu/resource_name.hpp"

namespace rightslice::cli {

namespace {

void judge(SizedDevice& device, const model::EstimateInput& input, int headroomTenths) {
  model::EstimateInput there = input;
  there.device.memory = device.usable.bytes;
  there.device.isA100 = isA100(*device.product);
  const auto estimate = model::estimate(there);
  if (!estimate) return;
  device.freeBytes = device.usable.bytes - estimate->need.bytes;
  if (!estimate->need.high) return;
  device.fits = holdsWithHeadroom(device.usable.bytes, *estimate->need.high, headroomTenths) &&
                model::startVerdict(there, *estimate, device.usable.bytes).surely;
  if (!device.fits) device.withFlags = model::flagsThatFit(there, device.usable.bytes, headroomTenths);
}

}  // namespace

bool holdsWithHeadroom(Bytes usable, Bytes need, int headroomTenths) {
  return static_cast<Int128>(usable) * 1000 >= static_cast<Int128>(need) * (1000 + headroomTenths);
}

bool isA100(const gpu::Product& product) { return product.title.starts_with("A100") || product.title.starts_with("A800"); }

std::vector<SizedDevice> sizeSlices(const model::EstimateInput& input, const std::vector<const gpu::Product*>& products,
                                    int headroomTenths) {
  std::vector<SizedDevice> result;
  const auto plugin = gpu::ResourceName::parse("nvidia.com/gpu");
  for (const auto* product : products) {
    for (const auto& profile : product->profiles) {
      const auto usable = gpu::usable(*product, profile);
      if (!usable) continue;
      SizedDevice slice{product, &profile, gpu::resourceFor(profile.name, plugin), 1, *usable, false, 0, {}};
      judge(slice, input, headroomTenths);
      if (input.device.count > 1) {
        slice.fits = false;
        slice.withFlags.clear();
      }
      result.push_back(std::move(slice));
    }
  }
  return result;
}

std::vector<SizedDevice> sizeGpus(const model::EstimateInput& input, const std::vector<const gpu::Product*>& products,
                                  int headroomTenths) {
  std::vector<SizedDevice> result;
  for (const auto* product : products) {
    const auto usable = gpu::usable(*product);
    if (!usable) continue;
    SizedDevice whole{product, nullptr, "nvidia.com/gpu", input.device.count, *usable, false, 0, {}};
    judge(whole, input, headroomTenths);
    result.push_back(std::move(whole));
  }
  return result;
}

}  // namespace rightslice::cli
