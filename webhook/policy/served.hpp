// Policies as the API server serves them.
#pragma once
#include <string>
#include <string_view>

#include "json/view.hpp"

namespace rightslice::policy {

/// YAML of what the author of an object wrote: the spec, and of the metadata name, namespace and time of creation. So an object gets
/// the same loader and the same messages as a file. `kind`: of an item of a list, which names none.
std::string servedText(json::View object, std::string_view kind);

}  // namespace rightslice::policy
