// How full containers were, for a record. Private to history/.
#pragma once
#include "observe/history/record.hpp"

namespace rightslice::observe::history {

/// Nothing where no metrics were asked for.
void addPeaks(const Report& report, const policy::Catalogue& catalogue, Record& to);

}  // namespace rightslice::observe::history
