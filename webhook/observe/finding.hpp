// What is wrong with what runs: stable codes and one occurrence. The findings of admission (policy/finding.hpp) are about what an object
// says; these are about what came of it.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/footprint.hpp"

namespace rightslice::observe {

/// In the order of every report. The first two have the names of admission's, and mean the same of what runs.
enum class Code : std::uint8_t { Undersized, Oversized, NearCeiling, Drift, Stale, Restarting, Pending, Idle, Dark, Stranded };
constexpr std::size_t kCodes = 10;
std::string_view name(Code code);

struct CodeRow {
  Code code;
  std::string_view name;
  std::string_view subject;   ///< "workload" or "node": what has such a finding
  std::string_view summary;   ///< one line: what it means
};
std::span<const CodeRow, kCodes> codes();

/// One value that a finding rests on.
struct Evidence {
  std::string name, value;    ///< "restarts", "17"
  std::string source;         ///< "status of pod team-a/chat-0"
  std::string at{};           ///< RFC 3339; empty: when the look was taken
};

struct Finding {
  Code code{};
  std::string container{}, pod{}, path{};   ///< as far as it is about one; path: JSON pointer into the object
  std::string aspect{};                     ///< of Drift: image, model, slice, ...
  std::string message{}, remedy{};          ///< one sentence each, without a trailing period
  model::Confidence confidence = model::Confidence::High;
  std::vector<Evidence> evidence{};
};

}  // namespace rightslice::observe
