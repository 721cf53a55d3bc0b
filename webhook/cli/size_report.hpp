// What `size` says: the need of a model term by term, and the slices that hold it.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "cli/terminal.hpp"
#include "gpu/catalogue.hpp"
#include "model/footprint.hpp"

namespace rightslice::cli {

struct SizedSlice {
  const gpu::Product* product = nullptr;
  const gpu::Profile* profile = nullptr;
  std::string resource;
  gpu::Usable usable;
  bool fits = false;
  Bytes freeBytes = 0;
  std::string withFlags;  ///< not `fits`, but with these flags of the engine it would: "--gpu-memory-utilization 0.86"
};

struct Sizing {
  std::string model, engine;
  model::Estimate estimate;
  std::optional<model::KvPool> pool;
  std::optional<Bytes> deviceMemory;
  std::int64_t devices = 1;
  int headroomTenths = 100;
  std::vector<SizedSlice> slices;
};

/// The slices of these products, each judged with the need on it: it fits if it holds `high` with the headroom and the
/// engine surely starts there (DESIGN 3.5).
std::vector<SizedSlice> sizeSlices(const model::EstimateInput& input, const std::vector<const gpu::Product*>& products,
                                   int headroomTenths);

std::string sizingJson(const Sizing& sizing);
std::string sizingText(const Sizing& sizing, const Style& style);

}  // namespace rightslice::cli
