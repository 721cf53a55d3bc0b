// Headers of safetensors files and their index: what the weights of a checkpoint take, without loading any.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/error.hpp"
#include "model/architecture.hpp"

namespace rightslice::model {

/// The tensors of one file.
struct SafetensorsHeader {
  struct OfType {
    std::int64_t tensors = 0, elements = 0;
    Bytes bytes = 0;
  };
  std::map<std::string, OfType, std::less<>> byType;  ///< "BF16", "F8_E4M3", "I32", ...
  std::int64_t tensors = 0;
  Bytes bytes = 0;
  std::map<std::int64_t, Bytes> byLayer;              ///< by the number of the layer in the tensors' names
  /// What an engine loads of it: layers from `layers` on are those of a draft head.
  MeasuredWeights measured(std::int64_t layers) const;
};

/// A header is a length of 8 bytes and as much JSON; libraries refuse more than this.
inline constexpr std::size_t kSafetensorsHeaderMost = std::size_t{100} << 20;

/// Reads the header from the first bytes of a file. Pure. Error.where is "byte N" or a place in the header's JSON.
Result<SafetensorsHeader> readSafetensorsHeader(std::string_view bytes);

/// model.safetensors.index.json: where each tensor of a split checkpoint is.
struct SafetensorsIndex {
  Bytes bytes = 0;          ///< metadata.total_size
  std::int64_t tensors = 0, files = 0, layers = 0;
  bool hasCopies = false;   ///< lists the weights twice (original/, consolidated): bytes counts both
};
Result<SafetensorsIndex> readSafetensorsIndex(std::string_view text);

}  // namespace rightslice::model
