#include "cli/replace_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "app/files.hpp"

namespace rightslice::cli {
namespace {

bool writeAll(int file, const std::string& text) {
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t count = write(file, text.data() + done, text.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    done += static_cast<std::size_t>(count);
  }
  return true;
}

}  // namespace

Result<bool> replaceFile(const std::string& path, const std::string& before, const std::string& text) {
  std::error_code error;
  const std::string target = std::filesystem::canonical(path, error).string();
  if (error) return fail(fmt::format("cannot be written: {}", error.message()), path);
  std::string temporary = target + ".XXXXXX";
  int file = -1;
  const auto failed = [&](std::string_view what) {
    const std::string reason = std::strerror(errno);
    if (file >= 0) {
      close(file);
      unlink(temporary.c_str());
    }
    return fail(fmt::format("{}: {}", what, reason), path);
  };
  struct stat is {};
  if (stat(target.c_str(), &is) != 0) return failed("cannot be written");
  // A file that may not be written is not replaced either, though its folder may be.
  if (access(target.c_str(), W_OK) != 0) return failed("cannot be written");
  file = mkostemp(temporary.data(), O_CLOEXEC);
  if (file < 0) return failed("cannot write beside it");
  if (!writeAll(file, text) || fchmod(file, is.st_mode & 07777) != 0 || fsync(file) != 0) return failed("cannot write beside it");
  const auto now = app::readFile(target);
  if (!now || *now != before) {
    close(file);
    unlink(temporary.c_str());
    return fail("was changed meanwhile: left as it is", path);
  }
  if (rename(temporary.c_str(), target.c_str()) != 0) return failed("cannot be replaced");
  close(file);
  return true;
}

}  // namespace rightslice::cli
