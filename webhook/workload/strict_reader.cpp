#include "workload/strict_reader.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/nearest.hpp"

namespace rightslice::workload {

std::vector<Entry> Entry::elements() const {
  std::vector<Entry> out;
  for (const json::View each : view.elements()) out.push_back({each, fmt::format("{}/{}", pointer, out.size())});
  return out;
}

void StrictReader::refuse(const Entry& entry, std::string message, bool atKey) {
  const json::Marks::Place place = marks_.find(entry.pointer);
  const json::Mark& mark = atKey ? place.key : place.value;
  if (error_ && offset_ <= mark.offset) return;
  offset_ = mark.offset;
  error_ = Error{std::move(message), fmt::format("{}:{}:{}", file_, mark.line, mark.column)};
}

void StrictReader::missing(const Entry& parent, std::string message) {
  const json::Mark mark = marks_.find(parent.pointer).value;
  if (!missing_) missing_ = Error{std::move(message), fmt::format("{}:{}:{}", file_, mark.line, mark.column)};
}

bool StrictReader::anyObject(const Entry& entry, std::string_view what) {
  if (entry.view.isObject()) return true;
  refuse(entry, fmt::format("{} must be an object, not {}", what, entry.view.typeName()));
  return false;
}

bool StrictReader::map(const Entry& entry, std::string_view what) {
  return entry.view.exists() && !entry.view.isNull() && anyObject(entry, what);
}

bool StrictReader::object(const Entry& entry, std::string_view what, std::initializer_list<std::string_view> keys,
                          std::initializer_list<std::string_view> passed) {
  if (!anyObject(entry, what)) return false;
  const std::vector<std::string> known(keys.begin(), keys.end());
  for (const auto each : entry.view.members()) {
    if (std::find(known.begin(), known.end(), each.key) != known.end()) continue;
    if (std::find(passed.begin(), passed.end(), each.key) != passed.end()) continue;
    const auto meant = nearest(each.key, known);
    refuse(entry[each.key],
           meant ? fmt::format("{} has no key '{}'; did you mean '{}'?", what, each.key, *meant)
                 : fmt::format("{} has no key '{}'; its keys are {}", what, each.key, fmt::join(known, ", ")),
           true);
  }
  return true;
}

bool StrictReader::array(const Entry& entry, std::string_view what) {
  if (entry.view.isArray()) return true;
  refuse(entry, entry.view.isNull()
                    ? fmt::format("{} is null; write [] if there are none, or leave the key out if they are not known", what)
                    : fmt::format("{} must be a list, not {}", what, entry.view.typeName()));
  return false;
}

std::string StrictReader::name(const Entry& parent, std::string_view key, std::string_view what) {
  const Entry entry = parent[key];
  const std::string_view text = entry.view.stringOr("");
  if (!entry.view.exists()) {
    missing(parent, fmt::format("{} is missing", what));
  } else if (text.empty()) {
    refuse(entry, fmt::format("{} must be a string that is not empty", what));
  }
  return std::string(text);
}

Result<json::YamlDocument> readDocument(std::string_view text, std::string_view file) {
  json::YamlStream stream = json::parseYaml(text);
  if (!stream.broken.empty()) {
    Error error = std::move(stream.broken.front().error);
    error.where = fmt::format("{}:{}", file, error.where);
    return tl::unexpected(std::move(error));
  }
  if (stream.documents.size() == 1) return std::move(stream.documents.front());
  if (stream.documents.empty()) return fail("is empty; expected one YAML or JSON document", fmt::format("{}:1:1", file));
  const json::Mark second = stream.documents[1].marks.find("").value;
  return fail(fmt::format("holds {} documents; expected one", stream.documents.size()),
              fmt::format("{}:{}:{}", file, second.line, second.column));
}

}  // namespace rightslice::workload
