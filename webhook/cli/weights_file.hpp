// The file that --weights names: a GGUF, a safetensors file or the index of a split checkpoint.
#pragma once
#include <optional>
#include <string>

#include "base/error.hpp"
#include "model/architecture.hpp"

namespace rightslice::cli {

/// What the headers of the weights say of a model.
struct WeightsFile {
  model::Architecture architecture;     ///< with measuredWeights
  std::optional<std::string> fileType;  ///< of a GGUF
};
/// Reads at most the header of `path`. A GGUF gives the shape by itself; the others measure `shape`, which they need.
Result<WeightsFile> readWeightsFile(const std::string& path, const std::optional<model::Architecture>& shape);

}  // namespace rightslice::cli
