// Private to policy/: checkShape for a document anywhere in a file.
#pragma once
#include "policy/schema.hpp"
#include "policy/site.hpp"

namespace rightslice::policy {

void checkShape(DocumentKind kind, json::View root, Site& site);

}  // namespace rightslice::policy
