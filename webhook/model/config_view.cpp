#include "model/config_view.hpp"

#include <fmt/format.h>

namespace rightslice::model {

std::int64_t ConfigView::number(std::string_view key, std::int64_t fallback) const {
  const json::View value = object_[key];
  if (!value.exists() || value.isNull()) return fallback;
  const auto number = value.integer();
  if (number && *number >= 0 && *number <= kMost) return *number;
  refuse(key,
         fmt::format("{} must be a whole number from 0 to {}, not {}", key, kMost, value.text().substr(0, 40)));
  return fallback;
}

std::int64_t ConfigView::firstOf(std::initializer_list<std::string_view> keys, std::int64_t fallback) const {
  for (const std::string_view key : keys) {
    if (has(key)) return number(key, fallback);
  }
  return fallback;
}

ConfigView ConfigView::in(std::string_view key) const {
  const json::View nested = object_[key];
  return {nested.isObject() ? nested : json::View(), fmt::format("{}/{}", at_, json::escapeToken(key)), fault_};
}

void ConfigView::refuse(std::string_view key, std::string message) const {
  if (fault_ != nullptr && !*fault_)
    *fault_ = Error{std::move(message), fmt::format("{}/{}", at_, json::escapeToken(key))};
}

}  // namespace rightslice::model
