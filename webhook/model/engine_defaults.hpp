// What engines take where nothing is written: data by version and device, each with its source
// (policies/catalogue/engines.json).
#pragma once
#include <optional>
#include <string_view>

#include "base/error.hpp"
#include "model/footprint.hpp"

namespace rightslice::model {

enum class Default {
  MemoryFraction,
  MaxNumSeqs,
  MaxNumBatchedTokens,
  ContextLength,      ///< tokens of one sequence, where it is not the model's own
  BlockSize,
  GraphBatch,         ///< largest batch for which CUDA graphs are captured
  GraphBatchParallel, ///< the same with four ranks and more
  Reserve,            ///< MiB that the engine leaves free
};
std::string_view name(Default setting);  // "memoryFraction", ... as in the file

/// A default; where the version or device is not known, of all that may hold: the newest is expected.
struct DefaultValue {
  double low = 0, value = 0, high = 0;
};

/// Nothing if the engine has no such default. Several rows may hold, where the version is not known or the release of a change
/// is not known exactly: then the last in the file is expected. Rows for devices of a size outrank those for any device, and
/// do not hold where the device's memory is not known.
std::optional<DefaultValue> defaultOf(const Engine& engine, Default setting, std::optional<Version> version,
                                      const Device& device);

/// The expected value of a default that counts something; `otherwise` if the engine has none.
std::int64_t countOf(const Engine& engine, Default setting, std::optional<Version> version, const Device& device,
                     std::int64_t otherwise);

/// What is wrong with a file of defaults: an error with its place, or nothing.
std::optional<Error> faultOfDefaults(std::string_view text, std::string_view file);

}  // namespace rightslice::model
