// The header of a GGUF file: the model's shape and the exact size of its tensors, without loading any.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "model/architecture.hpp"
#include "model/ggml_types.hpp"

namespace rightslice::model {

/// What stands before the tensors' data.
struct GgufHeader {
  std::string architecture;  ///< general.architecture: "llama", "qwen2", "deepseek2", ...
  std::string name;          ///< general.name; empty if absent
  std::string fileType;      ///< "Q4_K_M" by general.file_type; empty if absent or not known
  std::int64_t parts = 1;    ///< files that the model is split into (split.count)
  std::int64_t tensors = 0, parameters = 0;
  Bytes bytes = 0;       ///< of all tensors of this file
  Bytes tokenTable = 0;  ///< of these, the token table where there is an output matrix beside it
  bool hasOutput = false;
  std::array<Bytes, static_cast<std::size_t>(Ggml::NVFP4) + 1> bytesByType{};
  /// The shape with measuredWeights; id is the name, else the architecture.
  Architecture shape;
};

/// The largest header that is read. Those of today's models are 1 to 20 MiB, nearly all of it vocabulary.
inline constexpr std::size_t kGgufHeaderMost = std::size_t{64} << 20;

/// Reads a header from the first bytes of a file (all of a shorter file, else kGgufHeaderMost). GGUF 2 and 3, little
/// endian. Pure; memory is bounded by the input's length. Error.where is "byte N", or the architecture where the header gives no
/// shape; errors name the remedy where there is one.
Result<GgufHeader> readGgufHeader(std::string_view bytes);

}  // namespace rightslice::model
