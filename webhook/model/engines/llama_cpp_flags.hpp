// The flags of llama.cpp's server and of llama-cpp-python's.
#pragma once
#include <string>

#include "model/flag_table.hpp"

namespace rightslice::model {

/// Reads the words of `source` by the flavour that `run` names.
void readLlamaCppFlags(FlagSource& source, EngineRun& run);

/// A file's name without the number of its part: "x-Q8_0-00001-of-00003.gguf" -> "x-Q8_0.gguf".
std::string withoutShard(std::string_view file);

}  // namespace rightslice::model
