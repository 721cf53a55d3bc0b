// YAML and JSON texts into documents, and back.
#include <algorithm>
#include <charconv>
#include <string>

#include "harness.hpp"
#include "json/document.hpp"
#include "json/yaml.hpp"

using namespace rightslice;
using fuzz::require;

namespace {

/// "line:column" within the text.
void checkPlace(const std::string& where, std::string_view text) {
  int line = 0, column = 0;
  const char* end = where.data() + where.size();
  const auto first = std::from_chars(where.data(), end, line);
  const bool colon = first.ptr != end && *first.ptr == ':';
  const auto second = std::from_chars(colon ? first.ptr + 1 : end, end, column);
  require(colon && second.ec == std::errc() && second.ptr == end, "a place is line:column", where);
  require(line >= 1 && line <= std::count(text.begin(), text.end(), '\n') + 1 && column >= 1, "a place is in the text", where);
}

void checkMarks(json::View view, const json::Marks& marks, std::string& pointer, std::size_t length) {
  const auto place = marks.find(pointer);
  require(place.key.line >= 1 && place.value.line >= 1 && place.key.offset <= length && place.value.offset <= length, "a value has a place", pointer);
  const std::size_t end = pointer.size();
  for (const auto member : view.members()) {
    pointer += '/' + json::escapeToken(member.key);
    checkMarks(member.value, marks, pointer, length);
    pointer.resize(end);
  }
  std::size_t index = 0;
  for (const auto element : view.elements()) {
    pointer += '/' + std::to_string(index++);
    checkMarks(element, marks, pointer, length);
    pointer.resize(end);
  }
}

void checkDocument(json::View root) {
  const std::string text = root.text();
  const auto again = json::Document::parse(text);
  require(again.has_value(), "a document prints as JSON", again ? "" : again.error().message + ": " + text);
  require(again->root().equals(root), "JSON printed reads as the same", text);
  require(again->root().text() == text, "and prints the same", text);
  if (text.size() > 20'000) return;
  const std::string yaml = json::yamlText(root);
  const auto stream = json::parseYaml(yaml);
  require(stream.broken.empty() && stream.documents.size() == 1, "a document prints as YAML", yaml);
  require(stream.documents[0].document.root().equals(root), "YAML printed reads as the same", yaml);
}

/// Reviews are parsed by another parser, which steps over managedFields; of all else it says the same.
void checkOtherParser(std::string_view input, const Result<json::Document>& json) {
  if (input.find("managedFields") != std::string_view::npos || input.find("\\u00") != std::string_view::npos) return;
  if (!json && json.error().message.find("too big to be stored") != std::string::npos) return;  // RapidJSON's word on 0e400 too
  const auto other = json::Document::parse(input, json::Leave::ManagedFields);
  require(other.has_value() == json.has_value(), "both parsers take the same", input);
  if (json) require(other->root().text() == json->root().text(), "both parsers read the same", other->root().text());
  else require(other.error().where == json.error().where, "both parsers find the same fault", other.error().where);
}

}  // namespace

void fuzz::run(std::string_view input) {
  const auto stream = json::parseYaml(input);
  for (const auto& each : stream.broken) {
    require(!each.error.message.empty() && each.index >= 1, "an error says what is wrong");
    checkPlace(each.error.where, input);
  }
  int last = 0;
  for (const auto& each : stream.documents) {
    require(each.index > last, "documents are counted in order");
    last = each.index;
    std::string pointer;
    if (input.size() <= 20'000) checkMarks(each.document.root(), each.marks, pointer, input.size());
    checkDocument(each.document.root());
  }
  const auto json = json::Document::parse(input);
  checkOtherParser(input, json);
  if (!json) return checkPlace(json.error().where, input);
  checkDocument(json->root());
  // Only objects and lists are read as JSON; of what else there is YAML refuses some characters, as a lone carriage return and U+007F.
  const bool scalar = !json->root().isObject() && !json->root().isArray();
  if (scalar && !stream.broken.empty()) return;
  require(stream.broken.empty() && stream.documents.size() == 1, "JSON is YAML", input);
  require(stream.documents[0].document.root().equals(json->root()), "and says the same", input);
}
