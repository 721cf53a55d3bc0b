// How each engine is recognised in a container, and where it takes its model's name from (facts/workloads 4.1 to 4.3).
#pragma once
#include <span>
#include <string_view>

namespace rightslice::model {

using Words = std::span<const std::string_view>;

struct Signature {
  std::string_view engine;
  Words programs;    ///< first word of a command, by its last path segment: "vllm"; with a subcommand: "vllm serve"
  Words modules;     ///< python -m MODULE, also as a path to the module's file
  Words images;      ///< globs on the image without tag and registry case; the weakest evidence
  Words modelFlags;  ///< flags that carry the model's name, canonical ("model-path")
  Words modelEnv;    ///< environment variables that carry it
  bool positionalModel = false;  ///< the first word that is no flag names the model
};
std::span<const Signature> signatures();

}  // namespace rightslice::model
