// Numbers as text.
#pragma once
#include <string>

namespace rightslice::json {

/// Shortest text that reads back as the same double; an exponent only outside of [1e-6, 1e21). "null" if not finite.
std::string numberText(double value);

}  // namespace rightslice::json
