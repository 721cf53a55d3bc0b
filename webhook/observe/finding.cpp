#include "observe/finding.hpp"

namespace rightslice::observe {
namespace {

using enum Code;

// The index of a row is the value of its code.
constexpr std::array<CodeRow, kCodes> kRows{{
    {Undersized, "Undersized", "workload", "the slice is too small for the model to start"},
    {Oversized, "Oversized", "workload", "a smaller slice would do"},
    {NearCeiling, "NearCeiling", "workload", "memory that the work takes is about to run out, by what metrics say"},
    {Drift, "Drift", "workload or node", "what is declared, what was admitted and what runs are not the same"},
    {Stale, "Stale", "workload", "pods run an older template than the object declares, and nothing replaces them"},
    {Restarting, "Restarting", "workload", "a container with a model ends again and again"},
    {Pending, "Pending", "workload", "a pod waits for a slice that no node has free"},
    {Idle, "Idle", "workload", "slices are held, and no request came in all of the time that was looked at"},
    {Dark, "Dark", "node", "slices are offered and asked for by nobody"},
    {Stranded, "Stranded", "node", "a part of a GPU is in no slice, and none that is allowed can be made of it"},
}};

}  // namespace

std::string_view name(Code code) { return kRows[static_cast<std::size_t>(code)].name; }
std::span<const CodeRow, kCodes> codes() { return kRows; }

}  // namespace rightslice::observe
