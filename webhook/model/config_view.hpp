// A config.json under the eyes of the rules of its class: numbers within bounds, nested or not, the first fault kept.
#pragma once
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "json/view.hpp"

namespace rightslice::model {

/// Reads one object. Missing and null are the fallback; a value that is no whole number from 0 to `kMost` is a fault, which
/// the reader of the whole file returns.
class ConfigView {
 public:
  static constexpr std::int64_t kMost = 100'000'000;  // far above any width of today; keeps products within 128 bits

  ConfigView() = default;
  ConfigView(json::View object, std::string at, std::optional<Error>* fault)
      : object_(object), at_(std::move(at)), fault_(fault) {}

  json::View operator[](std::string_view key) const { return object_[key]; }
  bool exists() const { return object_.isObject(); }
  bool has(std::string_view key) const { return object_[key].exists() && !object_[key].isNull(); }
  std::int64_t number(std::string_view key, std::int64_t fallback = 0) const;
  /// The first of several spellings that is there.
  std::int64_t firstOf(std::initializer_list<std::string_view> keys, std::int64_t fallback = 0) const;
  bool flag(std::string_view key, bool fallback) const { return object_[key].boolean().value_or(fallback); }
  std::string_view text(std::string_view key) const { return object_[key].stringOr(""); }
  /// A nested object; a view of nothing where there is none.
  ConfigView in(std::string_view key) const;
  void refuse(std::string_view key, std::string message) const;

 private:
  json::View object_;
  std::string at_;
  std::optional<Error>* fault_ = nullptr;
};

}  // namespace rightslice::model
