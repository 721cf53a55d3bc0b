// How much at once the process has descriptors and memory for.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace rightslice::app {

/// Raises the soft limit of descriptors towards the hard one, and says how many connections of at most `wanted` may be open at once
/// so that what else needs a descriptor (files that are read again, the operator's port, the cluster) still gets one, and idle ones
/// take no more than half of the memory that the container may use.
std::size_t roomForConnections(std::size_t wanted);

/// The same of given limits; no bytes: the memory is not limited.
std::size_t connectionsWithin(std::size_t descriptors, std::optional<std::uint64_t> bytes, std::size_t wanted);
/// Large bodies that are judged at the same time. Each may take 200 MiB for a moment (tests/hardness, heavy), so that there is room for
/// one in the container of the chart, and for two where there is twice as much.
int largeAtOnce();
int largeWithin(std::optional<std::uint64_t> bytes);

/// What memory.max of control groups v2 or memory.limit_in_bytes of v1 says; nothing where it limits nothing.
std::optional<std::uint64_t> parseMemoryLimit(std::string_view text);

}  // namespace rightslice::app
