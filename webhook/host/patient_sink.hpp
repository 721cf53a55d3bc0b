// Where log lines go: a descriptor that may have no reader for a while.
#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

#include <spdlog/sinks/base_sink.h>

namespace rightslice::host {

/// Writes whole lines, and waits for a full pipe only so long: then lines are dropped until it takes some again, and a line says how
/// many were, with those that `lost` says were dropped on their way here since the beginning (by the thread that writes). So a pipe that nobody
/// reads, or a full disk, costs log lines and never the end of the program.
class PatientSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit PatientSink(int descriptor, std::function<std::uint64_t()> lost = {}) : descriptor_(descriptor), lost_(std::move(lost)) {}

  /// How many were dropped since it was last asked. Thread-safe.
  std::uint64_t takeDropped() { return counted_.exchange(0); }

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override;
  void flush_() override {}

 private:
  /// False: nothing of it, or not all of it, was written.
  bool write(const char* text, std::size_t size);

  int descriptor_;
  bool stuck_ = false, torn_ = false;  ///< torn: the last line was not written to its end
  void drop(std::uint64_t count);

  std::function<std::uint64_t()> lost_;
  std::uint64_t dropped_ = 0, lostBefore_ = 0;  ///< dropped: and not yet told by a line
  std::atomic<std::uint64_t> counted_{0};
};

}  // namespace rightslice::host
