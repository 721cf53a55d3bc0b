// What a container asks for: its GPU resources as written, and the slice and products that they mean under a policy
// (DESIGN 3.1 to 3.3).
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gpu/catalogue.hpp"
#include "gpu/resource_name.hpp"
#include "policy/policy.hpp"
#include "workload/surroundings.hpp"
#include "workload/workload.hpp"

namespace rightslice::policy {

/// One GPU resource key of a container with a count other than zero.
struct AskEntry {
  std::string resource;
  gpu::ResourceName name;
  std::optional<std::int64_t> count;   ///< nothing: invalid, `problem` says why
  std::string problem;
  std::string path;                    ///< the key under limits, or requests where only that is written
  std::string limitJson, requestJson;  ///< values as they stand there; empty where the key is not written
};

/// The resources of one container, before any policy.
struct Ask {
  std::vector<AskEntry> entries;
  bool empty() const { return entries.empty(); }
  /// Set where `original-request` shows that `written` is ours: that entry is left out of `entries` (DESIGN 3.7, re-apply).
  std::optional<AskEntry> ours;
};
Ask readAsk(const workload::Container& container);

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
  bool viaGpuResource = false;                 ///< nvidia.com/gpu (or .shared) that means a slice
  bool shared = false;
  std::string sharedBy;                        ///< what says so, for the message
  std::vector<const gpu::Product*> products;   ///< the set; empty: none known
  bool productsNamed = false;                  ///< by node selection, policy or inventory: not just every product
  std::vector<gpu::Offer> offers;              ///< of the set (slices)
  std::optional<UsableRange> usable;
  bool inventoryLacksIt = false;               ///< NotOnGpu: the inventory has nodes of the product and none offers it
  std::string note;                            ///< names the setting that is missing, the products asked, the nearest profile
};
Meaning meaningOf(const AskEntry& entry, const workload::PodTemplate& pod, const Policy& policy, const gpu::Catalogue& gpus,
                  const workload::Surroundings& surroundings);

/// The products that node selection names; nothing if it leaves the set open. May be empty: a contradiction.
std::optional<std::vector<const gpu::Product*>> selectedProducts(const workload::NodeSelection& nodes, const gpu::Catalogue& gpus);

}  // namespace rightslice::policy
