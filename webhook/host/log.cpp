#include "host/log.hpp"

#include <spdlog/async_logger.h>
#include <spdlog/details/thread_pool.h>
#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/ostream_sink.h>

#include <array>

#include <fmt/format.h>

#include "host/patient_sink.hpp"

namespace rightslice::host {
namespace {

constexpr std::size_t kQueuedLines = 512;  // of 400 bytes each, also while nothing is logged
constexpr std::array<std::string_view, 4> kLevelNames{"debug", "info", "warn", "error"};

spdlog::level::level_enum levelOf(Level level) {
  switch (level) {
    case Level::Debug: return spdlog::level::debug;
    case Level::Info: return spdlog::level::info;
    case Level::Warn: return spdlog::level::warn;
    case Level::Error: return spdlog::level::err;
  }
  return spdlog::level::info;
}

/// The time comes from spdlog's pattern; the rest of the line is the message (spdlog calls our "warn" "warning").
void configure(spdlog::logger& logger, Level level) {
  logger.set_formatter(std::make_unique<spdlog::pattern_formatter>(R"({"ts":"%Y-%m-%dT%H:%M:%S.%eZ",%v})",
                                                                   spdlog::pattern_time_type::utc));
  logger.set_level(levelOf(level));
  logger.flush_on(spdlog::level::debug);
}

/// Length of the valid UTF-8 sequence at `i`, or 0 (RFC 3629, table 3-7 of the Unicode standard).
std::size_t sequenceLength(std::string_view text, std::size_t i) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned>(static_cast<unsigned char>(text[at])); };
  const unsigned lead = byte(i);
  std::size_t length = 0;
  if (lead < 0x80) length = 1;
  else if (lead >= 0xC2 && lead < 0xE0) length = 2;
  else if (lead >= 0xE0 && lead < 0xF0) length = 3;
  else if (lead >= 0xF0 && lead < 0xF5) length = 4;
  if (length == 0 || i + length > text.size()) return 0;
  for (std::size_t k = 1; k < length; ++k) {
    if ((byte(i + k) & 0xC0U) != 0x80U) return 0;
  }
  if (length > 2) {
    const unsigned second = byte(i + 1);
    if ((lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F) || (lead == 0xF0 && second < 0x90) ||
        (lead == 0xF4 && second > 0x8F)) {
      return 0;
    }
  }
  return length;
}

struct ValueText {
  std::string operator()(std::string_view text) const { return jsonString(text); }
  std::string operator()(std::int64_t number) const { return fmt::format("{}", number); }
  std::string operator()(double number) const { return fmt::format("{:.6g}", number); }
  std::string operator()(bool value) const { return value ? "true" : "false"; }
};

}  // namespace

std::optional<Level> parseLevel(std::string_view text) {
  for (std::size_t i = 0; i < kLevelNames.size(); ++i) {
    if (kLevelNames[i] == text) return static_cast<Level>(i);
  }
  return std::nullopt;
}

std::string jsonString(std::string_view text) {
  std::string out = "\"";
  out.reserve(text.size() + 2);
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    const std::size_t length = sequenceLength(text, i);
    if (length == 0) {
      out += "\xEF\xBF\xBD";
      ++i;
      continue;
    }
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (length == 1 && (static_cast<unsigned char>(c) < 0x20 || c == 0x7F)) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    } else {
      out.append(text, i, length);
    }
    i += length;
  }
  out += '"';
  return out;
}

struct Log::Parts {
  std::shared_ptr<PatientSink> sink;    // null where a stream is written
  std::shared_ptr<spdlog::logger> logger;
  // Ends before the logger, with its thread: every line is written then, and nobody else holds the logger. (The thread counts down its own
  // references inside of libspdlog, where ThreadSanitizer does not see it.)
  std::shared_ptr<spdlog::details::thread_pool> pool;
};

Log::Log(Level level, int descriptor) : parts_(std::make_unique<Parts>()) {
  parts_->pool = std::make_shared<spdlog::details::thread_pool>(kQueuedLines, 1U);
  // The pool's thread asks the pool, which waits for that thread when it ends.
  parts_->sink = std::make_shared<PatientSink>(descriptor, [pool = parts_->pool.get()] { return pool->overrun_counter(); });
  parts_->logger = std::make_shared<spdlog::async_logger>("rightslice", parts_->sink, parts_->pool, spdlog::async_overflow_policy::overrun_oldest);
  configure(*parts_->logger, level);
}

Log::Log(Level level, std::ostream& stream) : parts_(std::make_unique<Parts>()) {
  parts_->logger = std::make_shared<spdlog::logger>("rightslice", std::make_shared<spdlog::sinks::ostream_sink_mt>(stream, true));
  configure(*parts_->logger, level);
}

Log::~Log() = default;

bool Log::writes(Level level) const { return parts_->logger->should_log(levelOf(level)); }

std::uint64_t Log::takeDropped() { return parts_->sink ? parts_->sink->takeDropped() : 0; }

void Log::write(Level level, std::string_view message, std::initializer_list<Field> fields) {
  if (!writes(level)) return;
  std::string line = fmt::format(R"("level":"{}","msg":{})", kLevelNames[static_cast<std::size_t>(level)], jsonString(message));
  for (const Field& field : fields) {
    line += ',' + jsonString(field.key) + ':' + std::visit(ValueText{}, field.value);
  }
  parts_->logger->log(levelOf(level), line);
}

}  // namespace rightslice::host
