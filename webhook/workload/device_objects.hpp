// Objects of DRA in a cluster, read for what they mean here. Nothing is trusted to be there or of the right type.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "json/view.hpp"
#include "workload/surroundings.hpp"

namespace rightslice::workload {

std::optional<DeviceClass> readDeviceClassObject(json::View object);
std::optional<Claim> readClaimTemplateObject(json::View object);
/// Nothing of a claim that was made for a pod from its template: nobody names it.
std::optional<Claim> readClaimObject(json::View object);

/// What NVIDIA's driver publishes in one ResourceSlice, by node. Devices of no one node are left out, and those that a taint keeps from being handed out.
struct PublishedDevices {
  std::string pool;
  std::int64_t generation = 0;
  std::map<std::string, std::vector<DeviceSort>, std::less<>> nodes;
  friend bool operator==(const PublishedDevices&, const PublishedDevices&) = default;
};
std::optional<PublishedDevices> readResourceSlice(json::View object);

/// All slices together, by node; of each pool only the newest generation counts (ResourcePool in k8s.io/api resource/v1).
class DevicesByNode {
 public:
  void add(const PublishedDevices& slice);
  /// Gives each node what it has, and adds nodes that are known by their devices alone.
  void giveTo(std::vector<Node>& nodes) const;

 private:
  std::map<std::string, std::pair<std::int64_t, std::vector<PublishedDevices>>, std::less<>> pools_;
};

}  // namespace rightslice::workload
