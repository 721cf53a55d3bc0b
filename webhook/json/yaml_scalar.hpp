// What a plain YAML scalar means: the rules of kubectl's reader.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace rightslice::json {

struct YamlScalar {
  enum class Type { String, Null, Bool, Int, Uint, Float };
  Type type = Type::String;
  bool boolean = false;
  std::int64_t integer = 0;
  std::uint64_t natural = 0;  ///< Only above the range of `integer`.
  double number = 0;          ///< May be infinite or no number.
};

/// YAML 1.1 as in github.com/kubernetes-sigs/yaml, goyaml.v2/resolve.go.
YamlScalar resolveYamlScalar(std::string_view plain);

/// What a scalar that is no string becomes as a key (kubernetes-sigs/yaml, yaml.go: convertToJSONableObject).
std::string yamlKeyText(const YamlScalar& scalar);

}  // namespace rightslice::json
