#include "workload/part.hpp"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "json/pointer.hpp"

namespace rightslice::workload {

Reading::Reading(std::vector<Error>& malformed, std::string at) : malformed_(malformed), at_(std::move(at)) {
  constexpr std::size_t kUsual = 40;   // within what malloc keeps at hand
  steps_.reserve(kUsual);
  steps_.resize(2);
}

Part Reading::root(json::View object) { return Part(object, kRoot, *this); }

Reading::StepId Reading::step(StepId from, std::string_view key) {
  steps_.push_back({from, 0, key});
  return static_cast<StepId>(steps_.size() - 1);
}

Reading::StepId Reading::step(StepId from, std::size_t index) {
  steps_.push_back({from, static_cast<std::uint32_t>(index), {}});
  return static_cast<StepId>(steps_.size() - 1);
}

std::string Reading::token(StepId at) const {
  const Step& step = steps_[at];
  return step.key.data() != nullptr ? json::escapeToken(step.key) : std::to_string(step.index);
}

/// Recursion is bounded by limits::kMaxDepth, which the parser sees to.
void Reading::append(StepId at, std::string& pointer) const {
  if (at == kRoot) return;
  const Step& step = steps_[at];
  append(step.from, pointer);
  pointer += '/';
  if (step.key.data() != nullptr && step.key.find_first_of("~/") == std::string_view::npos) pointer += step.key;
  else pointer += token(at);
}

std::string Reading::pointer(StepId at) const {
  if (at == kNowhere) return {};
  std::string out = at_;
  append(at, out);
  return out;
}

void Reading::report(std::string pointer, std::string_view expected, json::View found) {
  const auto known = [&](const Error& each) { return each.where == pointer; };
  if (std::any_of(malformed_.begin(), malformed_.end(), known)) return;
  const std::string is = found.isNumber() ? found.text() : std::string(found.typeName());
  malformed_.push_back({fmt::format("expected {}, found {}", expected, is), std::move(pointer)});
  if (full()) malformed_.back().message += "; more such parts may follow, which are not named";
}

Part Part::member(std::string_view key) const {
  for (const auto each : view_.members()) {
    if (each.key == key) return Part(each.value, reading_->step(step_, each.key), *reading_);
  }
  return absent();
}

Part Part::element(std::string_view token) const {
  const auto index = json::arrayIndex(token);
  const json::View found = index ? view_.at(*index) : json::View();
  return found.exists() ? Part(found, reading_->step(step_, *index), *reading_) : absent();
}

std::vector<Part> Part::children() const {
  std::vector<Part> out;
  out.reserve(view_.size());
  for (const auto each : view_.members()) out.push_back(Part(each.value, reading_->step(step_, each.key), *reading_));
  for (const json::View each : view_.elements()) out.push_back(Part(each, reading_->step(step_, out.size()), *reading_));
  return out;
}

void Part::report(std::string_view expected) const {
  if (!reading_->full()) reading_->report(pointer(), expected, view_);
}

void Part::reportMember(std::string_view key, std::string_view expected, json::View found) const {
  if (!reading_->full()) reading_->report(fmt::format("{}/{}", pointer(), json::escapeToken(key)), expected, found);
}

void Part::reportElement(std::string_view key, std::size_t index, std::string_view expected, json::View found) const {
  if (!reading_->full()) reading_->report(fmt::format("{}/{}/{}", pointer(), json::escapeToken(key), index), expected, found);
}

Part Part::asObject() const {
  if (view_.isObject()) return *this;
  if (exists()) report("an object");
  return absent();
}

Part Part::object(std::string_view key) const { return member(key).asObject(); }

std::optional<std::string_view> Part::string(std::string_view key) const {
  const json::View found = view_[key];
  if (found.exists() && !found.isNull() && !found.isString()) reportMember(key, "a string", found);
  return found.string();
}

std::optional<bool> Part::boolean(std::string_view key) const {
  const json::View found = view_[key];
  if (found.exists() && !found.isNull() && !found.isBool()) reportMember(key, "true or false", found);
  return found.boolean();
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

json::View Part::array(std::string_view key, std::string_view expected) const {
  const json::View found = view_[key];
  if (found.isArray()) return found;
  if (found.exists() && !found.isNull()) reportMember(key, expected, found);
  return {};
}

std::vector<Part> Part::objects(std::string_view key) const {
  std::vector<Part> out;
  if (array(key, "an array of objects").size() == 0) return out;
  for (Part& each : member(key).children()) {
    if (each.view_.isObject()) {
      out.push_back(each);
    } else {
      each.report("an object");  // Kubernetes allows null members, not null elements
    }
  }
  return out;
}

std::vector<std::string> Part::strings(std::string_view key, bool* whole) const {
  std::vector<std::string> out;
  const json::View list = array(key, "an array of strings");
  if (whole != nullptr) *whole = list.exists() || !view_[key].exists() || view_[key].isNull();
  out.reserve(list.size());
  std::size_t index = 0;
  for (const json::View each : list.elements()) {
    if (const auto text = each.string()) {
      out.emplace_back(*text);
    } else {
      reportElement(key, index, "a string", each);
      if (whole != nullptr) *whole = false;
    }
    ++index;
  }
  return out;
}

std::vector<std::string> Part::words(std::string_view key) const {
  std::vector<std::string> out;
  const json::View list = array(key, "an array of strings");
  out.reserve(list.size());
  for (const json::View each : list.elements()) {
    if (!each.isString()) reportElement(key, out.size(), "a string", each);
    out.push_back(each.scalarText().value_or(std::string()));
  }
  return out;
}

StringPairs Part::stringMap(std::string_view key) const {
  StringPairs out;
  const Part part = object(key);
  out.reserve(part.view_.size());
  for (const auto each : part.view_.members()) {
    if (const auto text = each.value.string()) {
      out.emplace_back(each.key, *text);
    } else if (!each.value.isNull()) {
      part.reportMember(each.key, "a string (in quotes)", each.value);
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
