// Logs as JSON lines: {"ts":...,"level":...,"msg":...,<fields>}.
#pragma once
#include <cstdint>
#include <initializer_list>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace rightslice::host {

enum class Level { Debug, Info, Warn, Error };
std::optional<Level> parseLevel(std::string_view text);  ///< "debug", "info", "warn", "error"

struct Field {
  std::string_view key;
  std::variant<std::string_view, std::int64_t, double, bool> value;
};

/// Thread-safe. Lines go through a bounded queue to a thread of their own, so a full pipe never holds up an answer; when the
/// queue is full the oldest lines are dropped; how many is a line of its own. Debug: what a developer needs; Info: what changed; Warn: an operator should look
/// soon; Error: something does not work.
class Log {
 public:
  /// To a descriptor: that of stderr.
  explicit Log(Level level, int descriptor = 2);
  /// To a stream, written before write() returns (tests).
  Log(Level level, std::ostream& stream);
  ~Log();  ///< writes what is queued
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  void write(Level level, std::string_view message, std::initializer_list<Field> fields = {});
  bool writes(Level level) const;
  /// Lines that were dropped since this was last asked. Thread-safe.
  std::uint64_t takeDropped();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

/// `text` as a JSON string with its quotes. Control characters are escaped, invalid UTF-8 becomes U+FFFD.
std::string jsonString(std::string_view text);

}  // namespace rightslice::host
