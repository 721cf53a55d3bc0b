#include "workload/part.hpp"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

namespace rightslice::workload {

Part Part::member(std::string_view key) const {
  const json::View found = view_[key];
  if (!found.exists()) return absent();
  return Part(found, fmt::format("{}/{}", pointer_, json::escapeToken(key)), *malformed_);
}

Part Part::element(json::View view, std::size_t index) const {
  return Part(view, fmt::format("{}/{}", pointer_, index), *malformed_);
}

std::vector<Part> Part::children() const {
  std::vector<Part> out;
  for (const auto each : view_.members()) {
    out.emplace_back(each.value, fmt::format("{}/{}", pointer_, json::escapeToken(each.key)), *malformed_);
  }
  for (const json::View each : view_.elements()) out.push_back(element(each, out.size()));
  return out;
}

void Part::report(std::string_view expected) const {
  const auto known = [&](const Error& each) { return each.where == pointer_; };
  if (std::any_of(malformed_->begin(), malformed_->end(), known)) return;
  const std::string found = view_.isNumber() ? view_.text() : std::string(view_.typeName());
  malformed_->push_back({fmt::format("expected {}, found {}", expected, found), pointer_});
}

Part Part::asObject() const {
  if (view_.isObject()) return *this;
  if (exists()) report("an object");
  return absent();
}

Part Part::object(std::string_view key) const { return member(key).asObject(); }

std::optional<std::string_view> Part::string(std::string_view key) const {
  const Part part = member(key);
  if (part.exists() && !part.view_.isString()) part.report("a string");
  return part.view_.string();
}

std::optional<bool> Part::boolean(std::string_view key) const {
  const Part part = member(key);
  if (part.exists() && !part.view_.isBool()) part.report("true or false");
  return part.view_.boolean();
}

std::optional<std::int64_t> Part::asCount() const {
  // Counts are int32 in Kubernetes' types.
  constexpr std::int64_t kMost = std::numeric_limits<std::int32_t>::max();
  if (!exists()) return std::nullopt;
  const std::optional<std::int64_t> value = view_.isNumber() ? view_.integer() : std::nullopt;
  if (value && *value >= 0 && *value <= kMost) return value;
  report(fmt::format("a whole number from 0 to {}", kMost));
  return std::nullopt;
}

std::vector<Part> Part::elements(std::string_view key, std::string_view expected) const {
  const Part part = member(key);
  if (part.exists() && !part.view_.isArray()) part.report(expected);
  return part.view_.isArray() ? part.children() : std::vector<Part>();
}

std::vector<Part> Part::objects(std::string_view key) const {
  std::vector<Part> out;
  for (Part& each : elements(key, "an array of objects")) {
    if (each.view_.isObject()) {
      out.push_back(std::move(each));
    } else {
      each.report("an object");  // Kubernetes allows null members, not null elements
    }
  }
  return out;
}

std::vector<std::string> Part::strings(std::string_view key, bool* whole) const {
  std::vector<std::string> out;
  const Part part = member(key);
  if (whole != nullptr) *whole = !part.exists() || part.view_.isArray();
  for (const Part& each : elements(key, "an array of strings")) {
    if (const auto text = each.view_.string()) {
      out.emplace_back(*text);
    } else {
      each.report("a string");
      if (whole != nullptr) *whole = false;
    }
  }
  return out;
}

std::vector<std::string> Part::words(std::string_view key) const {
  std::vector<std::string> out;
  for (const Part& each : elements(key, "an array of strings")) {
    if (!each.view_.isString()) each.report("a string");
    out.push_back(each.view_.scalarText().value_or(std::string()));
  }
  return out;
}

StringPairs Part::stringMap(std::string_view key) const {
  StringPairs out;
  const Part part = object(key);
  for (const auto each : part.view_.members()) {
    if (const auto text = each.value.string()) {
      out.emplace_back(each.key, *text);
    } else if (!each.value.isNull()) {
      part.member(each.key).report("a string (in quotes)");
    }
  }
  return out;
}

const std::string* findIn(const StringPairs& pairs, std::string_view key) {
  for (const auto& [name, value] : pairs) {
    if (name == key) return &value;
  }
  return nullptr;
}

}  // namespace rightslice::workload
