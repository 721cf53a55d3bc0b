#include "app/device_objects.hpp"

namespace rightslice::app {
namespace {

constexpr int kSlicesOfAPage = 50;  // one may hold 128 devices

}  // namespace

kube::Resource deviceResource(std::string_view plural) {
  kube::Resource out;
  out.group = workload::kDeviceGroup;
  out.version = "v1";
  out.versions = {"v1", "v1beta2", "v1beta1"};
  out.plural = plural;
  if (plural == kResourceSlices) out.page = kSlicesOfAPage;
  return out;
}

}  // namespace rightslice::app
