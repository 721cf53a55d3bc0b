// Do these slices fit on GPUs of a product, by the placements that its driver allows?
#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "gpu/catalogue.hpp"

namespace rightslice::observe {

/// Whether one GPU can be cut so that it has all of these at once: placements, compute slices and instance maxima of the catalogue. Exact.
/// False where a profile has no placements on record.
bool fitOnOneGpu(const gpu::Product& product, const std::vector<const gpu::Profile*>& slices);

/// GPUs on which the slices and `whole` further whole GPUs can be laid, each found by first fit, largest first: never too few. Nothing
/// where a slice has no place on an empty GPU.
std::optional<std::int64_t> gpusThatHold(const gpu::Product& product, std::vector<const gpu::Profile*> slices, std::int64_t whole);

/// GPUs that they need at least, by memory slices and compute slices: never too many. Nothing where those are not known.
std::optional<std::int64_t> gpusNeeded(const gpu::Product& product, const std::vector<const gpu::Profile*>& slices, std::int64_t whole);

}  // namespace rightslice::observe
