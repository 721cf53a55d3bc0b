// Reviews of `*/scale`: the object says only how many; what is multiplied runs in the cluster already.
#pragma once
#include <optional>

#include "admission/inventory.hpp"
#include "admission/review.hpp"

namespace rightslice::admission {

/// An object with the replicas that are asked for, and as it is.
struct Scaled {
  workload::Workload now, before;
};

/// Nothing where this is no review of a scale, or of an object that the inventory does not hold: it asks for no GPU, or is not known.
std::optional<Scaled> scaledObject(const Review& review, const Inventory* inventory);

}  // namespace rightslice::admission
