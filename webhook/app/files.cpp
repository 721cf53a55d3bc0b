#include "app/files.hpp"

#include <fmt/format.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>
#include <set>

#include "base/limits.hpp"

namespace rightslice::app {

namespace fs = std::filesystem;

namespace {

Result<std::string> readDescriptor(int descriptor, const std::string& name,
                                   std::optional<std::size_t> only = std::nullopt) {
  std::string text;
  std::array<char, 1U << 16> buffer{};
  for (;;) {
    const std::size_t wanted = only ? std::min(buffer.size(), *only - text.size()) : buffer.size();
    const ssize_t count = wanted == 0 ? 0 : ::read(descriptor, buffer.data(), wanted);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail(fmt::format("cannot read: {}", std::strerror(errno)), name);
    if (count == 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(count));
    if (only) continue;
    if (text.size() > limits::kMaxFileBytes)
      return fail(fmt::format("larger than {} MiB; split it into several files", limits::kMaxFileBytes >> 20), name);
  }
}

bool isManifestName(const fs::path& path) {
  const auto extension = path.extension();
  return extension == ".yaml" || extension == ".yml" || extension == ".json";
}

/// Pipes, sockets and devices: reading one that nobody named might wait for ever.
bool isSpecial(const fs::path& path) {
  std::error_code ignored;
  const auto status = fs::status(path, ignored);
  return fs::exists(status) && !fs::is_regular_file(status) && !fs::is_directory(status);
}

void walk(const fs::path& folder, const std::vector<std::string>& skip, std::set<fs::path>& visited, Listing& listing) {
  std::error_code error;
  const fs::path canonical = fs::canonical(folder, error);
  if (!error && !visited.insert(canonical).second) return;
  std::vector<fs::path> entries;
  fs::directory_iterator at(folder, error);
  for (; !error && at != fs::directory_iterator(); at.increment(error)) entries.push_back(at->path());
  if (error) {
    listing.errors.push_back({fmt::format("cannot read the folder: {}", error.message()), folder.string()});
    return;
  }
  std::sort(entries.begin(), entries.end());
  for (const fs::path& entry : entries) {
    const std::string name = entry.filename().string();
    if (name.starts_with('.')) continue;
    std::error_code ignored;
    if (fs::is_directory(entry, ignored)) {
      if (std::find(skip.begin(), skip.end(), name) == skip.end()) walk(entry, skip, visited, listing);
    } else if (isManifestName(entry) && isSpecial(entry)) {
      listing.errors.push_back({"neither a file nor a folder", entry.lexically_normal().string()});
    } else if (isManifestName(entry)) {
      listing.files.push_back(
          entry.lexically_normal().string());  // also a dangling link: reading it says what is wrong
    }
  }
}

}  // namespace

namespace {

Result<std::string> readPath(const std::string& path, std::optional<std::size_t> only) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return fail(fmt::format("cannot open: {}", std::strerror(errno)), path);
  struct stat info{};
  Result<std::string> result = fail("a folder, not a file", path);
  if (::fstat(descriptor, &info) != 0 || !S_ISDIR(info.st_mode)) result = readDescriptor(descriptor, path, only);
  ::close(descriptor);
  return result;
}

}  // namespace

Result<std::string> readFile(const std::string& path) { return readPath(path, std::nullopt); }
Result<std::string> readBeginning(const std::string& path, std::size_t most) { return readPath(path, most); }

Result<std::string> readStandardInput() { return readDescriptor(STDIN_FILENO, "-"); }

bool isFolder(const std::string& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

Listing filesUnder(const std::string& folder, const std::vector<std::string>& skip) {
  Listing listing;
  std::set<fs::path> visited;
  walk(folder, skip, visited, listing);
  std::sort(listing.files.begin(), listing.files.end());
  return listing;
}

}  // namespace rightslice::app
