// The size that a model's name tells, and a typical model of that size: what is left where no catalogue and no file knows it.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "model/architecture.hpp"

namespace rightslice::model {

struct NameSize {
  std::int64_t parameters = 0;  ///< of the whole model
  std::int64_t active = 0;      ///< of one token, where the name tells it ("30B-A3B"); 0: dense
  std::int64_t experts = 0;     ///< "8x7B"; 0: not told
  std::string text;             ///< as written: "8x7b", "30b-a3b"
};

/// By the last path segment, without case: "7B", "1.5b", "350M", "8x7B", "30B-A3B", "7b1". Nothing for names with no size, with
/// two ("70B-to-8B"), with the size of one token only ("17B-16E"), and of what is no whole model (adapters, draft heads).
std::optional<NameSize> sizeInName(std::string_view name);

/// The shape of a typical decoder of that size, its bounds in `guess`. With `like`, that model's own shape: a derivative by its
/// name. Without a known format the low end assumes a build in four bits.
Architecture guessedArchitecture(std::string_view name, const NameSize& size, const Architecture* like, bool formatKnown);

}  // namespace rightslice::model
