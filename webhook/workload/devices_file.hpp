// Private to workload/: the parts of a surroundings file that are about DRA.
#pragma once
#include "workload/devices.hpp"
#include "workload/strict_reader.hpp"

namespace rightslice::workload {

/// deviceClasses: [{name, selectors: [CEL], config, extendedResourceName, created}], config as in a DeviceClass; claimTemplates and claims:
/// [{namespace, name, spec}], spec as in a ResourceClaim.
Devices readDevices(const Entry& root, StrictReader& reader);

/// devices of a node: [{type: gpu | mig, product, profile, memory, count}].
std::vector<DeviceSort> readDeviceSorts(const Entry& devices, StrictReader& reader);

}  // namespace rightslice::workload
