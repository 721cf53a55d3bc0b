// Engine flags written into a container: into its lists of words, its variables or the script of a shell, wherever they stand.
#pragma once
#include <string>

#include "json/patch.hpp"
#include "model/footprint.hpp"
#include "workload/container.hpp"

namespace rightslice::policy {

/// How to write some flags.
struct FlagEdit {
  /// Operations on the object; each that replaces has a `test` before it. Empty where there is an obstacle.
  json::Patch patch;
  std::string obstacle;  ///< why they cannot be written surely; empty if they can
};

/// The edit after which the container runs as before but for these flags: the changed command line is read again, and any other
/// difference is an obstacle. A flag is changed where it stands (a word, the value of a variable that only it uses, one token of
/// a script); one that is not written yet is added to the engine's own words.
FlagEdit editFlags(const workload::Container& container, const model::FlagList& flags);

}  // namespace rightslice::policy
