// What ggml's runners take: llama.cpp and, through it, Ollama.
#pragma once
#include "model/device_sizes.hpp"

namespace rightslice::model {

// Builds of llama.cpp in which something changed that memory depends on; the month is that of the pull request's merge.
constexpr int kMlaBuild = 5130;           ///< 12801, 2025-04: latent attention keeps its latent, not keys and values
constexpr int kWindowBuild = 5427;        ///< 13194, 2025-05: layers with a sliding window keep their window
constexpr int kAllLayersBuild = 6325;     ///< 15434, 2025-08: all layers on the device and flash attention by default
constexpr int kAutoSlotsBuild = 6924;     ///< 16736, 2025-11: four slots that share one cache by default
constexpr int kFitBuild = 7410;           ///< 16653, 2025-12: context and layers are cut until they fit, by default
constexpr int kKeysOnlyBuild = 7840;      ///< 19067, 2026-01: latent attention keeps no second copy of its latent

/// What a run keeps in its KV cache, and with which batch it computes.
struct GgmlCache {
  std::int64_t cells = 0;        ///< of all slots together
  std::int64_t slots = 1;
  bool unified = true;           ///< all slots share the cells
  std::int64_t batch = 512;      ///< tokens computed at once
};
/// Each slot's cells are padded to 256; a slot holds at least one such block.
std::int64_t paddedCells(std::int64_t cells, std::int64_t slots);

/// Bytes of one cell on this device: of layers that keep all cells, and of those that keep a window.
struct GgmlCell {
  Bytes full = 0, sliding = 0;
  Bytes both() const { return plusBytes(full, sliding); }
};
/// A type that is not known counts as 16 bit, and ServingPlan::kvDtypeUnknown says so.
GgmlCell ggmlCell(const ServingPlan& plan, std::string_view keyType, std::string_view valueType);

/// Keys, values and recurrent states on one device. `windows`: whether layers with a sliding window keep only that.
enum class Certain { No, Perhaps, Yes };
Interval ggmlKv(const ServingPlan& plan, const GgmlCache& cache, const GgmlCell& cell, Certain windows);

/// The compute buffer of one device: the widest moment of a batch. `flash`: whether attention needs no matrix of scores.
Interval ggmlComputeBuffer(const ServingPlan& plan, const GgmlCache& cache, Certain flash);

/// CUDA context, graphs of single tokens, and scratch memory of kernels.
void addGgmlRuntime(DeviceSizes& sizes, const ServingPlan& plan, const GgmlCache& cache);

}  // namespace rightslice::model
