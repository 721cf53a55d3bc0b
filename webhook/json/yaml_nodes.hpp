// Private to json/: one YAML document as yaml-cpp reads it, before scalars, aliases and merges mean anything.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "json/document.hpp"
#include "json/yaml.hpp"

namespace rightslice::json {

struct YamlNode {
  enum class Kind { Null, Scalar, Sequence, Map, Alias };
  Kind kind = Kind::Null;
  Mark mark;
  std::string tag;                      ///< "?" plain, "!" quoted or block, else the tag in full.
  std::string value;                    ///< Of a scalar.
  std::vector<std::uint32_t> children;  ///< Elements; of a map: key, value, key, value, ...
  std::uint32_t target = 0;             ///< Of an alias.
};

/// The root is the first.
using YamlNodes = std::vector<YamlNode>;

/// How the YAML reader gives up. Thrown through yaml-cpp, whose own errors are exceptions too; parseYaml catches it.
struct YamlRefusal {
  std::string message;
  Mark mark;
};

/// Reads `text`, one document that stands at `start` in its source. Throws YamlRefusal.
YamlNodes readYamlNodes(std::string_view text, const Mark& start);

/// The JSON tree of the nodes: types, aliases, merges, duplicate keys. Throws YamlRefusal.
Document documentOf(const YamlNodes& nodes, Marks& marks);

}  // namespace rightslice::json
