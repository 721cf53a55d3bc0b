// The flags of `vllm serve`, which other servers take too.
#pragma once
#include "model/flag_table.hpp"

namespace rightslice::model {

/// Reads the words of `source` as vLLM's flags into `run`.
void readVllmFlags(FlagSource& source, EngineRun& run);

}  // namespace rightslice::model
