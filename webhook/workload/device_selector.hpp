// What a selector of a DRA request or of a DeviceClass asks of a device, as far as it is read.
//
// A selector is CEL. What is read are conditions on the few attributes that decide the size of a GPU or slice, joined by &&: equality and `in`, comparisons of
// memory, and the guards beside them. Nothing is evaluated. Anything else is kept as text: it can only narrow what the rest selects.
// Source of the names: kubernetes-sigs/dra-driver-nvidia-gpu, cmd/gpu-kubelet-plugin/deviceinfo.go and its documentation of ResourceSlice attributes; of
// `device`: k8s.io/dynamic-resource-allocation/cel and CELDeviceSelector in k8s.io/api resource/v1; of quantity(): k8s.io/apiserver pkg/cel/library.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"

namespace rightslice::workload {

/// The driver whose attributes are read.
constexpr std::string_view kGpuDriver = "gpu.nvidia.com";

struct DeviceCondition {
  enum class Field {
    Driver,       ///< device.driver
    Type,         ///< "gpu", "mig", "vfio", "vgpu"
    Profile,      ///< "3g.40gb", "1g.10gb+me"
    ProductName,  ///< "NVIDIA H100 80GB HBM3"
    Memory        ///< capacity
  };
  Field field = Field::Driver;
  std::vector<std::string> values;         ///< one of these; not of Memory
  std::optional<Bytes> atLeast, atMost;    ///< Memory
  friend bool operator==(const DeviceCondition&, const DeviceCondition&) = default;
};

struct DeviceSelector {
  std::vector<DeviceCondition> conditions;  ///< all hold
  std::vector<std::string> unread;          ///< so do these, whatever they say
  friend bool operator==(const DeviceSelector&, const DeviceSelector&) = default;
};

/// Never fails: a text that is no CEL is unread as a whole.
DeviceSelector readDeviceSelector(std::string_view cel);

/// The condition as CEL that reads the same.
std::string celText(const DeviceCondition& condition);

}  // namespace rightslice::workload
