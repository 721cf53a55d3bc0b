// Private to json/: a YAML stream cut into its documents, so that a broken one leaves the others whole.
#pragma once
#include <string_view>
#include <vector>

#include "json/yaml.hpp"

namespace rightslice::json {

struct YamlChunk {
  std::string_view text;     ///< From its directives or "---" to the next "---", or to "..." inclusive.
  Mark start;                ///< Where `text` begins in the source.
  std::string_view content;  ///< From the first thing that is neither blank, comment, directive nor "---".
  Mark contentStart;
};

/// The chunks that have content.
std::vector<YamlChunk> splitYaml(std::string_view text);

}  // namespace rightslice::json
