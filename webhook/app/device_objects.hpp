// Lists of DRA in a cluster.
#pragma once
#include <string_view>

#include "kube/resource.hpp"
#include "workload/device_objects.hpp"

namespace rightslice::app {

/// Of the newest version that the server has: v1 since Kubernetes 1.34, v1beta2 and v1beta1 before (k8s.io/api resource).
kube::Resource deviceResource(std::string_view plural);
constexpr std::string_view kDeviceClasses = "deviceclasses", kClaimTemplates = "resourceclaimtemplates", kClaims = "resourceclaims",
                           kResourceSlices = "resourceslices";

using workload::DevicesByNode;
using workload::PublishedDevices;
using workload::readClaimObject;
using workload::readClaimTemplateObject;
using workload::readDeviceClassObject;
using workload::readResourceSlice;

}  // namespace rightslice::app
