// What a container asks for: its GPU resources as written, and the slice and products that they mean under a policy
// (DESIGN 3.1 to 3.3).
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gpu/catalogue.hpp"
#include "gpu/resource_name.hpp"
#include "policy/device_ask.hpp"
#include "policy/policy.hpp"
#include "policy/selected_products.hpp"
#include "workload/surroundings.hpp"
#include "workload/workload.hpp"

namespace rightslice::policy {

/// A request of DRA, by a claim or by a resource that a device class gives.
struct ClaimAsk {
  std::vector<DeviceAsk> alternatives;  ///< all Whole or all Slice
  std::string deviceClass;
  std::string shown;                    ///< "3g.40gb by claim gpu (ResourceClaimTemplate large)"
  std::string place;                    ///< the object that says so: "ResourceClaimTemplate large"
  std::string sharedBy;                 ///< who else has the same device; empty if nobody is known to
  bool forOthers = false;               ///< other pods may use it too
};

/// One GPU resource key of a container with a count other than zero.
struct AskEntry {
  std::string resource;
  gpu::ResourceName name;
  std::optional<std::int64_t> count;   ///< nothing: invalid, `problem` says why
  std::string problem;
  std::string path;                    ///< the key under limits, or requests where only that is written
  std::string limitJson, requestJson;  ///< values as they stand there; empty where the key is not written
  std::optional<ClaimAsk> claim;       ///< it asks DRA; `resource` is then the name of the device class as a resource
  std::optional<DeviceAsk> byClass;    ///< a resource of the device plugin that a device class gives too

  /// What a message calls it.
  const std::string& said() const { return claim ? claim->shown : resource; }
};

/// The resources of one container, before any policy.
struct Ask {
  std::vector<AskEntry> entries;
  bool empty() const { return entries.empty(); }
  /// What is asked of DRA and cannot be decided: why, and what it hangs on, where that is something that is not known.
  struct Undecided {
    std::string path, text, unknown;
  };
  std::vector<Undecided> undecided;
  /// Set where `original-request` shows that `written` is ours: that entry is left out of `entries` (DESIGN 3.7, re-apply).
  std::optional<AskEntry> ours;
};
/// With `devices` also the resources that device classes give.
Ask readAsk(const workload::Container& container, const workload::Devices* devices = nullptr);

/// Smallest and largest memory of a product set (DESIGN 3.3): stand-ins count only if none of the set is measured.
struct UsableRange {
  Bytes smallest = 0, largest = 0;
  bool standIn = false;
  const gpu::Product* smallestProduct = nullptr;
};
std::optional<UsableRange> usableRange(const std::vector<gpu::Offer>& offers);

/// One entry under one policy: what it means.
struct Meaning {
  enum class Kind { Whole, Slice, UnknownMeaning, UnknownProfile, NotOnGpu };
  Kind kind = Kind::Slice;
  std::string profile;                         ///< proper name in the catalogue's spelling; raw rest for UnknownProfile
  bool viaClaim = false;                       ///< asked of DRA
  std::vector<std::string> profiles;           ///< viaClaim: all that it may be, as written if `profilesNamed`
  bool profilesNamed = false;
  bool viaGpuResource = false;                 ///< nvidia.com/gpu (or .shared) that means a slice
  bool shared = false;
  std::string sharedBy;                        ///< what says so, for the message
  Products products;                           ///< the set; empty: none known
  bool productsNamed = false;                  ///< by node selection, policy or inventory: not just every product
  bool productsPinned = false;                 ///< by node selection: the pod gets no other, whatever it asks for
  std::vector<std::string> unknownProducts;    ///< that node selection names and the catalogue lacks: then it may be given anything
  bool selectedByPartition = false;            ///< cloud.google.com/gke-gpu-partition-size says which slice nvidia.com/gpu is
  std::vector<gpu::Offer> offers;              ///< of the set (slices)
  std::optional<UsableRange> usable;
  bool inventoryLacksIt = false;               ///< NotOnGpu: the inventory has nodes of the product and none offers it
  std::string note;                            ///< names the setting that is missing, the products asked, the nearest profile
};
Meaning meaningOf(const AskEntry& entry, const workload::PodTemplate& pod, const Policy& policy, const gpu::Catalogue& gpus,
                  const workload::Surroundings& surroundings);

}  // namespace rightslice::policy
