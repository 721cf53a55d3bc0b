// The lists of DRA that are followed in a cluster: classes, templates, claims, and what the driver publishes.
#pragma once
#include <cstddef>
#include <span>

#include "app/device_objects.hpp"
#include "kube/cluster.hpp"

namespace rightslice::app {

/// Thread-safe after follow(). What its role does not let it read, and what the server does not have, is unknown.
class DeviceWatches {
 public:
  static constexpr std::size_t kCount = 4;
  /// The states of the lists, in the order in which they are followed.
  using States = std::span<const kube::WatchState, kCount>;

  DeviceWatches();
  void follow(kube::Cluster& cluster);

  workload::Devices devices(States states) const;
  void giveTo(std::vector<workload::Node>& nodes, States states) const;
  /// Another number whenever classes, templates or claims may have changed; `all`: or devices.
  std::uint64_t version(States states, bool all) const;

  /// A claim or template as it was last seen.
  std::optional<workload::Claim> claim(bool isTemplate, std::string_view ns, std::string_view name) const;
  /// Where to read it, if that may help: what cannot be listed is not asked for.
  std::optional<kube::Resource> claimResource(bool isTemplate, States states) const;

 private:
  kube::Store<workload::DeviceClass> classes_;
  kube::Store<workload::Claim> templates_, claims_;
  kube::Store<PublishedDevices> slices_;
};

}  // namespace rightslice::app
