// The table of kinds against the fields that their projects publish (published_fields.txt): no pointer of ours leads nowhere, and the golden
// manifests are ones that a cluster would take.
#include <doctest/doctest.h>

#include <fstream>
#include <map>
#include <sstream>

#include "json/yaml.hpp"
#include "workload/kind.hpp"

using namespace rightslice;
using namespace rightslice::workload;

namespace {

using Fields = std::map<std::string, std::string>;  // pointer -> type

std::string contentsOf(const std::string& path) {
  std::ifstream file(std::string(RIGHTSLICE_SOURCE_DIR) + path);
  REQUIRE_MESSAGE(file.good(), path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

/// Kind.group -> its fields.
const std::map<std::string, Fields>& published() {
  static const auto all = [] {
    std::map<std::string, Fields> out;
    std::istringstream lines(contentsOf("/tests/unit/workload/published_fields.txt"));
    std::string kind;
    for (std::string line; std::getline(lines, line);) {
      if (line.empty() || line[0] == '#') continue;
      const std::string first = line.substr(0, line.find(' '));
      if (line[0] != '/') {
        kind = first;
        CHECK_MESSAGE(out.emplace(kind, Fields{}).second, kind);
        CHECK_MESSAGE(line.find(": ") != std::string::npos, kind);
        continue;
      }
      CHECK_MESSAGE(out[kind].emplace(first, line.substr(first.size() + 1)).second, line);
    }
    return out;
  }();
  return all;
}

std::string keyOf(const Kind& kind) { return std::string(kind.kind) + "." + std::string(kind.group); }

/// The type at a pointer, through Kubernetes' own types.
std::string typeAt(const Fields& fields, std::string pointer) {
  if (const auto at = fields.find(pointer); at != fields.end()) return at->second;
  const std::size_t slash = pointer.rfind('/');
  const std::string last = pointer.substr(slash + 1);
  pointer.resize(slash);
  const auto parent = fields.find(pointer);
  if (parent == fields.end()) return "";
  if (parent->second == "PodTemplateSpec") return last == "spec" ? "PodSpec" : last == "metadata" ? "ObjectMeta" : "";
  return "";
}

/// May an annotation be written there: metadata, or an object that has annotations itself.
bool takesAnnotations(const Fields& fields, const std::string& pointer) {
  return typeAt(fields, pointer) == "ObjectMeta" || fields.contains(pointer + "/annotations");
}

std::vector<std::string> pointersIn(std::string_view replicas) {
  std::vector<std::string> out;
  std::string text(replicas);
  for (std::size_t at = 0; (at = text.find("<=")) != std::string::npos;) text.replace(at, 2, " ");
  for (char& c : text) c = c == '|' ? ' ' : c;
  std::istringstream words(text);
  for (std::string word; words >> word;) out.push_back(word);
  return out;
}

struct Walk {
  const Fields& fields;
  std::string where;

  void check(json::View value, const std::string& pointer) const {
    const auto at = fields.find(pointer);
    const std::string type = at == fields.end() ? "" : at->second;
    CAPTURE(where);
    CAPTURE(pointer);
    const bool open = type.ends_with('+');
    if (!type.empty() && !open) {
      if (type == "string") CHECK(value.isString());
      else if (type == "integer") CHECK(value.integer().has_value());
      else if (type == "boolean") CHECK(value.isBool());
      return;
    }
    if (value.isObject()) {
      for (const auto& [key, member] : value.members()) {
        const std::string next = pointer + "/" + json::escapeToken(key);
        const bool map = any(pointer + "/*");
        if (open && !any(next)) continue;  // of the type itself
        check(member, map ? pointer + "/*" : next);
      }
    } else if (value.isArray()) {
      for (const json::View element : value.elements()) check(element, pointer + "/*");
    } else {
      CHECK_MESSAGE(false, "no such field");
    }
  }

  /// Is there a field at or below the pointer?
  bool any(const std::string& pointer) const {
    const auto at = fields.lower_bound(pointer);
    return at != fields.end() && (at->first == pointer || at->first.starts_with(pointer + "/"));
  }
};

}  // namespace

TEST_CASE("every custom kind has its published fields, and every row's pointers are among them") {
  std::size_t custom = 0;
  for (const Kind& kind : kinds()) {
    if (!kind.custom) continue;
    ++custom;
    CAPTURE(keyOf(kind));
    REQUIRE(published().contains(keyOf(kind)));
    const Fields& fields = published().at(keyOf(kind));
    for (const PodPlace& place : kind.places) {
      CAPTURE(place.podSpec);
      CHECK(typeAt(fields, std::string(place.podSpec)).starts_with("PodSpec"));
      if (!place.metadata.empty()) CHECK(takesAnnotations(fields, std::string(place.metadata)));
      for (const std::string& pointer : pointersIn(place.replicas)) {
        CAPTURE(pointer);
        CHECK(typeAt(fields, pointer) == "integer");
      }
    }
  }
  CHECK(published().size() == custom);
}

TEST_CASE("the golden manifests have only fields that are published, of the right type") {
  std::size_t objects = 0;
  for (const char* folder : {"kinds-kserve", "kinds-operators", "kinds-groups", "engines-ray-service"}) {
    const json::YamlStream stream = json::parseYaml(contentsOf("/tests/golden/check/" + std::string(folder) + "/manifest.yaml"));
    REQUIRE(stream.broken.empty());
    for (const auto& each : stream.documents) {
      const json::View object = each.document.root();
      const Kind* kind = findKind(object["apiVersion"].stringOr(""), object["kind"].stringOr(""));
      REQUIRE(kind != nullptr);
      if (!kind->custom) continue;
      ++objects;
      const Walk walk{published().at(keyOf(*kind)), std::string(folder) + " " + std::string(object["metadata"]["name"].stringOr(""))};
      for (const auto& [key, value] : object.members()) {
        if (key != "apiVersion" && key != "kind" && key != "metadata") walk.check(value, "/" + std::string(key));
      }
    }
  }
  CHECK(objects > 30);
}
