// The fields of an architecture by the names that catalogue files and config.json use, and what they may hold.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "model/architecture.hpp"

namespace rightslice::model {

// Limits are far above any model of today and keep every product within 128 bits.
constexpr std::int64_t kMostLayers = 100'000;
constexpr std::int64_t kMostWidth = 100'000'000;
constexpr std::int64_t kMostPositions = 1'000'000'000'000;

struct IntegerField {
  std::string_view key;
  std::int64_t Architecture::* member;
  std::int64_t least, most;
};
struct FlagField {
  std::string_view key;
  bool Architecture::* member;
};
std::span<const IntegerField> integerFields();
std::span<const FlagField> flagFields();

/// What is missing or impossible in a shape, or nothing: "num_hidden_layers is missing". `key` names the field.
struct ShapeFault {
  std::string_view key;
  std::string message;
};
std::optional<ShapeFault> shapeFault(const Architecture& a);

}  // namespace rightslice::model
