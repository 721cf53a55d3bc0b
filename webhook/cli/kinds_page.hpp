// The page policies/kinds.md: the table of kinds, for people.
#pragma once
#include <string>

namespace rightslice::cli {

std::string kindsPage();

}  // namespace rightslice::cli
