// Weight formats: what a quantised matrix takes with its scales, and what stays in 16 bit.
#pragma once
#include <cstdint>
#include <string_view>

#include "base/bytes.hpp"
#include "model/matrices.hpp"

namespace rightslice::model {

/// One weight format. A matrix takes bits per weight, and scaleBits + zeroBits for each group of weights.
struct FormatTraits {
  enum class Covers : std::uint8_t { Nothing, Linear, Experts, File };
  Format format;
  int bits;
  int group;  ///< inputs that share a scale; 0: one scale per output; kBlock: 128 x 128 weights share one
  int scaleBits, zeroBits;
  int indexBits;  ///< per input: the order in which GPTQ quantised them
  Covers covers;  ///< Experts: only those where the model has any
  /// How far files are off at most, in thousandths of the weights.
  int lowThousandths, highThousandths;
  std::string_view stays;  ///< for a term: what is not quantised
  std::string_view source;
  static constexpr int kBlock = -128;
};
const FormatTraits& traits(Format format);

/// Bits of one matrix of `rows` outputs and `columns` inputs, with its scales. `detail` belongs to a checkpoint of this
/// format.
Int128 storedBits(const FormatTraits& traits, const Quantization& detail, std::int64_t rows, std::int64_t columns);

/// Layers of `matrix` that the format leaves at 16 bit.
std::int64_t wideLayersOf(const FormatTraits& traits, const Quantization& detail, const Matrix& matrix,
                          bool hasExperts);

}  // namespace rightslice::model
