// The flags of SGLang, also where another server passes them on.
#pragma once
#include "model/flag_table.hpp"

namespace rightslice::model {

void readSglangFlags(FlagSource& source, EngineRun& run);

}  // namespace rightslice::model
