// What is known of the devices of a cluster that are handed out by claims (DRA). Plain values; each is a value, empty, or unknown (absent).
#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/digest.hpp"
#include "workload/claim.hpp"

namespace rightslice::workload {

/// GPUs or slices of one sort on a node, as the driver publishes them in ResourceSlices. Where slices are made on demand (partitionable devices), each place where
/// one may be made is a device: more of them are published than can be had at a time.
struct DeviceSort {
  std::string type;          ///< "gpu" or "mig"
  std::string product;       ///< productName: "NVIDIA H100 80GB HBM3"
  std::string profile;       ///< of a slice: "1g.10gb+me"
  Bytes memory = 0;          ///< 0: not told
  std::int64_t count = 0;
  friend bool operator==(const DeviceSort&, const DeviceSort&) = default;
};

struct Devices {
  template <class T>
  using Named = std::optional<std::map<std::string, T, std::less<>>>;
  Named<DeviceClass> classes;   ///< by name
  Named<Claim> templates;       ///< "namespace/name" -> what the claims that are made of it ask for
  Named<Claim> claims;          ///< "namespace/name" of those that pods may name

  /// The class that gives the resource to pods that ask for it by name: the name of the class, and what is known of it (null: not known). Nothing for any
  /// other resource.
  std::optional<std::pair<std::string_view, const DeviceClass*>> classOfResource(std::string_view resource) const;
  const DeviceClass* findClass(std::string_view name) const;
};

/// Takes a ResourceClaimTemplate, ResourceClaim or DeviceClass up; false for any other object. What is malformed in it is read as
/// absent, and told by whoever judges it.
bool note(json::View object, std::string_view ns, Devices& devices);
/// What `more` knows counts, beside the rest.
void merge(const Devices& more, Devices& devices);

void addTo(Digest& digest, const Devices& devices);

}  // namespace rightslice::workload
