#include "policy/finding.hpp"

#include <algorithm>

namespace rightslice::policy {
namespace {

using enum Code;

// DESIGN 3.6, in its order: the index of a row is the value of its code.
constexpr std::array<CodeRow, kCodes> kRows{{
    {NotJudged, "NotJudged", Action::Warn,
     "the request uses a sharing system, claim, kind or resource meaning that is recognised and cannot be judged", false},
    {UnaccountedGpu, "UnaccountedGpu", Action::Warn,
     "the container can reach a GPU without asking for one", false},
    {InvalidQuantity, "InvalidQuantity", Action::Deny,
     "the quantity of a GPU resource is no whole number, or limits and requests do not agree", false},
    {MixedGpuAndMig, "MixedGpuAndMig", Action::Deny,
     "one container asks for a whole GPU and for a slice", false},
    {UnknownProfile, "UnknownProfile", Action::Warn,
     "no known GPU product has a slice of this name", false},
    {ProfileNotOnGpu, "ProfileNotOnGpu", Action::Warn,
     "the GPU product that the workload selects does not offer this slice", false},
    {ProfileNotAllowed, "ProfileNotAllowed", Action::Deny,
     "the policy does not allow this slice profile", false},
    {SharedSlice, "SharedSlice", Action::Warn,
     "the slice or GPU is shared in time: nothing guarantees its memory", false},
    {MultipleSlices, "MultipleSlices", Action::Warn,
     "several slices in one container do not add up for one process", false},
    {ParallelismExceedsDevices, "ParallelismExceedsDevices", Action::Deny,
     "the engine wants more devices than the container asks for", false},
    {TensorParallelOverSlices, "TensorParallelOverSlices", Action::Warn,
     "the engine splits the model over slices, which have no fast path to each other", false},
    {InvalidAnnotation, "InvalidAnnotation", Action::Warn,
     "a rightslice.io annotation is unknown or malformed and counts as absent", false},
    {UnknownFootprint, "UnknownFootprint", Action::Warn,
     "nothing says how much memory the model needs", false},
    {FootprintDisagrees, "FootprintDisagrees", Action::Warn,
     "the declared memory and the estimate are far apart", false},
    {Undersized, "Undersized", Action::Deny,
     "the slice is too small for the model to start", true},
    {EngineCannotStart, "EngineCannotStart", Action::Deny,
     "the engine cannot start on this slice with its flags as written", false},
    {TightFit, "TightFit", Action::Warn,
     "the model fits, but not with its load and the headroom", false},
    {Oversized, "Oversized", Action::Warn,
     "a smaller slice would do", true},
    {EngineSettings, "EngineSettings", Action::Warn,
     "the engine's flags waste the slice or leave too little beside the model", false},
    {OverBudget, "OverBudget", Action::Deny,
     "the request would pass the namespace's budget", false},
}};

constexpr std::array<std::string_view, 4> kActions{"allow", "warn", "rewrite", "deny"};
constexpr std::array<std::string_view, 3> kModes{"audit", "warn", "enforce"};

}  // namespace

std::string_view name(Code code) { return kRows[static_cast<std::size_t>(code)].name; }
std::string_view name(Action action) { return kActions[static_cast<std::size_t>(action)]; }
std::string_view name(Mode mode) { return kModes[static_cast<std::size_t>(mode)]; }

std::optional<Code> parseCode(std::string_view text) {
  const auto row = std::find_if(kRows.begin(), kRows.end(), [&](const CodeRow& each) { return each.name == text; });
  return row == kRows.end() ? std::nullopt : std::optional(row->code);
}

std::span<const CodeRow, kCodes> codes() { return kRows; }

}  // namespace rightslice::policy
