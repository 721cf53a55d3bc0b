// Private to json/: a tree by simdjson's tape, on which what is not wanted is stepped over without being looked at.
#pragma once
#include <memory>
#include <string_view>

#include "json/tree.hpp"

namespace rightslice::json {

/// The tree that Document::parse would make of the text by RapidJSON, less the managedFields; null wherever the text is not surely what is taken
/// there. RapidJSON then names the fault, or reads what simdjson does not (numbers beyond 64 bits).
std::unique_ptr<Document::Tree> treeWithoutManagedFields(std::string_view text);

}  // namespace rightslice::json
