#include "app/descriptors.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <charconv>

#include "host/regular_file.hpp"

namespace rightslice::app {
namespace {

// Event loops (three each), listeners, the operator's connections, watches of the cluster, files. Of a small limit the half.
constexpr std::size_t kReserved = 192;
constexpr std::uint64_t kIdleBytes = 64U << 10;  // of one that says nothing: 60 KiB as measured, most of it OpenSSL's

// As a container sees its own group.
constexpr const char* kMemoryFiles[] = {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"};

std::optional<std::uint64_t> memoryLimit() {
  for (const char* file : kMemoryFiles) {
    if (const auto text = host::readRegularFile(file, 4096)) return parseMemoryLimit(*text);
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::uint64_t> parseMemoryLimit(std::string_view text) {
  constexpr std::uint64_t kUnlimited = std::uint64_t{1} << 60;  // v1 writes almost 2^63
  std::uint64_t bytes = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bytes);
  if (error != std::errc() || end == text.data() || bytes >= kUnlimited) return std::nullopt;
  return bytes;
}

std::size_t connectionsWithin(std::size_t descriptors, std::optional<std::uint64_t> bytes, std::size_t wanted) {
  const std::size_t kept = descriptors >= 2 * kReserved ? kReserved : descriptors / 2;
  std::size_t room = descriptors - kept;
  if (bytes) room = std::min<std::size_t>(room, *bytes / 2 / kIdleBytes);
  return std::clamp<std::size_t>(room, 1, wanted);
}

int largeWithin(std::optional<std::uint64_t> bytes) { return bytes && *bytes < (512U << 20) ? 1 : 2; }

int largeAtOnce() { return largeWithin(memoryLimit()); }

std::size_t roomForConnections(std::size_t wanted) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) limit.rlim_cur = limit.rlim_max = 1024;
  const rlim_t needed = wanted + kReserved;
  if (limit.rlim_cur < needed) {
    rlimit raised = limit;
    raised.rlim_cur = std::min(limit.rlim_max, needed);
    if (setrlimit(RLIMIT_NOFILE, &raised) == 0) limit = raised;
  }
  return connectionsWithin(std::min<rlim_t>(limit.rlim_cur, needed), memoryLimit(), wanted);
}

}  // namespace rightslice::app
