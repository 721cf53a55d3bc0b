// Strict YAML, as Kubernetes reads it, into JSON documents with the place of every key and value.
#pragma once
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "json/document.hpp"

namespace rightslice::json {

/// 1-based line and column; offset in bytes from the start of the text.
struct Mark {
  int line = 0;
  int column = 0;
  std::size_t offset = 0;
};

/// JSON pointer -> where its key (for array elements: its value) and its value begin in the source.
class Marks {
 public:
  struct Place {
    Mark key, value;
  };
  void set(std::string pointer, Place place) { places_.insert_or_assign(std::move(pointer), place); }
  /// The place of the pointer, else of its nearest parent that has one.
  Place find(std::string_view pointer) const;

 private:
  std::map<std::string, Place, std::less<>> places_;
};

struct YamlDocument {
  Document document;
  Marks marks;
  int index = 1;         ///< 1-based; empty documents (only comments) are not counted and not returned.
};

struct YamlStream {
  std::vector<YamlDocument> documents;
  /// What could not be read (Error.where = "line:column"); the documents before and after the bad one are still there.
  struct Broken { int index; Error error; };
  std::vector<Broken> broken;
};

/// All documents of a YAML or JSON text (JSON text is recognised and parsed strictly as JSON, also several in a row).
/// Types resolve as in kubectl (YAML 1.1: yes/no/on/off, octal, null, ~); `<<` merges; aliases are expanded up to
/// limits::kMaxYamlNodes; duplicate keys, complex keys, unknown tags, depth over limits::kMaxDepth and bad UTF-8 are errors.
/// Never throws.
YamlStream parseYaml(std::string_view text);
/// The same one after another, each with its index, so that of many documents only one is held.
void eachYaml(std::string_view text, const std::function<void(Result<YamlDocument>, int)>& take);

/// A YAML text of the value (block style, strings quoted where they would read as something else).
std::string yamlText(View value);

}  // namespace rightslice::json
