#include "host/regular_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>

namespace rightslice::host {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number() const { return number_; }

 private:
  int number_;
};

const char* kindOf(mode_t mode) {
  if (S_ISDIR(mode)) return "a folder, not a file";
  if (S_ISFIFO(mode)) return "a pipe, not a file: it is read again and again, and a pipe gives what it has once";
  return "a device or a socket, not a file";
}

}  // namespace

Result<std::string> readRegularFile(const std::string& path, std::size_t most) {
  const auto cannot = [&](const char* what) { return fail(fmt::format("cannot {}: {}", what, std::strerror(errno)), path); };
  // Without O_NONBLOCK opening a pipe waits for somebody who writes; for a file it means nothing.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (file.number() < 0) return cannot("open");
  struct stat info{};
  if (::fstat(file.number(), &info) != 0) return cannot("read");
  if (!S_ISREG(info.st_mode)) return fail(kindOf(info.st_mode), path);
  std::string text;
  std::array<char, 1U << 16> buffer{};
  for (;;) {
    const ssize_t count = ::read(file.number(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return cannot("read");
    if (count == 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(count));
    if (text.size() > most) {
      return fail(most >= (1U << 20) ? fmt::format("larger than {} MiB", most >> 20) : fmt::format("larger than {} bytes", most), path);
    }
  }
}

}  // namespace rightslice::host
