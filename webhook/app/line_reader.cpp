#include "app/line_reader.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace rightslice::app {

Result<LineReader> LineReader::open(const std::string& file) {
  if (file == "-") return LineReader(STDIN_FILENO, file);
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return fail(fmt::format("cannot open: {}", std::strerror(errno)), file);
  struct stat info {};
  if (::fstat(descriptor, &info) == 0 && S_ISDIR(info.st_mode)) {
    ::close(descriptor);
    return fail("is a folder", file);
  }
  return LineReader(descriptor, file);
}

LineReader::LineReader(LineReader&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      file_(std::move(other.file_)),
      buffer_(std::move(other.buffer_)),
      start_(other.start_),
      number_(other.number_),
      bytes_(other.bytes_),
      ended_(other.ended_) {}

LineReader::~LineReader() {
  if (descriptor_ > STDIN_FILENO) ::close(descriptor_);
}

Result<bool> LineReader::more() {
  std::array<char, std::size_t{1} << 16> piece{};
  for (;;) {
    const ssize_t count = ::read(descriptor_, piece.data(), piece.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail(fmt::format("cannot read: {}", std::strerror(errno)), file_);
    buffer_.append(piece.data(), static_cast<std::size_t>(count));
    bytes_ += static_cast<std::size_t>(count);
    ended_ = count == 0;
    return count > 0;
  }
}

Result<std::optional<LineReader::Line>> LineReader::next() {
  buffer_.erase(0, start_);
  start_ = 0;
  Line line;
  for (std::size_t searched = 0;;) {
    const std::size_t end = buffer_.find('\n', searched);
    if (end == std::string::npos && !ended_) {
      line.tooLong = line.tooLong || buffer_.size() > kLongest;
      if (line.tooLong) buffer_.clear();
      searched = buffer_.size();
      const auto read = more();
      if (!read) return tl::unexpected(read.error());
      continue;
    }
    if (end == std::string::npos && buffer_.empty() && !line.tooLong) return std::optional<Line>();
    const std::size_t size = end == std::string::npos ? buffer_.size() : end;
    start_ = std::min(buffer_.size(), size + 1);
    line.number = ++number_;
    line.tooLong = line.tooLong || size > kLongest;
    if (!line.tooLong) line.text = std::string_view(buffer_).substr(0, size);
    if (line.text.ends_with('\r')) line.text.remove_suffix(1);
    return std::optional<Line>(line);
  }
}

}  // namespace rightslice::app
