#include "host/patient_sink.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>

#include <fmt/format.h>

namespace rightslice::host {
namespace {
constexpr int kPatienceMs = 1000;
}

bool PatientSink::write(const char* text, std::size_t size) {
  std::size_t done = 0;
  while (done < size) {
    pollfd ready{descriptor_, POLLOUT, 0};
    const int polled = ::poll(&ready, 1, stuck_ ? 0 : kPatienceMs);
    if (polled < 0 && errno == EINTR) continue;
    stuck_ = polled == 0;
    if (polled <= 0) break;
    // A pipe that is ready takes PIPE_BUF bytes without waiting (pipe(7)).
    const ssize_t count = ::write(descriptor_, text + done, std::min<std::size_t>(size - done, PIPE_BUF));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    done += static_cast<std::size_t>(count);
  }
  torn_ = torn_ && done == 0 ? true : done > 0 && done < size;
  return done == size;
}

void PatientSink::drop(std::uint64_t count) {
  dropped_ += count;
  counted_ += count;
}

void PatientSink::sink_it_(const spdlog::details::log_msg& message) {
  const auto put = [this](const spdlog::details::log_msg& what) {
    spdlog::memory_buf_t line;
    if (torn_) line.push_back('\n');
    formatter_->format(what, line);
    return write(line.data(), line.size());
  };
  const std::uint64_t lost = lost_ ? lost_() : 0;
  drop(lost - lostBefore_);
  lostBefore_ = lost;
  if (dropped_ > 0) {
    const std::string said = fmt::format(R"("level":"warn","msg":"log lines were dropped: they could not be written","count":{})", dropped_);
    if (put(spdlog::details::log_msg(message.time, {}, message.logger_name, spdlog::level::warn, said))) dropped_ = 0;
  }
  if (dropped_ > 0 || !put(message)) drop(1);
}

}  // namespace rightslice::host
