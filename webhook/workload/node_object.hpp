// A Node object of a cluster, read for what it means here. Nothing is trusted to be there or of the right type.
#pragma once
#include <optional>

#include "json/view.hpp"
#include "workload/surroundings.hpp"

namespace rightslice::workload {

/// metadata.labels; values that are no strings are left out.
StringMap labelsOf(json::View object);

/// A node that has or may get GPUs: one offers a GPU resource, or its labels name a product; nothing for another.
std::optional<Node> readNode(json::View object);

}  // namespace rightslice::workload
