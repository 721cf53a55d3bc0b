// The findings: stable codes, their default actions, and one occurrence.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace rightslice::policy {

/// In the order of DESIGN 3.6, which is the order of every report.
enum class Code : std::uint8_t {
  NotJudged, UnaccountedGpu, InvalidQuantity, MixedGpuAndMig, UnknownProfile, ProfileNotOnGpu, ProfileNotAllowed, SharedSlice,
  MultipleSlices, ParallelismExceedsDevices, TensorParallelOverSlices, InvalidAnnotation, UnknownFootprint, FootprintDisagrees,
  Undersized, EngineCannotStart, TightFit, Oversized, EngineSettings, OverBudget
};
constexpr std::size_t kCodes = 20;

/// In order of strictness.
enum class Action : std::uint8_t { Allow, Warn, Rewrite, Deny };
enum class Mode : std::uint8_t { Audit, Warn, Enforce };

std::string_view name(Code code);
std::string_view name(Action action);  // "allow", "warn", "rewrite", "deny"
std::string_view name(Mode mode);      // "audit", "warn", "enforce"
std::optional<Code> parseCode(std::string_view text);

struct CodeRow {
  Code code;
  std::string_view name;
  Action defaultAction;
  std::string_view summary;   ///< one line: what it means (docs, SARIF rule, --help)
  bool mayRewrite;            ///< Oversized and Undersized
};
std::span<const CodeRow, kCodes> codes();

/// One occurrence, as one policy (or the joined set) sees it.
struct Finding {
  Code code{};
  Action action = Action::Warn;   ///< what enforce would do, after exceptions and ratchet
  std::string container;          ///< empty: none
  std::string path;               ///< JSON pointer into the object
  std::string message;
  std::string policy;             ///< the policy whose action this is ("team-a/default"), for messages
};

}  // namespace rightslice::policy
