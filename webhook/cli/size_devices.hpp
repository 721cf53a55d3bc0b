// The slices and GPUs that size looks at, each judged with the need on it.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "gpu/catalogue.hpp"
#include "model/footprint.hpp"

namespace rightslice::cli {

/// usable x 1000 >= need x (1000 + h), exactly; h in tenths of a percent.
bool holdsWithHeadroom(Bytes usable, Bytes need, int headroomTenths);
/// vLLM's defaults and 8-bit types differ there.
bool isA100(const gpu::Product& product);

struct SizedDevice {
  const gpu::Product* product = nullptr;
  const gpu::Profile* profile = nullptr;  ///< null: the whole GPU
  std::string resource;
  std::int64_t count = 1;                 ///< of them in one container
  gpu::Usable usable;
  bool fits = false;
  Bytes freeBytes = 0;
  model::FlagList withFlags;              ///< not `fits`, but with these flags of the engine it would
  std::string name() const { return profile != nullptr ? profile->name : "whole GPU"; }
};

/// Each slice and GPU of the products: it fits if it holds `high` with the headroom and the engine surely starts there
/// (DESIGN 3.5). A model that several GPUs share fits no slice, since one process sees one of them.
std::vector<SizedDevice> sizeSlices(const model::EstimateInput& input, const std::vector<const gpu::Product*>& products,
                                    int headroomTenths);
std::vector<SizedDevice> sizeGpus(const model::EstimateInput& input, const std::vector<const gpu::Product*>& products,
                                  int headroomTenths);

}  // namespace rightslice::cli
