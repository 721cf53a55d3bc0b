// A value as bytes, to compare and to look up by.
#pragma once
#include <string>

#include "json/view.hpp"

namespace rightslice::json {

/// Appends an unambiguous binary form: equal bytes are equal values with their members in the same order. No format for files; it may
/// change with each version.
void serialize(View value, std::string& out);

}  // namespace rightslice::json
