// Devices that NVIDIA's driver hands out by ResourceClaims (DRA): what it publishes, and what claims hold. Nothing is trusted to be there or
// of the right type. Source: k8s.io/api resource v1, v1beta2 and v1beta1 (ResourceSlice, ResourceClaim, AllocationResult); attributes,
// capacities and counters of the driver: kubernetes-sigs/dra-driver-nvidia-gpu, cmd/gpu-kubelet-plugin, deviceinfo.go and partitions.go.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "json/view.hpp"

namespace rightslice::observe {

/// What one device takes of a counter set: index of a name of the pool -> how much. Kept small: of every place where a slice may be made
/// there is a device.
using Counters = std::vector<std::pair<std::uint16_t, std::int64_t>>;

struct Device {
  std::string name, type, profile;        ///< type: "gpu", "mig", or one that is not counted ("vfio"); profile in the catalogue's spelling
  std::string product, gpu;               ///< gpu: UUID of the board; empty: not told
  Bytes memory = 0;                       ///< 0: not told
  std::int64_t processors = 0;
  bool keptBack = false;                  ///< a taint keeps it from being handed out
  bool divisible = false;                 ///< several claims may hold parts of its capacity
  std::string set;                        ///< the counter set that it takes `takes` of; empty: none, it is there by itself
  Counters takes;
};

/// One ResourceSlice.
struct DeviceSlice {
  std::string pool, node;                 ///< node empty: each device names its own
  std::int64_t generation = 0, slices = 1;///< slices that the pool has of this generation
  std::vector<std::pair<std::string, Device>> devices;   ///< with their node
  std::map<std::string, std::map<std::string, std::int64_t>> sets;   ///< counter set -> counter -> how much there is
  std::map<std::string, std::uint16_t, std::less<>> names;           ///< of counters
};
/// Nothing of another driver's.
std::optional<DeviceSlice> readDeviceSlice(json::View object);

/// The devices of one pool on one node.
struct DevicePool {
  std::string name;
  bool whole = true;                      ///< all slices of the newest generation were seen
  std::vector<Device> devices;
  std::map<std::string, std::map<std::uint16_t, std::int64_t>> sets;
};

/// All slices together; of each pool only the newest generation counts (ResourcePool in k8s.io/api resource/v1).
class DevicePools {
 public:
  void add(DeviceSlice slice);
  /// By node.
  std::map<std::string, std::vector<DevicePool>, std::less<>> take();

 private:
  std::map<std::string, std::vector<DeviceSlice>, std::less<>> pools_;
};

/// What a claim was given of NVIDIA's devices.
struct Allocation {
  struct Result {
    std::string request, pool, device;    ///< request: the main one, without an alternative's name
    bool part = false;                    ///< of the device's capacity
  };
  std::string ns, claim;
  std::vector<Result> results;            ///< without those for administrators, which hold nothing
};
/// Nothing of a claim that holds none.
std::optional<Allocation> readAllocation(json::View claim);

}  // namespace rightslice::observe
